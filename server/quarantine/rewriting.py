"""Changes an instance's form version or its IDs, and nothing else. Pure."""

from __future__ import annotations

from typing import Final

from lxml import etree

from server.core.xml import local_name
from server.core.xml import parse as parse_xml

_OPENROSA: Final = "http://openrosa.org/xforms"


def retarget(document: bytes, *, form_id: str, version: str) -> bytes:
    """The document with another form ID and version. Raises BadXml."""
    root = parse_xml(document)
    _set_attribute(root, "id", form_id)
    _set_attribute(root, "version", version)
    return _written(root)


def rename(document: bytes, *, instance_id: str, deprecated_id: str = "") -> bytes:
    """The document with another instanceID, as an edit of `deprecated_id` if given. Raises BadXml."""
    root = parse_xml(document)
    meta = _meta(root)
    _drop_attribute(root, "instanceID")
    _set_text(meta, "instanceID", instance_id)
    _set_text(meta, "deprecatedID", deprecated_id)
    return _written(root)


def _meta(root: etree._Element) -> etree._Element:
    """The meta block that the envelope is read from; created where there is none."""
    for child in reversed(root):
        if local_name(child) == "meta":
            return child
    return etree.SubElement(root, f"{{{_OPENROSA}}}meta", nsmap={"orx": _OPENROSA})


def _set_text(meta: etree._Element, name: str, text: str) -> None:
    same = [child for child in meta if local_name(child) == name]
    for extra in same if not text else same[1:]:
        meta.remove(extra)
    if text:
        namespace = str(meta.tag).rpartition("}")[0]
        tag = f"{namespace}}}{name}" if namespace else name
        element = same[0] if same else etree.SubElement(meta, tag)
        for child in list(element):
            element.remove(child)
        element.text = text


def _set_attribute(root: etree._Element, name: str, value: str) -> None:
    _drop_attribute(root, name)
    root.set(name, value)


def _drop_attribute(root: etree._Element, name: str) -> None:
    for spelling in (name, f"{{{_OPENROSA}}}{name}"):
        if spelling in root.attrib:
            del root.attrib[spelling]


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
