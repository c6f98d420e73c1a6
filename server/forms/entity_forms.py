"""Reads what a form declares about entities: the lists it writes to, and the property that each answer fills. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from server.core import xml
from server.core.xml import local_name

_NAMESPACE: Final = "{http://www.opendatakit.org/xforms/entities}"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_XFORMS: Final = "http://www.w3.org/2002/xforms"


@dataclass(frozen=True, slots=True)
class EntityForm:
    """The entity lists that a form writes to, and the property that each question fills, by its path (a bind's nodeset)."""

    datasets: tuple[str, ...]
    creates: frozenset[str]  # the lists in which it may create entities
    properties: Mapping[str, str]


def entity_form(document: bytes) -> EntityForm:
    """What the XForm declares about entities, read as phones read it; empty for a form without entities."""
    if _NAMESPACE[1:-1].encode() not in document:
        return EntityForm((), frozenset(), {})
    datasets: dict[str, None] = {}
    creates, properties = set(), {}
    head = xml.parse(document).find(f"{{{_XHTML}}}head")
    model = head.find(f"{{{_XFORMS}}}model") if head is not None else None
    for child in () if model is None else model.iterchildren(f"{{{_XFORMS}}}*"):
        if child.tag == f"{{{_XFORMS}}}bind" and (name := _saveto(child)):
            properties[child.get("nodeset", "")] = name
    primary = model.find(f"{{{_XFORMS}}}instance") if model is not None else None
    for element in _entities(primary):
        datasets.setdefault(element.get("dataset", ""))
        if element.get("create") is not None:
            creates.add(element.get("dataset", ""))
    return EntityForm(tuple(datasets), frozenset(creates), properties)


def _entities(primary: etree._Element | None) -> Iterator[etree._Element]:
    """The entity blocks of the form's own instance: `meta/entity` with a list's name, in any group or repeat."""
    for meta in () if primary is None else primary.iter("{*}meta"):
        for child in meta:
            if local_name(child) == "entity" and child.get("dataset") is not None:
                yield child


def _saveto(bind: etree._Element) -> str:
    return str(bind.get(f"{_NAMESPACE}saveto", ""))
