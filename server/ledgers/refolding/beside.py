"""What the ledgers hold beside the answers of one record, for whoever reviews it.

Beside an answer stands the value that the ledger has without the record: the present one where
another record or a desk act gave it, else the one that the remaining contributions give by
the column's merge rule. A record that does not count yet is read by its form's mapping, as
merging would read it; nothing is stored.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from server.accounts.access import Access
from server.core.clock import office_day
from server.core.masking import mask_numbers
from server.core.sealing import UnknownKey, unseal_text
from server.ledgers.definitions.columns import Column, Kind, Merge, Sensitivity
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS
from server.ledgers.definitions.vocabulary import Ledger
from server.ledgers.folding.merge import Observation, decide
from server.ledgers.intake.contribute import Source, contributed, shared_keys
from server.ledgers.intake.extract import records
from server.ledgers.models.base import LedgerEntry
from server.ledgers.reading.entries import may_see_restricted, rows_of, value_for
from server.ledgers.reading.provenance import held
from server.ledgers.refolding.offices import offices_for
from server.ledgers.storage.contributions import (
    contributions_of_entries,
    contributions_of_submissions,
)
from server.ledgers.storage.identity_keys import resolved_keys
from server.ledgers.storage.naming import load_naming
from server.submissions.instance import Instance
from server.submissions.models import Submission

_INDEX: Final = re.compile(r"\[\d+\]")
_METRES_MOVED: Final = 20.0
_METRES_OF_DEGREE: Final = 111_000.0


class Standing(StrEnum):
    """How an answer stands to what the ledger holds without it."""

    NEW = "new"  # the ledger holds nothing
    SAME = "same"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Beside:
    """The ledger's side of one answer."""

    column: Column
    entry: (
        LedgerEntry | None
    )  # unsaved, with the ledger's value of the column; None where it has none
    standing: Standing


@dataclass(frozen=True, slots=True)
class Subject:
    """An entry that a part of the record is about."""

    ledger: str
    entry: UUID | None  # None: the ledger does not have it, or the reader does not see it
    row: LedgerEntry | None
    is_new: bool  # no other record or act says anything of it, as far as the reader sees


@dataclass(slots=True)
class Comparison:
    """A record beside the ledgers, by paths with indexes and without the root's name."""

    subjects: dict[str, list[Subject]] = field(default_factory=dict)  # of a record's path
    answers: dict[str, Beside] = field(
        default_factory=dict
    )  # of an answer's path; of known entries only

    def rows(self) -> Iterator[LedgerEntry]:
        """Every unsaved entry that the comparison shows a value of."""
        return (beside.entry for beside in self.answers.values() if beside.entry is not None)


def below_root(path: str) -> str:
    """A path without the root's name, which forms choose freely: /data/members[1]/name → members[1]/name."""
    return path.strip("/").partition("/")[2]


def compare(
    access: Access, submission: Submission, instance: Instance, paths: Iterable[str]
) -> Comparison:
    """The record's current version beside the ledgers.

    `instance` is that version's, opened if it came encrypted; `paths` are those of its
    answers, with indexes. One query a ledger and two more; four more for a record that does not count.
    """
    version = submission.current_version
    mapping = version.form_version.mapping if version else {}
    if version is None or not mapping.get("records"):
        return Comparison()
    own = contributions_of_submissions([submission.pk])
    if any(item.instance_id == version.instance_id for item in own):
        entries = {item.id: item.entry for item in own}
    else:
        own = _as_if_merged(submission, instance)
        entries = _entries_of(own)
    rows = _rows(access, own, entries)
    others = _others(submission, {str(row.pk) for row in rows.values()})
    comparison = Comparison()
    by_part: dict[tuple[str, str], Contribution] = {}
    for item in own:
        part = below_root(item.path)
        by_part.setdefault((item.family, part), item)
        row = rows.get((item.family, entries.get(item.id, "")))
        is_new = row is None or not others[str(row.pk)]
        subject = Subject(item.family, row.pk if row else None, row, is_new)
        if not _is_hidden(access, submission, item.family):
            comparison.subjects.setdefault(part, []).append(subject)
    mine = {item.id for item in own}
    for path in paths:
        for item, column in _targets(mapping, path, by_part):
            row = rows.get((item.family, entries.get(item.id, "")))
            if row is None or not _is_shown(access, row, column):
                continue
            if others[str(row.pk)]:
                before = _before(row, column, mine, others[str(row.pk)])
                now = held(row, column, item.values[column.name])
                comparison.answers[below_root(path)] = _beside(access, row, column, before, now)
    return comparison


def _is_hidden(access: Access, submission: Submission, family: str) -> bool:
    return DEFINITIONS[family].is_restricted and not may_see_restricted(
        access, submission.area_code
    )


def _is_shown(access: Access, row: LedgerEntry, column: Column) -> bool:
    is_open = column.sensitivity is not Sensitivity.RESTRICTED
    return is_open or may_see_restricted(access, row.area_code)


def _as_if_merged(submission: Submission, instance: Instance) -> list[Contribution]:
    """The contributions that the current version would make."""
    version = submission.current_version
    assert version is not None  # noqa: S101 the caller has looked
    load_naming()
    source = Source(
        submission_id=submission.pk,
        version_id=version.pk,
        form_version_id=version.form_version_id,
        instance_id=version.instance_id,
        received_at=submission.received_at,
        version_received_at=version.received_at,
        observed_at=submission.observed_at,
        submitter_id=version.submitter_id,
        review_state=submission.review_state,
        area_code=submission.area_code,
        flags=tuple(submission.flags),
        document=b"",  # it is parsed already
    )
    mapping = version.form_version.mapping
    extracted = records(instance.root, mapping, office_day(submission.received_at))
    return contributed(source, extracted, offices_for(shared_keys(extracted))).contributions


def _entries_of(contributions: Iterable[Contribution]) -> dict[int, str]:
    """Contribution → the entry that the first of its keys that is known resolves to."""
    items = list(contributions)
    resolved = resolved_keys({key for item in items for key in item.keys})
    known: dict[int, str] = {}
    for item in items:
        for key in item.keys:
            if entry := resolved.get((item.family, key)):
                known.setdefault(item.id, entry)
    return known


def _rows(
    access: Access, contributions: Iterable[Contribution], entries: Mapping[int, str]
) -> dict[tuple[str, str], Any]:
    """(ledger, entry) → its row, of those that the reader sees."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for item in contributions:
        if entry := entries.get(item.id):
            wanted[item.family].add(entry)
    rows: dict[tuple[str, str], Any] = {}
    for family, keys in wanted.items():
        with_heads = ("head_person",) if family == "household" else ()
        for row in rows_of(access, family).filter(pk__in=keys).select_related(*with_heads):
            rows[family, str(row.pk)] = row
    return rows


def _others(submission: Submission, entries: set[str]) -> dict[str, list[Contribution]]:
    """Entry → what others contributed to it, in the order of the fold."""
    others: dict[str, list[Contribution]] = defaultdict(list)
    for item in contributions_of_entries(entries):
        if item.submission_id != submission.pk:
            others[item.entry].append(item)
    for items in others.values():
        items.sort(key=_order)
    return others


def _order(item: Contribution) -> tuple[datetime, datetime, str, int]:
    return item.order


def _targets(
    mapping: Mapping[str, Any], path: str, by_part: Mapping[tuple[str, str], Contribution]
) -> Iterator[tuple[Contribution, Column]]:
    """The contribution that an answer went into, and the column it fills; columns of parts are left out."""
    question = f"/{mapping['root']}/{below_root(_INDEX.sub('', path))}"
    for index, name, _conversion, _list in mapping["questions"].get(question, ()):
        record = mapping["records"][index]
        depth = len(record["at"].strip("/").split("/"))
        part = below_root("/".join(path.strip("/").split("/")[:depth]))
        item = by_part.get((record["ledger"], part))
        column = COLUMNS[record["ledger"]].get(name)
        if item is not None and column is not None and column.name in item.values:
            yield item, column


def _before(
    row: LedgerEntry, column: Column, mine: set[int], others: Iterable[Contribution]
) -> Any:
    """The column's value without the record, as the row holds values; None for none."""
    givers = {int(item) for item, columns in row.origins.items() if column.name in columns}
    if not givers & mine:
        return getattr(row, column.name)
    observations = [
        Observation(item, item.values[column.name])
        for item in others
        if item.values.get(column.name) is not None
    ]
    if not observations:
        return None
    return held(row, column, decide(column.merge, column.kind, observations).value)


def _beside(access: Access, row: LedgerEntry, column: Column, before: Any, now: Any) -> Beside:
    if before is None or before == [] or before == "":
        return Beside(column, None, Standing.NEW)
    stand_in = copy(row)
    setattr(stand_in, column.name, before)
    is_same = _agree(
        column,
        value_for(access, row, column, before),
        value_for(access, row, column, now),
    )
    return Beside(column, stand_in, Standing.SAME if is_same else Standing.CHANGED)


def _agree(column: Column, before: Any, now: Any) -> bool:
    """Whether the answer says what the ledger holds; a code or text that is already collected is no change."""
    if column.kind is Kind.SEALED:
        return _opened(column, before) == _opened(column, now)
    if column.kind is Kind.POINT:
        return bool(before.distance(now) * _METRES_OF_DEGREE < _METRES_MOVED)
    if column.kind is Kind.CODES:
        if column.merge is Merge.ACCUMULATE:
            return set(now or ()) <= set(before)
        return set(now or ()) == set(before)
    if isinstance(before, str) and isinstance(now, str):
        return mask_numbers(before) == mask_numbers(now)
    return bool(before == now)


def _opened(column: Column, sealed: str) -> str:
    try:
        return unseal_text(sealed, column.name)
    except UnknownKey:
        return sealed


_VISITED: Final = (Ledger.HOUSEHOLD, Ledger.PERSON, Ledger.EMPLOYER, Ledger.CASE)


def subjects_of_record(comparison: Comparison) -> list[Subject]:
    """Whom the record is about, each once: households first, then persons, employers and cases."""
    order = list(_VISITED)
    seen: dict[tuple[str, UUID], Subject] = {}
    for subjects in comparison.subjects.values():
        for subject in subjects:
            if subject.entry is not None and subject.ledger in _VISITED:
                seen.setdefault((subject.ledger, subject.entry), subject)
    return sorted(seen.values(), key=lambda subject: order.index(Ledger(subject.ledger)))
