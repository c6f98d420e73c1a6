"""Brings the entities of the office's own lists in step with the records that make and change them.

A block of a record (`meta/entity`) is applied once, when its record counts: it makes an
entity or appends a version. When the record stops counting, what it gave stops counting; when
it counts again, so does that. A block of an edited record takes the place of the block of the
record before. What cannot be applied is noted beside the record (`Unapplied`), and a block
that overtook the creation of its entity is applied when that arrives.

Everything here runs in the worker, in the transaction of its batch, which the pipeline lock
lets run alone; rows of entities are locked against office staff.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from server.accounts.authority import covers, holds
from server.core.sealing import unseal_document
from server.datasets.entities import (
    Added,
    append,
    entity_of,
    make,
    refolded,
    sharing,
    usable_area,
)
from server.datasets.models import Dataset, Entity, EntityVersion, Unapplied
from server.datasets.versions import LABEL
from server.forms.entity_forms import EntityForm
from server.forms.selectors import entity_forms
from server.submissions.counting import Counted, counted_versions
from server.submissions.entity_blocks import EntityBlock, entity_blocks
from server.submissions.models import EncryptedVersion, ReviewState, Submission, SubmissionVersion

_FAULTS: Final = {"no_uuid": Unapplied.Fault.NO_UUID, "no_label": Unapplied.Fault.NO_LABEL}


@dataclass(frozen=True, slots=True)
class Block:
    """An entity block of a received version, with what of that version it is judged by."""

    submission: int
    version: int
    ordinal: int
    dataset: Dataset
    read: EntityBlock
    given: Mapping[str, str]
    sender_areas: tuple[str, ...] | None  # None: received before areas were judged
    area_code: str  # of the record
    submitter: int
    received_at: datetime
    user_agent: str
    is_approved: bool

    @property
    def uuid(self) -> UUID | None:
        return self.read.entity


def fill_lists(submission_ids: Sequence[int]) -> None:
    """Apply, take back or let count again what these submissions give to entities. Doing it again changes nothing."""
    datasets = {dataset.name: dataset for dataset in Dataset.objects.all()}
    if not datasets:
        return
    counted = counted_versions(submission_ids)
    blocks = _blocks_of(counted, datasets)
    touched = set(
        EntityVersion.objects.filter(submission_id__in=list(submission_ids))
        .order_by()
        .values_list("submission_id", flat=True)
    )
    for row in sorted(counted, key=lambda row: (row.version_id or 0, row.submission_id)):
        if row.submission_id in blocks or row.submission_id in touched:
            _settle(row, blocks.get(row.submission_id))
    _bury({row.submission_id for row in counted if row.version_id is None} - touched, datasets)


def _blocks_of(
    counted: Iterable[Counted], datasets: Mapping[str, Dataset]
) -> dict[int, list[Block]]:
    """Submission → the blocks about these lists in its version that counts; documents are read only of forms that have some."""
    chosen = {row.version_id: row for row in counted if row.version_id is not None}
    form_of = dict(
        SubmissionVersion.objects.filter(pk__in=chosen)
        .order_by()
        .values_list("pk", "form_version_id")
    )
    forms = entity_forms(form_of.values())
    filling = [
        version for version, form in form_of.items() if datasets.keys() & set(forms[form].datasets)
    ]
    blocks: dict[int, list[Block]] = {}
    for version, document in _documents(filling):
        row, form = chosen[version.pk], forms[version.form_version_id]
        blocks[row.submission_id] = list(_read(row, version, document, form, datasets))
    return blocks


def _documents(versions: Sequence[int]) -> Iterable[tuple[SubmissionVersion, bytes]]:
    """These versions with their answers, opened; encrypted ones that nobody opened are left out."""
    if not versions:
        return
    opened = dict(
        EncryptedVersion.objects.filter(version__in=versions).values_list("version_id", "document")
    )
    rows = SubmissionVersion.objects.filter(pk__in=versions, erased_at=None).order_by("pk")
    for version in rows:
        sealed = opened.get(version.pk, version.document)
        if sealed is not None:
            yield version, unseal_document(bytes(sealed))


def _read(
    row: Counted,
    version: SubmissionVersion,
    document: bytes,
    form: EntityForm,
    datasets: Mapping[str, Dataset],
) -> Iterable[Block]:
    for ordinal, read in enumerate(entity_blocks(document)):
        dataset = datasets.get(read.dataset)
        if dataset is not None:
            given = {
                form.properties[path]: text
                for path, text in read.values.items()
                if path in form.properties
            }
            yield Block(
                submission=row.submission_id,
                version=version.pk,
                ordinal=ordinal,
                dataset=dataset,
                read=read,
                given={**given, LABEL: read.label} if read.label else given,
                sender_areas=None if version.sender_areas is None else tuple(version.sender_areas),
                area_code=row.area_code,
                submitter=version.submitter_id,
                received_at=version.received_at,
                user_agent=version.user_agent,
                is_approved=row.review_state == ReviewState.APPROVED,
            )


def _settle(row: Counted, read: Sequence[Block] | None) -> None:
    """Bring what one submission gives in step with the version of it that counts; None: nothing of it could be read."""
    blocks = read or ()
    given = list(
        EntityVersion.objects.filter(submission_id=row.submission_id)
        .select_related("entity__dataset")
        .order_by("pk")
    )
    own = {key_of(item): item for item in given if item.submission_version_id == row.version_id}
    standing = {key_of(item): item for item in given if item.counts}
    named = {(block.dataset.pk, block.uuid) for block in blocks}
    erased = set(
        SubmissionVersion.objects.filter(submission=row.submission_id, erased_at__isnull=False)
        .order_by()
        .values_list("pk", flat=True)
    )
    for key, item in ((key_of(item), item) for item in given):
        is_cut = read is not None and item.submission_version_id == row.version_id
        if item.given and (item.submission_version_id in erased or (is_cut and key not in named)):
            _forget(item)
    faults = Unapplied.objects.filter(submission_id=row.submission_id)
    faults.exclude(submission_version_id=row.version_id or 0).delete()
    for key, item in standing.items():
        if item.counts and item.submission_version_id != row.version_id and key not in named:
            _let_count(item, counts=False)
    for block in blocks:
        if block.uuid is None:
            apply_block(block)
            continue
        about = (block.dataset.pk, block.uuid)
        same = own.get(about)
        if same is None:
            apply_block(block, replaced=standing.get(about) or _former(given, about))
        elif not same.counts and same.given:
            _let_count(same, counts=True)


def _former(given: Iterable[EntityVersion], key: tuple[int, UUID]) -> EntityVersion | None:
    """The last thing that the submission gave to the entity, which counts no more."""
    same = [item for item in given if key_of(item) == key]
    return same[-1] if same else None


def key_of(item: EntityVersion) -> tuple[int, UUID]:
    """The list and the uuid of the entity that a version is of."""
    return item.entity.dataset_id, item.entity.uuid


def _forget(item: EntityVersion) -> None:
    """Erase what a version gave, because it was erased from its record."""
    EntityVersion.objects.filter(pk=item.pk).update(given={})
    item.given = {}
    if item.counts:
        _let_count(item, counts=False)


def _let_count(item: EntityVersion, *, counts: bool) -> None:
    """Let a version count, or not; phones learn so by a new version, which gives nothing itself."""
    entity = Entity.objects.select_for_update().select_related("dataset").get(pk=item.entity_id)
    EntityVersion.objects.filter(pk=item.pk).update(counts=counts)
    item.counts = counts
    refolded(entity, raising=True)


def apply_block(block: Block, replaced: EntityVersion | None = None) -> None:
    """Make or change the entity that the block names, or note why not."""
    fault = _FAULTS.get(block.read.fault) or _applied(block, replaced)
    if fault == "":
        Unapplied.objects.filter(
            submission_version_id=block.version, ordinal=block.ordinal
        ).delete()
    elif fault is not None:
        Unapplied.objects.update_or_create(
            submission_version_id=block.version,
            ordinal=block.ordinal,
            defaults={
                "dataset": block.dataset,
                "uuid": block.uuid,
                "submission_id": block.submission,
                "fault": fault,
                "at": block.received_at,
            },
        )


def _applied(block: Block, replaced: EntityVersion | None) -> str | None:
    """Apply a block that has no fault of its own; "" when it is applied, None when it waits for approval, else why not."""
    assert block.uuid is not None  # noqa: S101 otherwise the block has a fault
    entity = entity_of(block.dataset, block.uuid)
    if entity is not None and entity.version == 0:  # of a rejected record that is accepted now
        entity.delete()
        entity = None
    if entity is None or (block.read.create and replaced is not None and replaced.is_creation):
        if not block.read.create and replaced is None:
            return Unapplied.Fault.UNKNOWN
        return _create(block, entity, replaced)
    if replaced is not None:
        return _update(block, entity, replaced)
    if entity.gone_as:
        return Unapplied.Fault.GONE
    return _update(block, entity, None) if block.read.update else Unapplied.Fault.EXISTS


def _create(block: Block, entity: Entity | None, replaced: EntityVersion | None) -> str | None:
    if block.dataset.needs_approval and not block.is_approved and replaced is None:
        return None
    shared, area = sharing(block.dataset)
    if not shared:
        area = usable_area(block.given.get(block.dataset.area_property, "")) or block.area_code
        if not _may_stand(block, area):
            return Unapplied.Fault.OUTSIDE
    if entity is not None:
        return _update(block, entity, replaced)
    made = make(
        block.dataset,
        block.uuid,  # type: ignore[arg-type] # checked by the caller
        area=area,
        added=_added(block, is_creation=True),
        at=block.received_at,
    )
    _apply_waiting(made)
    return ""


def _update(block: Block, entity: Entity, replaced: EntityVersion | None) -> str:
    area = usable_area(block.given.get(block.dataset.area_property, ""))
    moves = not entity.is_shared and area not in ("", entity.area_code)
    if not _may_change(block, entity) or (moves and not _may_stand(block, area)):
        return Unapplied.Fault.OUTSIDE
    if replaced is not None and replaced.counts:
        EntityVersion.objects.filter(pk=replaced.pk).update(counts=False)
    added = _added(block, is_creation=replaced is not None and replaced.is_creation)
    append(entity, added, place=replaced.place if replaced is not None else None)
    return ""


def _added(block: Block, *, is_creation: bool) -> Added:
    return Added(
        values=block.given,
        creator_id=block.submitter,
        at=block.received_at,
        user_agent=block.user_agent,
        base=None if is_creation else block.read.base_version,
        trunk=None if is_creation else block.read.trunk_version,
        branch="" if is_creation else block.read.branch_id,
        submission=block.submission,
        submission_version=block.version,
        is_creation=is_creation,
    )


def _may_stand(block: Block, area: str) -> bool:
    """Whether an entity that the sender makes may stand in the area."""
    return block.sender_areas is None or holds(block.sender_areas, area)


def _may_change(block: Block, entity: Entity) -> bool:
    """Whether the sender may change the entity: it stands in an area of theirs, or is shared with it."""
    if block.sender_areas is None or holds(block.sender_areas, entity.area_code):
        return True
    return entity.is_shared and any(
        covers((entity.area_code,), area) for area in block.sender_areas
    )


def _apply_waiting(entity: Entity) -> None:
    """Apply the blocks that overtook the creation of the entity, in the order of receipt."""
    waiting = Unapplied.objects.filter(
        dataset=entity.dataset, uuid=entity.uuid, fault=Unapplied.Fault.UNKNOWN
    )
    submissions = list(
        waiting.order_by("submission_version_id").values_list("submission_id", flat=True)
    )
    if not submissions:
        return
    counted = counted_versions(submissions)
    blocks = _blocks_of(counted, {entity.dataset.name: entity.dataset})
    for row in sorted(counted, key=lambda row: row.version_id or 0):
        for block in blocks.get(row.submission_id, []):
            if (
                block.uuid == entity.uuid
                and not EntityVersion.objects.filter(
                    entity=entity, submission_version_id=block.version
                ).exists()
            ):
                apply_block(block)


def _bury(submission_ids: set[int], datasets: Mapping[str, Dataset]) -> None:
    """Note entities that a phone made in a record that was rejected before it counted, so that the phone drops them."""
    rejected = Submission.objects.filter(
        pk__in=submission_ids, review_state=ReviewState.REJECTED, current_version__isnull=False
    ).order_by("pk")
    rows = list(rejected.values_list("pk", "current_version_id", "area_code"))
    blocks = _blocks_of(
        [Counted(pk, version, ReviewState.REJECTED, area) for pk, version, area in rows], datasets
    )
    for block in (block for own in blocks.values() for block in own):
        uuid = None if block.read.fault or not block.read.create else block.uuid
        if uuid is None or entity_of(block.dataset, uuid):
            continue
        shared, area = sharing(block.dataset)
        Entity.objects.create(
            dataset=block.dataset,
            uuid=uuid,
            area_code=area if shared else block.area_code,
            is_shared=shared,
            version=0,
            gone_as=Entity.Gone.WITHDRAWN,
            gone_at=block.received_at,
            created_at=block.received_at,
            creator_id=block.submitter,
        )
