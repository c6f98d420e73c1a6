"""Writes of single entities, which filling.py (records) and services.py (people) have in common. In the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.accounts.access import common_prefix
from server.core import clock
from server.core.masking import mask_numbers
from server.datasets.models import Dataset, Entity, EntityVersion
from server.datasets.versions import State, Step, folded, is_standing, verdict_on


@dataclass(frozen=True, slots=True)
class Added:
    """What somebody gives to an entity, and from which state of it they began."""

    values: Mapping[str, str]  # property → text; `label` among them, when it is given
    creator_id: int | None
    at: datetime
    user_agent: str = ""
    base: int | None = None
    trunk: int | None = None
    branch: str = ""
    submission: int | None = None
    submission_version: int | None = None
    is_creation: bool = False
    source: str = ""


def entity_of(dataset: Dataset, uuid: UUID) -> Entity | None:
    """The entity, locked; also one that is gone."""
    return (
        Entity.objects.select_for_update(of=("self",))
        .select_related("dataset")
        .filter(dataset=dataset, uuid=uuid)
        .first()
    )


def sharing(dataset: Dataset) -> tuple[bool, str]:
    """Whether the list's entities are shared by all of the list's areas, and the area where they stand then."""
    return not dataset.area_property, common_prefix(sorted(dataset.areas))


def usable_area(text: str) -> str:
    """The text as a division code, or a prefix of one; "" when it is none."""
    code = text.strip()
    return code if code.isascii() and code.isdigit() and 2 <= len(code) <= 12 else ""


def steps_of(entity: Entity) -> list[Step]:
    """The versions of an entity as they are folded."""
    return [step_of(version) for version in entity.versions.order_by("version")]


def step_of(version: EntityVersion) -> Step:
    """A version as it is folded."""
    return Step(
        version=version.version,
        place=version.place,
        values=version.given,
        base=version.base_version,
        trunk=version.trunk_version,
        branch=version.branch_id,
        is_creation=version.is_creation,
        counts=version.counts,
        submission=version.submission_id,
    )


def make(dataset: Dataset, uuid: UUID, *, area: str, added: Added, at: datetime) -> Entity:
    """A new entity with its first version."""
    state = folded([Step(version=1, place=1, values=added.values)])
    entity = Entity.objects.create(
        dataset=dataset,
        uuid=uuid,
        area_code=area,
        is_shared=sharing(dataset)[0],
        version=1,
        label=state.label,
        values=dict(state.values),
        created_at=at,
        creator_id=added.creator_id,
    )
    _store(entity, added, number=1, place=1)
    return entity


def append(entity: Entity, added: Added, *, place: int | None = None) -> EntityVersion:
    """Add a version to a locked entity, and fold it. `place` is that of the version whose place it takes."""
    before = steps_of(entity)
    number = entity.version + 1
    added = _without_masks(added, folded(before))
    step = Step(
        version=number,
        place=place or number,
        values=added.values,
        base=added.base,
        trunk=added.trunk,
        branch=added.branch,
        is_creation=added.is_creation,
        submission=added.submission,
    )
    verdict = verdict_on(step, before)
    stored = _store(
        entity,
        added,
        number=number,
        place=place or number,
        conflict=verdict.conflict,
        conflicting=list(verdict.conflicting),
    )
    entity.version = number
    entity.updated_at = added.at
    if verdict.conflict == Entity.Conflict.HARD or not entity.conflict:
        entity.conflict = verdict.conflict
    _fold(entity, [*before, step])
    return stored


def refolded(entity: Entity, *, raising: bool) -> None:
    """Fold a locked entity again after what counts has changed; `raising` gives phones a new version of it."""
    steps = steps_of(entity)
    if raising:
        number = entity.version + 1
        EntityVersion.objects.create(
            entity=entity, version=number, place=number, created_at=clock.now(), creator=None
        )
        entity.version = number
        entity.updated_at = clock.now()
    _fold(entity, steps)


def _fold(entity: Entity, steps: list[Step]) -> None:
    state = folded(steps)
    entity.label, entity.values = state.label, dict(state.values)
    if not entity.is_shared:
        entity.area_code = _area(entity, state) or entity.area_code
    if entity.gone_as != Entity.Gone.DELETED:
        is_gone = not is_standing(steps)
        if is_gone != bool(entity.gone_as):
            entity.gone_as = Entity.Gone.WITHDRAWN if is_gone else ""
            entity.gone_at = clock.now() if is_gone else None
    entity.changes += 1
    entity.save()


def _area(entity: Entity, state: State) -> str:
    return usable_area(state.values.get(entity.dataset.area_property, ""))


def _without_masks(added: Added, now: State) -> Added:
    """Without values that are the present ones as phones and programs get them: with asterisks for personal numbers."""
    values = {
        name: text
        for name, text in added.values.items()
        if text == now[name] or text != mask_numbers(now[name])
    }
    if len(values) == len(added.values):
        return added
    return Added(
        values=values,
        **{name: getattr(added, name) for name in Added.__slots__ if name != "values"},
    )


def _store(
    entity: Entity,
    added: Added,
    *,
    number: int,
    place: int,
    conflict: str = "",
    conflicting: list[str] | None = None,
) -> EntityVersion:
    return EntityVersion.objects.create(
        entity=entity,
        version=number,
        place=place,
        given=dict(added.values),
        is_creation=added.is_creation,
        base_version=added.base,
        trunk_version=added.trunk,
        branch_id=added.branch,
        conflict=conflict,
        conflicting=conflicting or [],
        submission_id=added.submission,
        submission_version_id=added.submission_version,
        creator_id=added.creator_id,
        created_at=added.at,
        user_agent=added.user_agent[:200],
        source=added.source[:250],
    )
