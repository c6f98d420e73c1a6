"""Reads of the office's own entity lists, each through the reader's access."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet, Sum

from server.accounts.access import Access, within
from server.accounts.models import User
from server.accounts.selectors import colleagues
from server.core.masking import mask_numbers
from server.datasets.entities import step_of
from server.datasets.models import Dataset, Entity, Unapplied
from server.datasets.problems import UnknownEntity, UnknownList
from server.datasets.versions import State, folded
from server.forms.models import Form
from server.forms.selectors import forms_saving_to
from server.submissions.selectors import submissions

BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class StoredEntity:
    """An entity as readers get it: without personal numbers, and with creators whom the reader may know."""

    entity: str
    label: str
    version: int
    values: dict[str, str]  # property → text; every property of the list
    created_at: datetime
    updated_at: datetime | None
    creator_id: int  # 0: nobody, or somebody of another area
    creator: str
    conflict: str
    gone_at: datetime | None
    area_code: str
    is_shared: bool


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version of an entity, with the state that the entity had then."""

    version: int
    label: str
    values: dict[str, str]
    given: dict[str, str]
    base_version: int | None
    trunk_version: int | None
    branch_id: str
    conflict: str
    conflicting: list[str]
    created_at: datetime
    creator_id: int
    creator: str
    user_agent: str
    source: str
    instance_id: (
        str  # of the submission that gave it; "" when none did, or the reader does not see it
    )
    form_id: str
    is_last: bool


def lists(access: Access) -> QuerySet[Dataset]:
    """All lists, for every user with an area: names of lists and properties tell nothing about anybody."""
    if not access.areas():
        return Dataset.objects.none()
    return Dataset.objects.prefetch_related("properties")


def own_list(access: Access, name: str) -> Dataset:
    """The list of that name. Raises UnknownList."""
    dataset = lists(access).filter(name=name).first()
    if dataset is None:
        raise UnknownList
    return dataset


def is_own_list(name: str) -> bool:
    """Whether a list of the office's own has this name."""
    return "\0" not in name and Dataset.objects.filter(name=name).exists()


def own_lists_among(names: Iterable[str]) -> set[str]:
    """Those of the names that are names of lists of the office's own. One query, none without names."""
    wanted = set(names)
    if not wanted:
        return set()
    return set(Dataset.objects.filter(name__in=wanted).values_list("name", flat=True))


def approval_lists() -> frozenset[str]:
    """The lists in which forms make entities only once their record is approved."""
    return frozenset(Dataset.objects.filter(needs_approval=True).values_list("name", flat=True))


def property_names(dataset: Dataset) -> tuple[str, ...]:
    """The list's properties, in the order in which they were added."""
    return tuple(item.name for item in dataset.properties.all())


def visible(areas: Iterable[str]) -> Q:
    """The condition for entities that stand in these areas, or are shared with them."""
    known = tuple(areas)
    over = {area[:length] for area in known for length in range(len(area) + 1)}
    return within(known) | Q(is_shared=True, area_code__in=over)


def entities(access: Access, dataset: Dataset, *, gone: bool = False) -> QuerySet[Entity]:
    """The list's entities in the reader's areas, by uuid; the deleted ones instead if `gone`."""
    rows = Entity.objects.filter(visible(access.areas()), dataset=dataset)
    state = rows.exclude(gone_as="").exclude(version=0) if gone else rows.filter(gone_as="")
    return state.order_by("uuid")


def entity(access: Access, dataset: Dataset, uuid: UUID, *, gone: bool = False) -> Entity:
    """One entity; a deleted one only if `gone`. Raises UnknownEntity."""
    rows = Entity.objects.filter(visible(access.areas()), dataset=dataset, uuid=uuid).exclude(
        version=0
    )
    row = rows.select_related("dataset").first()
    if row is None or (row.gone_as and not gone):
        raise UnknownEntity(name=dataset.name)
    return row


def stored(access: Access, dataset: Dataset, rows: Iterable[Entity]) -> list[StoredEntity]:
    """The rows as readers get them. One query, and one for the properties."""
    batch = list(rows)
    creators = _creators(access, (row.creator_id for row in batch))
    names = property_names(dataset)
    return [
        StoredEntity(
            entity=str(row.uuid),
            label=mask_numbers(row.label),
            version=row.version,
            values={name: mask_numbers(row.values.get(name, "")) for name in names},
            created_at=row.created_at,
            updated_at=row.updated_at,
            creator_id=creators[row.creator_id].pk if row.creator_id in creators else 0,
            creator=str(creators.get(row.creator_id, "")),
            conflict=row.conflict,
            gone_at=row.gone_at,
            area_code=row.area_code,
            is_shared=row.is_shared,
        )
        for row in batch
    ]


def stored_after(
    access: Access, dataset: Dataset, *, after: str = "", gone: bool = False
) -> Iterator[list[StoredEntity]]:
    """The entities behind the uuid, a batch at a time, ascending by uuid. Two queries a batch."""
    while True:
        rows = entities(access, dataset, gone=gone)
        if after:
            rows = rows.filter(uuid__gt=after)
        batch = stored(access, dataset, rows[:BATCH])
        yield batch
        if len(batch) < BATCH:
            return
        after = batch[-1].entity


def list_digest(areas: Iterable[str], dataset: Dataset) -> str:
    """A text that changes whenever anything changes that people of these areas see of the list. Two queries."""
    rows = Entity.objects.filter(visible(areas), dataset=dataset).order_by()
    state = rows.aggregate(
        n=Count("pk"),
        n_gone=Count("pk", filter=~Q(gone_as="")),
        changes=Sum("changes"),
        last=Max("updated_at"),
    )
    settings = (dataset.area_property, property_names(dataset))
    return repr((dataset.name, settings, sorted(areas), *state.values()))


def versions_of(access: Access, row: Entity) -> list[StoredVersion]:
    """The versions of an entity with its state at each, in their order."""
    rows = list(row.versions.order_by("version"))
    creators = _creators(access, (version.creator_id for version in rows))
    sent = {
        submission.pk: submission
        for submission in submissions(access)
        .filter(pk__in=[version.submission_id for version in rows if version.submission_id])
        .select_related("form")
    }
    steps = [step_of(version) for version in rows]
    shown = []
    for number, version in enumerate(rows, 1):
        state: State = folded(steps[:number])
        submission = sent.get(version.submission_id or 0)
        shown.append(
            StoredVersion(
                version=version.version,
                label=mask_numbers(state.label),
                values={name: mask_numbers(text) for name, text in state.values.items()},
                given={name: mask_numbers(text) for name, text in version.given.items()},
                base_version=version.base_version,
                trunk_version=version.trunk_version,
                branch_id=version.branch_id,
                conflict=version.conflict,
                conflicting=list(version.conflicting),
                created_at=version.created_at,
                creator_id=creators[version.creator_id].pk if version.creator_id in creators else 0,
                creator=str(creators.get(version.creator_id, "")),
                user_agent=version.user_agent,
                source=version.source,
                instance_id=submission.instance_id if submission else "",
                form_id=submission.form.form_id if submission else "",
                is_last=number == len(rows),
            )
        )
    return shown


def unapplied(access: Access, dataset: Dataset) -> QuerySet[Unapplied]:
    """The blocks about the list that could not be applied, of records that the reader sees; newest first."""
    seen = submissions(access).order_by().values("pk")
    return Unapplied.objects.filter(dataset=dataset, submission_id__in=seen)


def forms_by_property(access: Access, dataset: Dataset) -> dict[str, list[Form]]:
    """Property → the forms whose current version saves to it."""
    saving: dict[str, list[Form]] = {}
    for form, names in forms_saving_to(access, dataset.name).items():
        for name in names:
            saving.setdefault(name, []).append(form)
    return saving


def gone_entities(areas: Iterable[str], ids: Iterable[UUID]) -> set[UUID]:
    """Those of the uuids that are entities of these areas which phones should delete. One query."""
    rows = Entity.objects.filter(visible(areas), uuid__in=list(ids)).exclude(gone_as="")
    return set(rows.values_list("uuid", flat=True))


def _creators(access: Access, ids: Iterable[int | None]) -> dict[int | None, User]:
    wanted = {pk for pk in ids if pk is not None}
    return {user.pk: user for user in colleagues(access, wanted)} if wanted else {}
