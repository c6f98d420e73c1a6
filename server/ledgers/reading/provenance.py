"""Where every value came from, and what a submission changed (design §2: explainable)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from server.core.labels import Label
from server.ledgers.definitions.columns import Column, columns_of
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS, LEDGERS
from server.ledgers.definitions.vocabulary import Ledger
from server.ledgers.intake.mapping import question_paths
from server.ledgers.models import ContributionRow
from server.ledgers.models.base import LedgerEntry
from server.submissions.models import Submission


@dataclass(frozen=True, slots=True)
class Origin:
    """What gave a column its value."""

    contribution_id: int
    submission_id: int | None  # None for a desk act
    form: str | None
    instance_id: str | None
    path: str  # the question's, with the record's index; the record's when several questions feed the column
    question: str
    worker: str
    observed_at: datetime
    verified_level: int
    rule: str  # M0–M6

    @property
    def is_desk_act(self) -> bool:
        return self.submission_id is None


@dataclass(frozen=True, slots=True)
class Change:
    """What one record of a submission did to one entry."""

    ledger: str
    ledger_label: str
    entry: UUID
    title: str
    path: str
    gave: tuple[Column, ...]  # columns whose present value it gave
    lost: tuple[Column, ...]  # columns it spoke of that others decided
    exists: bool  # whether the entry is in the ledger


def provenance(entry: LedgerEntry) -> dict[str, Origin]:
    """Column → origin of its value, for every column that was given and not computed. Two queries."""
    columns = columns_of(type(entry))
    ledger = next(name for name, model in LEDGERS.items() if isinstance(entry, model))
    wanted = [int(contribution) for contribution in entry.origins]
    found: dict[str, Origin] = {}
    for said in _contributions(wanted):
        for name in entry.origins[str(said.pk)]:
            column = columns.get(name)
            if column is not None:
                found[name] = _origin(said, ledger, column)
    return {name: found[name] for name in columns if name in found}


def _contributions(ids: Iterable[int]) -> Iterable[ContributionRow]:
    return (
        ContributionRow.objects.filter(pk__in=list(ids))
        .select_related("worker", "form_version__form", "submission")
        .order_by("observed_at", "received_at", "instance_id", "id")
    )


def _origin(said: ContributionRow, ledger: str, column: Column) -> Origin:
    version = said.form_version
    path, question = said.path, ""
    if version is not None:
        paths = question_paths(version.mapping, ledger, column.name)
        labels = {
            item["path"]: item["label"]
            for item in version.questions.get("items", ())
            if item["path"] in paths
        }
        if len(paths) == 1:
            path = _indexed(paths[0], said.path)
        question = " / ".join(
            dict.fromkeys(
                str(Label(label.get("zh", ""), label.get("en", ""))) for label in labels.values()
            )
        )
    return Origin(
        contribution_id=said.pk,
        submission_id=said.submission_id,
        form=version.form.title if version else None,
        instance_id=said.submission.instance_id if said.submission else None,
        path=path,
        question=question or str(column.label),
        worker=str(said.worker),
        observed_at=said.observed_at,
        verified_level=said.level,
        rule=column.merge.value,
    )


def _indexed(question: str, record: str) -> str:
    """A question's path with the index of the repeat its record stands in."""
    bare = "/".join(step.partition("[")[0] for step in record.split("/"))
    return record + question[len(bare) :] if question.startswith(bare + "/") else question


def changes_of(submission: Submission) -> list[Change]:
    """What a submission says of each entry, and which of it holds now. One query a ledger."""
    contributions = list(ContributionRow.objects.filter(submission=submission).order_by("id"))
    found: list[Change] = []
    for family, model in LEDGERS.items():
        mine = [said for said in contributions if said.family == family]
        if not mine:
            continue
        rows: dict[UUID, Any] = model._default_manager.in_bulk([said.entry for said in mine])
        for said in mine:
            row = rows.get(said.entry)
            gave = set(row.origins.get(str(said.pk), ())) if row is not None else set()
            columns = COLUMNS[family]
            spoken = [columns[name] for name in said.values if name in columns]
            found.append(
                Change(
                    ledger=family,
                    ledger_label=str(DEFINITIONS[Ledger(family)].label),
                    entry=said.entry,
                    title=title_of(row) if row is not None else "",
                    path=said.path,
                    gave=tuple(column for column in spoken if column.name in gave),
                    lost=tuple(column for column in spoken if column.name not in gave),
                    exists=row is not None,
                )
            )
    return found


def title_of(row: LedgerEntry) -> str:
    """What a person calls an entry: never an ID number or a phone."""
    for name in ("name", "address", "title"):
        if value := getattr(row, name, None):
            return str(value)
    for name in ("hh_no", "case_no", "vacancy_no"):
        if value := getattr(row, name, None):
            return str(value)
    return str(row.pk)[:8]
