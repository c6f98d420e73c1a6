"""Formats entity lists and entities as Central does: JSON, OData rows, CSV lines. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from server.central.filters import Value
from server.central.problems import UnknownProperty
from server.central.schema import identifier
from server.central.shapes import PROJECT, instant
from server.forms.models import Form
from server.ledgers.selectors import ListedEntry

SYSTEM: Final = {
    "createdAt": "Edm.DateTimeOffset",
    "creatorId": "Edm.String",
    "creatorName": "Edm.String",
    "updates": "Edm.Int64",
    "updatedAt": "Edm.DateTimeOffset",
    "version": "Edm.Int64",
    "conflict": "org.opendatakit.entity.ConflictType",
}
"""The properties of `__system` of an entity, with their types."""
_KEYS: Final = ("__id", "label")
_IN_CSV: Final = ("createdAt", "creatorId", "creatorName", "updates", "updatedAt", "version")


@dataclass(frozen=True, slots=True)
class EntityColumns:
    """The columns of a row, by $select."""

    keys: tuple[str, ...]
    system: tuple[str, ...]
    properties: tuple[str, ...]


def entity_columns(properties: tuple[str, ...], select: Iterable[str]) -> EntityColumns:
    """The columns that $select names; all when it is empty. Raises UnknownProperty."""
    names = list(select)
    if not names:
        return EntityColumns(_KEYS, tuple(SYSTEM), properties)
    keys, system, chosen = [], [], []
    named = {identifier(name): name for name in properties}
    for name in names:
        if name in _KEYS:
            keys.append(name)
        elif name == "__system":
            system += list(SYSTEM)
        elif name.removeprefix("__system/") in SYSTEM and name.startswith("__system/"):
            system.append(name.removeprefix("__system/"))
        elif name in named or name in properties:
            chosen.append(named.get(name, name))
        else:
            raise UnknownProperty(property=name[:100])
    return EntityColumns(tuple(keys), tuple(system), tuple(chosen))


def dataset(name: str, fallback_created_at: datetime, *, needs_approval: bool) -> dict[str, Any]:
    """An entity list."""
    return {
        "name": name,
        "projectId": PROJECT,
        "createdAt": instant(fallback_created_at),
        "approvalRequired": needs_approval,
        "ownerOnly": False,
    }


def dataset_detail(
    properties: Iterable[str],
    fallback_created_at: datetime,
    linked: Iterable[Form],
    source: Iterable[Form],
) -> dict[str, Any]:
    """What an entity list has in detail.

    Its properties name no forms, because they are read from the ledgers, not written by a form.
    """
    return {
        "properties": [
            {
                "name": name,
                "odataName": identifier(name),
                "publishedAt": instant(fallback_created_at),
                "forms": [],
            }
            for name in properties
        ],
        "linkedForms": [_form(form) for form in linked],
        "sourceForms": [_form(form) for form in source],
    }


def _form(form: Form) -> dict[str, str]:
    return {"xmlFormId": form.form_id, "name": form.title}


def entity(listed: ListedEntry, fallback_created_at: datetime, *, has_data: bool) -> dict[str, Any]:
    """An entity and its current version, with or without its properties."""
    system = _system(listed, fallback_created_at)
    version = {
        "version": listed.version,
        "baseVersion": None,
        "label": listed.label,
        "current": True,
        "createdAt": system["updatedAt"] or system["createdAt"],
        "creatorId": listed.creator_id,
        "userAgent": "",
        "conflictingProperties": None,
        **({"data": dict(listed.values)} if has_data else {}),
    }
    return {
        "uuid": listed.entity,
        "createdAt": system["createdAt"],
        "updatedAt": system["updatedAt"],
        "deletedAt": None,
        "creatorId": listed.creator_id,
        "conflict": system["conflict"],
        "currentVersion": version,
    }


def row(
    listed: ListedEntry, fallback_created_at: datetime, columns: EntityColumns
) -> dict[str, Any]:
    """A row of the OData table Entities."""
    keys = {"__id": listed.entity, "label": listed.label}
    cells: dict[str, Any] = {name: keys[name] for name in columns.keys}
    if columns.system:
        system = _system(listed, fallback_created_at)
        cells["__system"] = {name: system[name] for name in columns.system}
    return cells | {identifier(name): listed.values[name] for name in columns.properties}


def header(properties: Iterable[str]) -> list[str]:
    """The header of entities.csv."""
    return [*_KEYS, *properties, *(f"__{name}" for name in _IN_CSV)]


def line(
    listed: ListedEntry, fallback_created_at: datetime, properties: Iterable[str]
) -> list[Any]:
    """A line of entities.csv."""
    system = _system(listed, fallback_created_at)
    values = (listed.values[name] for name in properties)
    return [listed.entity, listed.label, *values, *(system[name] for name in _IN_CSV)]


def filter_values(listed: ListedEntry, fallback_created_at: datetime) -> Mapping[str, Value]:
    """The values of the fields that a filter may name (filters.ENTITY_FIELDS)."""
    return {
        "createdAt": listed.created_at or fallback_created_at,
        "updatedAt": listed.updated_at,
        "creatorId": listed.creator_id,
        "conflict": listed.conflict or None,
    }


def _system(listed: ListedEntry, fallback_created_at: datetime) -> dict[str, Any]:
    return {
        "createdAt": instant(listed.created_at or fallback_created_at),
        "creatorId": str(listed.creator_id),
        "creatorName": listed.creator,
        "updates": listed.version - 1,
        "updatedAt": instant(listed.updated_at),
        "version": listed.version,
        "conflict": listed.conflict or None,
    }
