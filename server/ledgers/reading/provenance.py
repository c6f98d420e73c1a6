"""Which contribution each value of an entry comes from, and what a submission changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Point

from server.accounts.access import READERS, RESTRICTED, Access
from server.core.labels import Label
from server.core.masking import mask_numbers
from server.ledgers.definitions.columns import Column, Kind, columns_of
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS, LEDGERS, name_of
from server.ledgers.intake.mapping import question_paths
from server.ledgers.models import ContributionRow, DeskAct
from server.ledgers.models.base import LedgerEntry
from server.submissions.models import Submission


@dataclass(frozen=True, slots=True)
class Origin:
    """The contribution that gave a column its value, as a person reads it."""

    contribution_id: int
    submission_id: int | None  # None for a desk act, and for a record of another area
    form: str | None
    instance_id: str | None
    path: str  # of the question, with indexes of repeats; of the record when several questions feed the column
    question: str
    worker: str
    observed_at: datetime
    verified_level: int
    rule: str  # M0–M6
    is_elsewhere: bool = False  # of another area: who, which record and which question are not said
    corrected_by: str | None = None  # the instanceID of the correction whose answer this is
    correction_id: int | None = None  # and its submission

    @property
    def is_desk_act(self) -> bool:
        return self.submission_id is None and not self.is_elsewhere


@dataclass(frozen=True, slots=True)
class Change:
    """What one contribution of a submission changed in one entry."""

    ledger: str
    ledger_label: str
    entry: UUID | None  # None in another area
    title: str
    path: str
    gave: tuple[Column, ...]  # columns whose present value comes from it
    lost: tuple[Column, ...]  # columns it has a value for, but another contribution's holds
    exists: bool  # whether the entry is in the ledger
    is_elsewhere: bool = False  # it lies in another area


def provenance(access: Access, entry: LedgerEntry) -> dict[str, Origin]:
    """Column → origin of its value, for every column whose value was observed and not computed. Two queries, or three.

    Of a record or desk act of another area the reader learns when it was observed and how
    well it was verified, nothing else.
    """
    columns = columns_of(type(entry))
    ledger = name_of(type(entry))
    wanted = [int(contribution) for contribution in entry.origins]
    origins: dict[str, Origin] = {}
    contributions = list(_contributions(wanted))
    here = made_here(access, contributions)
    for contribution in contributions:
        for name in entry.origins[str(contribution.pk)]:
            column = columns.get(name)
            if column is not None:
                is_here = contribution.pk in here
                origins[name] = _origin(contribution, ledger, column, is_here=is_here)
    return {name: origins[name] for name in columns if name in origins}


@dataclass(frozen=True, slots=True)
class GivenValue:
    """A value that sources give a column of an entry."""

    entry: LedgerEntry  # unsaved, with this value of the column
    contribution: int  # the latest that gives it
    origins: tuple[Origin, ...]  # the latest first
    holds: bool  # it is the entry's present value


def values_given(access: Access, entry: LedgerEntry, column: Column) -> list[GivenValue]:
    """The values that records and desk acts of the reader's areas give a column, the latest first; equal ones once.

    The caller has checked that the reader may see the column. Two queries, or one.
    """
    ledger = name_of(type(entry))
    rows = contributions_here(access, ledger, entry.pk)
    given = [row for row in rows if row.values.get(column.name) is not None]
    holding = {int(number) for number, names in entry.origins.items() if column.name in names}
    grouped: dict[str, list[ContributionRow]] = {}
    for row in given:
        value = row.values.get(f"{column.name}#", row.values[column.name])
        grouped.setdefault(json.dumps(value, sort_keys=True), []).append(row)
    chosen = []
    for same in grouped.values():
        stand_in = copy(entry)
        setattr(stand_in, column.name, held(entry, column, same[0].values[column.name]))
        origins = tuple(_origin(row, ledger, column, is_here=True) for row in same)
        is_holding = any(row.pk in holding for row in same)
        chosen.append(GivenValue(stand_in, same[0].pk, origins, is_holding))
    return chosen


def contributions_here(access: Access, ledger: str, entry: UUID) -> list[ContributionRow]:
    """An entry's contributions from records and desk acts of the reader's areas, the latest first. Two queries, or one."""
    rows = list(
        ContributionRow.objects.filter(family=ledger, entry=entry)
        .select_related("worker", "form_version__form", "submission")
        .order_by("-observed_at", "-received_at", "-instance_id", "-id")
    )
    here = made_here(access, rows)
    return [row for row in rows if row.pk in here]


def held(entry: LedgerEntry, column: Column, value: Any) -> Any:
    """A contributed value as the entry holds it."""
    if value is None:
        return None
    if column.kind is Kind.POINT:
        return Point(value[0], value[1], srid=4326)
    return entry._meta.get_field(column.name).to_python(value)  # type: ignore[union-attr]


def _contributions(ids: Iterable[int]) -> Iterable[ContributionRow]:
    return (
        ContributionRow.objects.filter(pk__in=list(ids))
        .select_related("worker", "form_version__form", "submission")
        .order_by("observed_at", "received_at", "instance_id", "id")
    )


def made_here(access: Access, contributions: Collection[ContributionRow]) -> set[int]:
    """The numbers of those contributions whose record or desk act lies in the reader's areas. One query, or none."""
    here = {
        row.pk
        for row in contributions
        if row.submission is not None and access.may(READERS, row.submission.area_code)
    }
    acts = [-row.pk for row in contributions if row.submission is None]
    if acts:
        within = DeskAct.objects.filter(access.within(), pk__in=acts)
        here |= {-act for act in within.values_list("pk", flat=True)}
    return here


def _origin(contribution: ContributionRow, ledger: str, column: Column, *, is_here: bool) -> Origin:
    if not is_here:
        return Origin(
            contribution_id=0,
            submission_id=None,
            form=None,
            instance_id=None,
            path="",
            question="",
            worker="",
            observed_at=contribution.observed_at,
            verified_level=contribution.level,
            rule=column.merge.value,
            is_elsewhere=True,
        )
    version = contribution.form_version
    correction = _correction(contribution, column)
    path, question = contribution.path, ""
    if version is not None:
        paths = question_paths(version.mapping, ledger, column.name)
        labels = {
            item["path"]: item["label"]
            for item in version.questions.get("items", ())
            if item["path"] in paths
        }
        if len(paths) == 1:
            path = _indexed(paths[0], contribution.path)
        question = " / ".join(
            dict.fromkeys(
                str(Label(label.get("zh", ""), label.get("en", ""))) for label in labels.values()
            )
        )
    return Origin(
        contribution_id=contribution.pk,
        submission_id=contribution.submission_id,
        form=version.form.title if version else None,
        instance_id=contribution.submission.instance_id if contribution.submission else None,
        path=path,
        question=question or str(column.label),
        worker=str(correction.submitter if correction else contribution.worker),
        observed_at=contribution.observed_at,
        verified_level=contribution.level,
        rule=column.merge.value,
        corrected_by=correction.instance_id if correction else None,
        correction_id=correction.pk if correction else None,
    )


def _correction(contribution: ContributionRow, column: Column) -> Submission | None:
    """The record whose answer replaced that of the contribution's own, in this column. One query, or none."""
    number = contribution.corrected.get(column.name)
    if number is None:
        return None
    return Submission.objects.filter(pk=number).select_related("submitter").first()


def _indexed(question: str, record: str) -> str:
    """A question's path with the index of the repeat its record stands in."""
    bare = "/".join(step.partition("[")[0] for step in record.split("/"))
    return record + question[len(bare) :] if question.startswith(bare + "/") else question


def changes_of(access: Access, submission: Submission) -> list[Change]:
    """What a submission contributes to each entry, and which of its values hold now. One query, and one a ledger.

    Of an entry that lies in another area now the reader learns that there is one, of that ledger.
    """
    contributions = list(ContributionRow.objects.filter(submission=submission).order_by("id"))
    changes: list[Change] = []
    for family, model in LEDGERS.items():
        of_family = [item for item in contributions if item.family == family]
        if not of_family or _is_hidden(access, family, submission):
            continue
        rows: dict[UUID, Any] = model._default_manager.in_bulk([item.entry for item in of_family])
        for contribution in of_family:
            row = rows.get(contribution.entry)
            is_here = row is None or access.may(READERS, row.area_code)
            if not is_here:
                row = None
            gave = set(row.origins.get(str(contribution.pk), ())) if row is not None else set()
            columns = COLUMNS[family]
            observed = [columns[name] for name in contribution.values if name in columns]
            changes.append(
                Change(
                    ledger=family,
                    ledger_label=str(DEFINITIONS[family].label),
                    entry=contribution.entry if is_here else None,
                    title=title_of(row) if row is not None else "",
                    path=contribution.path,
                    gave=tuple(column for column in observed if column.name in gave),
                    lost=tuple(column for column in observed if column.name not in gave)
                    if is_here
                    else (),
                    exists=row is not None,
                    is_elsewhere=not is_here,
                )
            )
    return changes


def _is_hidden(access: Access, family: str, submission: Submission) -> bool:
    """Whether the reader may not know that the record is about an entry of this ledger."""
    return DEFINITIONS[family].is_restricted and not access.may(RESTRICTED, submission.area_code)


def title_of(row: LedgerEntry) -> str:
    """What people call an entry: its name, address or title, else its number. Never an ID number or a phone.

    Of a home also building and room: many stand at one address.
    """
    for name in ("name", "address", "title"):
        if value := getattr(row, name, None):
            parts = [value]
            if name == "address":
                parts += [getattr(row, part, None) for part in ("building", "room")]
            return mask_numbers(" ".join(str(part) for part in parts if part))
    for name in ("hh_no", "case_no", "vacancy_no"):
        if value := getattr(row, name, None):
            return str(value)
    return str(row.pk)[:8]
