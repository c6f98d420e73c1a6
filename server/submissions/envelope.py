"""The envelope of an instance: its form and version, its IDs, whether it is encrypted. Pure.

Clients differ in namespaces, so names are matched by their local part. Answers are not
read here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from server.core.xml import local_name
from server.core.xml import parse as parse_xml
from server.submissions.problems import InstanceIdTooLong, NoInstanceId, NotAnInstance

MAX_INSTANCE_ID: Final = 249
_EARLIEST: Final = datetime(
    2000, 1, 1, tzinfo=UTC
)  # years before 1 do not even come out of the database
_OPENROSA: Final = "{http://openrosa.org/xforms}"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The form, the version and the IDs that an instance names."""

    form_id: str
    version: str
    instance_id: str
    deprecated_id: str  # "" unless this is an edit
    encrypted: bool
    media: tuple[str, ...]  # file names an encryption manifest lists
    submission_date: datetime | None = None  # when another server received it (Briefcase)


def parse(document: bytes) -> Envelope:
    """Read form id, version, instanceID, deprecatedID and whether it is encrypted.

    Raises BadXml, NotAnInstance, NoInstanceId, InstanceIdTooLong.
    """
    return read(parse_xml(document))


def read(root: etree._Element) -> Envelope:
    """The envelope of a parsed document. Raises NotAnInstance, NoInstanceId, InstanceIdTooLong."""
    form_id = _attribute(root, "id") or _namespace(root)
    if not form_id:
        raise NotAnInstance
    meta = _meta(root)
    instance_id = _text(meta, "instanceID") or _attribute(root, "instanceID")
    if not instance_id:
        raise NoInstanceId(form_id=form_id[:250])
    if len(instance_id) > MAX_INSTANCE_ID:
        raise InstanceIdTooLong(limit=MAX_INSTANCE_ID)
    encrypted = root.get("encrypted", "").strip().lower() in ("yes", "true")
    return Envelope(
        form_id=form_id,
        version=_attribute(root, "version"),
        instance_id=instance_id,
        deprecated_id=_text(meta, "deprecatedID"),
        encrypted=encrypted,
        media=_listed_files(root) if encrypted else (),
        submission_date=_instant(root.get("submissionDate", "")),
    )


def mentioned(document: bytes, names: Iterable[str]) -> set[str]:
    """Which of the file names are an answer in the document. Raises BadXml."""
    wanted = set(names)
    texts = ((element.text or "").strip() for element in parse_xml(document).iter())
    return {text for text in texts if text in wanted}


def _attribute(root: etree._Element, name: str) -> str:
    value = root.get(name)
    if value is None:
        value = root.get(_OPENROSA + name, "")
    return value.strip()


def _namespace(root: etree._Element) -> str:
    """The root's namespace, which is the form ID of a form without `id`."""
    tag = str(root.tag)
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""


def _meta(root: etree._Element) -> etree._Element | None:
    """The record's own meta block: the last that holds an instanceID; blocks inside repeats belong to entities."""
    last: etree._Element | None = None
    for child in root.iterchildren(reversed=True):  # forms end with their meta block
        if local_name(child) == "meta":
            if _text(child, "instanceID"):
                return child
            last = child if last is None else last
    return last


def _text(meta: etree._Element | None, name: str) -> str:
    if meta is not None:
        for child in meta:
            if local_name(child) == name:
                return (child.text or "").strip()
    return ""


def _instant(text: str) -> datetime | None:
    """An ISO 8601 instant with a time zone, from 2000 on; else None."""
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return instant if instant.tzinfo and instant >= _EARLIEST else None


def _listed_files(root: etree._Element) -> tuple[str, ...]:
    """The names of an encryption manifest: `media/file` and `encryptedXmlFile` below its root."""
    listed = [
        element
        for child in root
        for element in (child if local_name(child) == "media" else (child,))
        if local_name(element) == ("file" if element is not child else "encryptedXmlFile")
    ]
    return tuple(name for element in listed if (name := (element.text or "").strip()))
