"""What office staff do with entities of the office's own lists: make, change, delete, restore. Each act is recorded.

An act gives values as a record does: it appends a version, and what it gives is folded with the rest.
Desk staff act where they review: on entities of their areas, and on those shared with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from server.accounts.access import REVIEWERS, Access, common_prefix
from server.accounts.authority import covers
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core.problems import ReasonMissing
from server.core.request_problems import NotAllowed
from server.core.statements import is_storable
from server.datasets.entities import Added, append, entity_of, make, sharing, usable_area
from server.datasets.models import Dataset, Entity
from server.datasets.problems import (
    EntityChanged,
    EntityExists,
    EntityInvalid,
    NotTheAreaProperty,
    UnknownEntity,
    UnknownEntityProperty,
)
from server.datasets.selectors import property_names
from server.datasets.versions import LABEL

LONGEST: Final = 20_000
"""Characters of one value."""
MOST: Final = 20_000
"""Entities in one upload."""


@dataclass(frozen=True, slots=True)
class NewEntity:
    """What an entity is made from."""

    label: str
    values: Mapping[str, str] = field(default_factory=dict)
    uuid: UUID | None = None  # None: the server gives one


@transaction.atomic
def create_entities(
    *,
    dataset: Dataset,
    new: Sequence[NewEntity],
    actor: User,
    access: Access,
    at: datetime,
    source: str = "",
    user_agent: str = "",
) -> list[Entity]:
    """Make entities: all of them, or none. `source` is the file that they come from.

    Raises NotAllowed, NotTheAreaProperty, EntityInvalid, EntityExists, UnknownEntityProperty.
    """
    if not access.areas(REVIEWERS):
        raise NotAllowed
    if len(new) > MOST:
        fault = _("there are more than {most} entities.").format(most=MOST)
        raise EntityInvalid(number=MOST + 1, fault=fault)
    uuids = [item.uuid or uuid4() for item in new]
    names = property_names(dataset)
    for number, item in enumerate(new, 1):
        _check_values(dataset, names, item.values, number)
        if not _is_text(item.label.strip()) or not item.label.strip():
            raise EntityInvalid(number=number, fault=_("it has no label, or one that is too long."))
    if len(set(uuids)) < len(uuids):
        twice = next(uuid for at_, uuid in enumerate(uuids) if uuid in uuids[:at_])
        raise EntityExists(name=dataset.name, uuid=str(twice))
    known = Entity.objects.filter(dataset=dataset, uuid__in=uuids).order_by("uuid").first()
    if known is not None:
        raise EntityExists(name=dataset.name, uuid=str(known.uuid))
    made = [
        make(
            dataset,
            uuid,
            area=_area_for(dataset, item.values, access),
            added=Added(
                values={**item.values, LABEL: item.label.strip()},
                creator_id=actor.pk,
                at=at,
                user_agent=user_agent,
                is_creation=True,
                source=source,
            ),
            at=at,
        )
        for uuid, item in zip(uuids, new, strict=True)
    ]
    record(
        Act.ENTITY_MADE,
        actor=actor,
        object_type="entity",
        object_id=made[0].uuid if len(made) == 1 else dataset.name,
        area=common_prefix(sorted({entity.area_code for entity in made})),
        facts={"list": dataset.name, "entities": len(made), "source": source},
    )
    return made


@transaction.atomic
def update_entity(
    *,
    dataset: Dataset,
    uuid: UUID,
    label: str | None,
    values: Mapping[str, str],
    base_version: int | None,
    actor: User,
    access: Access,
    at: datetime,
    resolves: bool = False,
    user_agent: str = "",
) -> Entity:
    """Change the label and these values of an entity, and settle its conflict if `resolves`. Locks the entity.

    `base_version` is the version that the actor saw; None changes the entity whatever
    it has become. Raises UnknownEntity, NotAllowed, EntityChanged, EntityInvalid, UnknownEntityProperty,
    NotTheAreaProperty.
    """
    entity = _lock(dataset, uuid, access)
    if base_version is not None and base_version != entity.version:
        raise EntityChanged(version=entity.version)
    _check_values(dataset, property_names(dataset), values, 1)
    if label is not None and (not label.strip() or not _is_text(label)):
        raise EntityInvalid(number=1, fault=_("it has no label, or one that is too long."))
    if not entity.is_shared and dataset.area_property in values:
        _area_for(dataset, values, access)
    given = {**values, **({} if label is None else {LABEL: label.strip()})}
    if given:
        added = Added(
            values=given, creator_id=actor.pk, at=at, user_agent=user_agent, base=entity.version
        )
        append(entity, added)
    if resolves and entity.conflict:
        entity.conflict = ""
        entity.save(update_fields=["conflict"])
    _record(
        Act.ENTITY_CHANGED, entity, actor, facts={"properties": sorted(given), "resolved": resolves}
    )
    return entity


@transaction.atomic
def delete_entity(
    *, dataset: Dataset, uuid: UUID, reason: str, actor: User, access: Access, at: datetime
) -> None:
    """Take an entity out of its list, until it is restored. Locks it. Raises UnknownEntity, NotAllowed, ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    entity = _lock(dataset, uuid, access)
    entity.gone_as, entity.gone_at = Entity.Gone.DELETED, at
    entity.changes += 1
    entity.save(update_fields=["gone_as", "gone_at", "changes"])
    _record(Act.ENTITY_DELETED, entity, actor, reason=reason)


@transaction.atomic
def delete_entities(
    *,
    dataset: Dataset,
    uuids: Sequence[UUID],
    reason: str,
    actor: User,
    access: Access,
    at: datetime,
) -> int:
    """Take entities out of their list: all of them, or none; how many they are. Locks them in the order of their uuids.

    Raises UnknownEntity, NotAllowed, ReasonMissing, EntityInvalid.
    """
    in_order = _once(uuids)
    for uuid in in_order:
        delete_entity(dataset=dataset, uuid=uuid, reason=reason, actor=actor, access=access, at=at)
    return len(in_order)


@transaction.atomic
def restore_entities(
    *, dataset: Dataset, uuids: Sequence[UUID], actor: User, access: Access, at: datetime
) -> int:
    """Put entities that office staff deleted back into their list: all of them, or none; how many they are.

    Locks them in the order of their uuids. Raises UnknownEntity, NotAllowed, EntityInvalid.
    """
    in_order = _once(uuids)
    for uuid in in_order:
        restore_entity(dataset=dataset, uuid=uuid, actor=actor, access=access, at=at)
    return len(in_order)


@transaction.atomic
def restore_entity(
    *, dataset: Dataset, uuid: UUID, actor: User, access: Access, at: datetime
) -> None:
    """Put an entity that office staff deleted back into its list. Locks it.

    One whose record is rejected or deleted comes back with its record. Raises UnknownEntity, NotAllowed.
    """
    entity = _lock(dataset, uuid, access, gone_as=Entity.Gone.DELETED)
    entity.gone_as, entity.gone_at = "", None
    append(entity, Added(values={}, creator_id=actor.pk, at=at))  # phones must take it again
    _record(Act.ENTITY_RESTORED, entity, actor)


def may_write(access: Access, entity: Entity) -> bool:
    """Whether somebody with this access may change the entity: where they review, and what is shared with that area."""
    if access.may(REVIEWERS, entity.area_code):
        return True
    return entity.is_shared and any(
        covers((entity.area_code,), area) for area in access.areas(REVIEWERS)
    )


def _once(uuids: Sequence[UUID]) -> list[UUID]:
    """The uuids in the order in which all lock them, each once. Raises EntityInvalid."""
    if len(uuids) > MOST:
        fault = _("there are more than {most} entities.").format(most=MOST)
        raise EntityInvalid(number=MOST + 1, fault=fault)
    return sorted(set(uuids))


def _lock(dataset: Dataset, uuid: UUID, access: Access, gone_as: str = "") -> Entity:
    entity = entity_of(dataset, uuid)
    if entity is None or entity.gone_as != gone_as or entity.version == 0:
        raise UnknownEntity(name=dataset.name)
    if not may_write(access, entity):
        raise NotAllowed
    return entity


def _area_for(dataset: Dataset, values: Mapping[str, str], access: Access) -> str:
    """Where an entity with these values stands. Raises NotAllowed, NotTheAreaProperty."""
    shared, home = sharing(dataset)
    held = access.areas(REVIEWERS)
    if shared:
        if not (covers(held, home) or any(covers((home,), area) for area in held)):
            raise NotAllowed
        return home
    text = values.get(dataset.area_property, "")
    area = usable_area(text) if text.strip() else common_prefix(held)
    if (not area and "" not in held) or not covers(held, area):
        raise NotTheAreaProperty(property=dataset.area_property)
    return area


def _check_values(
    dataset: Dataset, names: Sequence[str], values: Mapping[str, str], number: int
) -> None:
    for name, text in values.items():
        if name not in names:
            raise UnknownEntityProperty(
                name=dataset.name, property=str(name)[:100], properties=", ".join(names) or "—"
            )
        if not _is_text(text):
            fault = _("the value of {property} is no text, or too long.").format(property=name)
            raise EntityInvalid(number=number, fault=fault)


def _is_text(text: object) -> bool:
    return isinstance(text, str) and len(text) <= LONGEST and is_storable(text)


def _record(act: Act, entity: Entity, actor: User, **details: object) -> None:
    facts: dict[str, object] = {"list": entity.dataset.name}
    given = details.pop("facts", {})
    record(
        act,
        actor=actor,
        object_type="entity",
        object_id=entity.uuid,
        area=entity.area_code,
        facts=facts | (given if isinstance(given, dict) else {}),
        reason=str(details.get("reason", "")),
    )
