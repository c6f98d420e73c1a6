"""Parses XML from outside the server: without DTD, entities or network access."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from lxml import etree

from server.core.problems import Problem

_of_thread = threading.local()
MAX_DEPTH: Final = 100
MAX_MARKUP: Final = 500_000
"""Tags and attributes: four bytes of text become a node of over a hundred. A household survey has some 300."""
_is_too_deep: Final = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")


class BadXml(Problem):
    """The XML is not well formed, has a DOCTYPE, or is nested too deeply or too large."""

    type = "bad-xml"
    status = 400
    title = _("The XML cannot be read")
    template = _(
        "The XML cannot be read: {reason}. Send the file again; if it is refused again, tell the office."
    )


def parse(data: bytes) -> etree._Element:
    """The root element of a document from outside, without comments and processing instructions.

    Raises BadXml for a document that is not well formed, has a DOCTYPE (and with it
    entities), is nested deeper than MAX_DEPTH, or has more markup than MAX_MARKUP.
    """
    if data.count(b"<") + data.count(b"=") > MAX_MARKUP:
        raise BadXml(reason=f"elements > {MAX_MARKUP}")
    try:
        root = etree.fromstring(data, _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadXml(reason=_reason(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadXml(reason="DOCTYPE")
    if _is_too_deep(root):
        raise BadXml(reason=f"depth > {MAX_DEPTH}")
    return root


def _parser() -> etree.XMLParser:
    """This thread's parser: creating it takes a tenth of the time of parsing a survey, and threads would wait for a shared one."""
    parser: etree.XMLParser | None = getattr(_of_thread, "parser", None)
    if parser is None:
        parser = _of_thread.parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            remove_comments=True,
            remove_pis=True,
            strip_cdata=True,
            huge_tree=False,
        )
    return parser


def _reason(error: Exception) -> str:
    """The parser's error and its position, without a quotation, which may hold personal data."""
    if isinstance(error, etree.XMLSyntaxError):
        line, column = error.position
        return f"{error.code} @ {line}:{column}"  # type: ignore[attr-defined]
    return "not XML"


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace, which differs between clients."""
    return _local(element.tag)


@lru_cache(maxsize=4096)
def _local(tag: Any) -> str:
    """The local part of a tag; "" of what is no element, whose tag is a function."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
