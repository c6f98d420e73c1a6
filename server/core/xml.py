"""The one way in for XML from outside: no DTD, no entities, no network."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _
from lxml import etree

from server.core.problems import Problem

MAX_DEPTH: Final = 100
MAX_MARKUP: Final = 500_000
"""Tags and attributes: each of four bytes becomes a node of over a hundred. A household survey has some 300."""
_is_too_deep: Final = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")


class BadXml(Problem):
    """What was sent is no well-formed XML, or XML that is not taken: a DOCTYPE, too deep."""

    type = "bad-xml"
    status = 400
    title = _("The XML cannot be read")
    template = _(
        "The XML cannot be read: {reason}. Send the file again; if it stays like this, tell the office."
    )


def parse(data: bytes) -> etree._Element:
    """The root element of a document from outside.

    Refuses a DOCTYPE (and with it every entity trick), anything that is not
    well-formed, nesting past MAX_DEPTH, and what would unfold to more than MAX_MARKUP. Comments and processing instructions
    are dropped; nothing is fetched. Raises BadXml.
    """
    if data.count(b"<") + data.count(b"=") > MAX_MARKUP:
        raise BadXml(reason=f"elements > {MAX_MARKUP}")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
        strip_cdata=True,
        huge_tree=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadXml(reason=_reason(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadXml(reason="DOCTYPE")
    if _is_too_deep(root):
        raise BadXml(reason=f"depth > {MAX_DEPTH}")
    return root


def _reason(error: Exception) -> str:
    """Where and why, without quoting the document (it may hold personal data)."""
    if isinstance(error, etree.XMLSyntaxError):
        line, column = error.position
        return f"{error.code} @ {line}:{column}"  # type: ignore[attr-defined]
    return "not XML"


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace; clients differ in which they use."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
