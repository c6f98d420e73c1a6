"""Reads what a form declares about entities: the lists it writes to, and the property that each answer fills. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from server.core.xml import local_name
from server.forms.xform_trees import tree

_NAMESPACE: Final = "{http://www.opendatakit.org/xforms/entities}"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_XFORMS: Final = "http://www.w3.org/2002/xforms"


@dataclass(frozen=True, slots=True)
class EntityForm:
    """The entity lists that a form writes to, and the property that each question fills, by its path (a bind's nodeset)."""

    datasets: tuple[str, ...]
    creates: frozenset[str]  # the lists in which it may create entities
    properties: Mapping[str, str]
    saved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # list → its properties
    lists: Mapping[str, str] = field(default_factory=dict)  # path of a question → its list


def entity_form(document: bytes) -> EntityForm:
    """What the XForm declares about entities, read as phones read it; empty for a form without entities."""
    if _NAMESPACE[1:-1].encode() not in document:
        return EntityForm((), frozenset(), {})
    datasets: dict[str, None] = {}
    creates, properties = set(), {}
    head = tree(document).find(f"{{{_XHTML}}}head")
    model = head.find(f"{{{_XFORMS}}}model") if head is not None else None
    for child in () if model is None else model.iterchildren(f"{{{_XFORMS}}}*"):
        if child.tag == f"{{{_XFORMS}}}bind" and (name := _saveto(child)):
            properties[child.get("nodeset", "")] = name
    primary = model.find(f"{{{_XFORMS}}}instance") if model is not None else None
    places: dict[str, str] = {}  # of a record with a block → its list
    for element in _entities(primary):
        name = element.get("dataset", "")
        datasets.setdefault(name)
        places[_place(element)] = name
        if element.get("create") is not None:
            creates.add(name)
    lists = _lists(properties, places)
    saved = _saved(properties, lists)
    return EntityForm(tuple(datasets), frozenset(creates), properties, saved, lists)


def _entities(primary: etree._Element | None) -> Iterator[etree._Element]:
    """The entity blocks of the form's own instance: `meta/entity` with a list's name, in any group or repeat."""
    for meta in () if primary is None else primary.iter("{*}meta"):
        for child in meta:
            if local_name(child) == "entity" and child.get("dataset") is not None:
                yield child


def _place(block: etree._Element) -> str:
    """The path of the group, repeat or form whose entity the block is: that of its meta's parent."""
    names: list[str] = []
    for parent in block.iterancestors():
        if parent.tag == f"{{{_XFORMS}}}instance":
            break
        names.append(local_name(parent))
    return "/" + "/".join(reversed(names[1:]))


def _lists(properties: Mapping[str, str], places: Mapping[str, str]) -> dict[str, str]:
    """Question → its list: each question belongs to the nearest record with a block around it."""
    lists = {}
    for path in properties:
        around = [place for place in places if path.startswith(f"{place}/")]
        if around:
            lists[path] = places[max(around, key=len)]
    return lists


def _saved(properties: Mapping[str, str], lists: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """List → the properties that questions save to."""
    saved: dict[str, dict[str, None]] = {}
    for path, listed in lists.items():
        saved.setdefault(listed, {}).setdefault(properties[path])
    return {name: tuple(names) for name, names in saved.items()}


def _saveto(bind: etree._Element) -> str:
    return str(bind.get(f"{_NAMESPACE}saveto", ""))
