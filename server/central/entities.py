"""Entity lists as Central lays them out: JSON, rows of OData, lines of CSV. Pure."""

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
from server.ledgers.selectors import Listed

SYSTEM: Final = {
    "createdAt": "Edm.DateTimeOffset",
    "creatorId": "Edm.String",
    "creatorName": "Edm.String",
    "updates": "Edm.Int64",
    "updatedAt": "Edm.DateTimeOffset",
    "version": "Edm.Int64",
    "conflict": "org.opendatakit.entity.ConflictType",
}
"""What `__system` of an entity holds."""
_KEYS: Final = ("__id", "label")
_IN_CSV: Final = ("createdAt", "creatorId", "creatorName", "updates", "updatedAt", "version")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which columns a row gets by $select."""

    keys: tuple[str, ...]
    system: tuple[str, ...]
    properties: tuple[str, ...]


def choice(properties: tuple[str, ...], select: Iterable[str]) -> Choice:
    """The columns asked for. Raises UnknownProperty."""
    names = list(select)
    if not names:
        return Choice(_KEYS, tuple(SYSTEM), properties)
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
    return Choice(tuple(keys), tuple(system), tuple(chosen))


def dataset(name: str, begun: datetime, *, needs_approval: bool) -> dict[str, Any]:
    return {
        "name": name,
        "projectId": PROJECT,
        "createdAt": instant(begun),
        "approvalRequired": needs_approval,
        "ownerOnly": False,
    }


def dataset_detail(
    properties: Iterable[str], begun: datetime, linked: Iterable[Form], source: Iterable[Form]
) -> dict[str, Any]:
    """The properties have no forms: what forms say goes to the ledgers, which the list is read from."""
    return {
        "properties": [
            {
                "name": name,
                "odataName": identifier(name),
                "publishedAt": instant(begun),
                "forms": [],
            }
            for name in properties
        ],
        "linkedForms": [_form(form) for form in linked],
        "sourceForms": [_form(form) for form in source],
    }


def _form(form: Form) -> dict[str, str]:
    return {"xmlFormId": form.form_id, "name": form.title}


def entity(one: Listed, begun: datetime, *, has_data: bool) -> dict[str, Any]:
    """What Central tells of an entity, with or without its properties."""
    told = _system(one, begun)
    version = {
        "version": one.version,
        "baseVersion": None,
        "label": one.label,
        "current": True,
        "createdAt": told["updatedAt"] or told["createdAt"],
        "creatorId": one.creator_id,
        "userAgent": "",
        "conflictingProperties": None,
        **({"data": dict(one.values)} if has_data else {}),
    }
    return {
        "uuid": one.entity,
        "createdAt": told["createdAt"],
        "updatedAt": told["updatedAt"],
        "deletedAt": None,
        "creatorId": one.creator_id,
        "conflict": told["conflict"],
        "currentVersion": version,
    }


def row(one: Listed, begun: datetime, chosen: Choice) -> dict[str, Any]:
    """A row of the table Entities."""
    keys = {"__id": one.entity, "label": one.label}
    found: dict[str, Any] = {name: keys[name] for name in chosen.keys}
    if chosen.system:
        told = _system(one, begun)
        found["__system"] = {name: told[name] for name in chosen.system}
    return found | {identifier(name): one.values[name] for name in chosen.properties}


def header(properties: Iterable[str]) -> list[str]:
    """The first line of entities.csv."""
    return [*_KEYS, *properties, *(f"__{name}" for name in _IN_CSV)]


def line(one: Listed, begun: datetime, properties: Iterable[str]) -> list[Any]:
    told = _system(one, begun)
    values = (one.values[name] for name in properties)
    return [one.entity, one.label, *values, *(told[name] for name in _IN_CSV)]


def filtered(one: Listed, begun: datetime) -> Mapping[str, Value]:
    """What a filter may ask of it (filters.ENTITIES)."""
    return {
        "createdAt": one.created_at or begun,
        "updatedAt": one.updated_at,
        "creatorId": one.creator_id,
        "conflict": one.conflict or None,
    }


def _system(one: Listed, begun: datetime) -> dict[str, Any]:
    return {
        "createdAt": instant(one.created_at or begun),
        "creatorId": str(one.creator_id),
        "creatorName": one.creator,
        "updates": one.version - 1,
        "updatedAt": instant(one.updated_at),
        "version": one.version,
        "conflict": one.conflict or None,
    }
