"""Formats entity lists and entities as Central does: JSON, OData rows, CSV lines. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from server.audit.models import Act, AuditEntry
from server.central.filters import Value
from server.central.lists import Row
from server.central.problems import UnknownProperty
from server.central.schema import identifier
from server.central.shapes import PROJECT, instant
from server.core.masking import mask_numbers
from server.datasets.models import Entity
from server.datasets.selectors import StoredVersion
from server.forms.models import Form

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

    Properties that are read from the ledgers name no forms: no form writes them.
    """
    return {
        "properties": [property_of(name, fallback_created_at, ()) for name in properties],
        "linkedForms": [_form(form) for form in linked],
        "sourceForms": [_form(form) for form in source],
    }


def property_of(name: str, created_at: datetime, writing: Iterable[Form]) -> dict[str, Any]:
    """A property of a list, with the forms that write it."""
    return {
        "name": name,
        "odataName": identifier(name),
        "publishedAt": instant(created_at),
        "forms": [_form(form) for form in writing],
    }


def _form(form: Form) -> dict[str, str]:
    return {"xmlFormId": form.form_id, "name": form.title}


def entity(listed: Row, fallback_created_at: datetime, *, has_data: bool) -> dict[str, Any]:
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
        "deletedAt": instant(getattr(listed, "gone_at", None)),
        "creatorId": listed.creator_id,
        "conflict": system["conflict"],
        "currentVersion": version,
    }


def row(listed: Row, fallback_created_at: datetime, columns: EntityColumns) -> dict[str, Any]:
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


def line(listed: Row, fallback_created_at: datetime, properties: Iterable[str]) -> list[Any]:
    """A line of entities.csv."""
    system = _system(listed, fallback_created_at)
    values = (listed.values[name] for name in properties)
    return [listed.entity, listed.label, *values, *(system[name] for name in _IN_CSV)]


def filter_values(listed: Row, fallback_created_at: datetime) -> Mapping[str, Value]:
    """The values of the fields that a filter may name (filters.ENTITY_FIELDS)."""
    return {
        "createdAt": listed.created_at or fallback_created_at,
        "updatedAt": listed.updated_at,
        "creatorId": listed.creator_id,
        "conflict": listed.conflict or None,
    }


def _system(listed: Row, fallback_created_at: datetime) -> dict[str, Any]:
    return {
        "createdAt": instant(listed.created_at or fallback_created_at),
        "creatorId": str(listed.creator_id),
        "creatorName": listed.creator,
        "updates": listed.version - 1,
        "updatedAt": instant(listed.updated_at),
        "version": listed.version,
        "conflict": listed.conflict or None,
    }


ACTIONS: Final = {
    Act.ENTITY_DELETED: "entity.delete",
    Act.ENTITY_RESTORED: "entity.restore",
}
"""Acts that give an entity no values → what Central calls them."""


def version(item: StoredVersion) -> dict[str, Any]:
    """A version of an entity, with the state that the entity had then."""
    return {
        "version": item.version,
        "label": item.label,
        "data": dict(item.values),
        "dataReceived": dict(item.given),
        "current": item.is_last,
        "createdAt": instant(item.created_at),
        "creatorId": item.creator_id,
        "creator": {"id": item.creator_id, "displayName": item.creator},
        "userAgent": item.user_agent,
        "baseVersion": item.base_version,
        "branchId": item.branch_id or None,
        "trunkVersion": item.trunk_version,
        "branchBaseVersion": item.base_version if item.branch_id else None,
        "conflict": item.conflict or None,
        "conflictingProperties": item.conflicting or None,
        "source": _source(item),
    }


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[dict[str, str]]:
    """The label and properties that differ between two states."""
    return [
        {"propertyName": name, "old": before.get(name, ""), "new": now.get(name, "")}
        for name in dict.fromkeys((*now, *before))
        if before.get(name, "") != now.get(name, "")
    ]


def audit_of_version(row: Entity, item: StoredVersion) -> dict[str, Any]:
    """The entry of the audit log about a version."""
    return {
        "actorId": item.creator_id,
        "actor": {"id": item.creator_id, "displayName": item.creator},
        "action": "entity.create" if item.version == 1 else "entity.update.version",
        "acteeId": row.dataset.name,
        "details": {
            "entity": {"uuid": str(row.uuid), "version": item.version},
            "source": _source(item),
        },
        "loggedAt": instant(item.created_at),
        "notes": None,
    }


def audit_of_act(row: Entity, act: AuditEntry) -> dict[str, Any]:
    """The entry of the audit log about another act."""
    return {
        "actorId": act.actor_id,
        "actor": {"id": act.actor_id, "displayName": act.actor_name},
        "action": ACTIONS[Act(act.act)],
        "acteeId": row.dataset.name,
        "details": {"entity": {"uuid": str(row.uuid)}},
        "loggedAt": instant(act.at),
        "notes": mask_numbers(act.reason) or None,
    }


def _source(item: StoredVersion) -> dict[str, Any]:
    if item.instance_id:
        submission = {"instanceId": item.instance_id, "xmlFormId": item.form_id}
        return {"submission": submission}
    return {"name": item.source} if item.source else {}
