"""Reads what a form declares about entities: the lists it writes to, and the property that each answer fills. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from server.core import xml
from server.core.xml import local_name

_NAMESPACE: Final = "{http://www.opendatakit.org/xforms/entities}"


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
    for element in xml.parse(document).iter():
        if local_name(element) == "entity" and element.get("dataset") is not None:
            datasets.setdefault(element.get("dataset", ""))
            if element.get("create") is not None:
                creates.add(element.get("dataset", ""))
        elif local_name(element) == "bind" and (name := _saveto(element)):
            properties[element.get("nodeset", "")] = name
    return EntityForm(tuple(datasets), frozenset(creates), properties)


def _saveto(bind: etree._Element) -> str:
    return str(bind.get(f"{_NAMESPACE}saveto", ""))
