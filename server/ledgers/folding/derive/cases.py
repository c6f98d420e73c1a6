"""Rows of assistance cases (L4): state, counters and next due visit of each course (rules.md, Cases: states). Pure.

What only a person may decide (check, public notice, certification, suspension) comes as
desk acts on `case.` columns; derive.courses reads the rest off the person's spells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from server.ledgers.definitions.codes import CaseLevel, FoundBy
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.machines import CASE
from server.ledgers.definitions.vocabulary import (
    UNDER_WAY,
    VISITED,
    CaseState,
    ExceptionKind,
    Family,
    Ledger,
)
from server.ledgers.folding.derive.ages import add_months
from server.ledgers.folding.derive.categories import Categories, evidence_of
from server.ledgers.folding.derive.courses import Course, courses_of
from server.ledgers.folding.derive.due import is_open
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.merge import Observation, run_machine
from server.ledgers.folding.row import (
    RaisedException,
    Row,
    RowBuilder,
    fold_columns,
    observations_by_column,
    readable_number,
)
from server.ledgers.folding.spells import Spell
from server.ledgers.identity.keys import owned_uuid

_PREFIX = "case."
_SET_HERE = frozenset({"state", "category", "subject_person", "subject_household", "case_no"})
_FROM_SUBJECT = (
    "area_code",
    "observed_at",
    "verified_level",
    "source_submission_id",
    "recorded_by_id",
    "last_confirmed_on",
)


@dataclass(frozen=True, slots=True)
class VisitFact:
    """What a case needs to know of a visit."""

    id: str
    day: date
    outcome: str | None
    services: tuple[str, ...]
    next_visit_on: date | None  # promised to the household
    worker_id: int | None

    @property
    def is_made(self) -> bool:
        """Whether it counts as a visit; finding nobody at home does not (rules.md, Visits)."""
        return self.outcome in VISITED


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whom a case is about, and the time it covers."""

    family: Family
    row: Row
    case: str  # the case's entry
    visits: Sequence[VisitFact]  # of the case's time, oldest first
    contributions: Sequence[Contribution]  # of the case's time, in fold order

    @property
    def visits_made(self) -> list[VisitFact]:
        return [visit for visit in self.visits if visit.is_made]


def person_cases(
    row: Row,
    contributions: Sequence[Contribution],
    spells: Sequence[Spell],
    categories: Categories,
    visits: Sequence[VisitFact],
    as_of: date,
) -> list[RowBuilder]:
    """The person's cases, past and present; at most one is open. Sets `is_key` on the person.

    `contributions` are the person's in fold order, `visits` those to the person and the
    home, oldest first.
    """
    courses = courses_of(row, contributions, spells, categories, as_of)
    ends = [course.opened_on for course in courses[1:]]
    cases = []
    for course, end in zip(courses, [*ends, date.max], strict=False):
        subject = _Subject(
            Family.PERSON,
            row,
            owned_uuid(row["id"], f"case/{course.start}"),
            [visit for visit in visits if course.start <= visit.day < end],
            [item for item in contributions if course.opened_on <= item.day < end],
        )
        case = _build(subject, course, as_of, categories.rules)
        case.row["subject_person_id"] = row["id"]
        case.row["five_clear"] = _five_clear(row, course)
        case.row.setdefault(
            "category_evidence", evidence_of(case.row["category"], row, categories.home)
        )
        cases.append(case)
    row["is_key"] = any(
        is_open(case.row["state"]) and case.row["level"] == CaseLevel.KEY for case in cases
    )
    return cases


def household_case(
    row: Row,
    contributions: Sequence[Contribution],
    category: str,
    visits: Sequence[VisitFact],
    as_of: date,
    rules: Rules,
) -> RowBuilder:
    """The case of a household in which nobody works (rules.md, Zero-employment households).

    `contributions` are the household's in fold order, `visits` those to it and its
    members, oldest first. It opens on the day the household was last described.
    """
    since = max((item.day for item in contributions if item.values), default=as_of)
    subject = _Subject(
        Family.HOUSEHOLD,
        row,
        owned_uuid(row["id"], "case/zero-employment"),
        [visit for visit in visits if since <= visit.day],
        [item for item in contributions if since <= item.day],
    )
    case = _build(subject, Course(since, since, {category: since}), as_of, rules)
    case.row["subject_household_id"] = row["id"]
    case.row["level"] = CaseLevel.KEY
    return case


def _build(subject: _Subject, course: Course, as_of: date, rules: Rules) -> RowBuilder:
    """A case's row: columns that staff set, automatic state, counters and due day."""
    row: Row = {name: subject.row[name] for name in _FROM_SUBJECT}
    row |= {"id": subject.case, "refold_on": None}
    builder = RowBuilder(subject.family, subject.case, row)
    observations = observations_by_column(subject.contributions, _PREFIX)
    fold_columns(builder, COLUMNS[Ledger.CASE], observations, skip=_SET_HERE)
    row["case_no"] = readable_number(row["area_code"], subject.case)
    row["state"] = _state(builder, subject, course, observations.get("state", ()))
    _set_course(row, course)
    _set_visits(row, subject)
    if course.placed_by is not None:
        row["placed_on"] = course.placed_by.start
        row["placed_form"] = course.placed_by.row.get("emp_form")
        row["followup"] = _followup(row["placed_on"], subject, as_of, rules)
    row["next_due"] = _next_due(row, subject.visits, as_of, rules)
    return builder


def _state(
    builder: RowBuilder, subject: _Subject, course: Course, decided: Sequence[Observation]
) -> str:
    """The state staff brought the case to, moved on by spells and visits (rules.md, Cases: states)."""
    run = run_machine(CASE, decided)
    if run.mover is not None:
        builder.add_origin(run.mover, "state")
    builder.raised += [
        RaisedException(
            ExceptionKind.ILLEGAL_MOVE, subject.family, subject.row["id"], item, "case.state"
        )
        for item in run.illegal
    ]
    if course.closed_on is not None or not is_open(run.state):
        return CaseState.CLOSED
    if course.placed_by is not None:
        placed_on = course.placed_by.start
        is_followed_up = any(visit.day > placed_on for visit in subject.visits_made)
        return CaseState.FOLLOW_UP if is_followed_up else CaseState.PLACED
    if run.state == CaseState.CERTIFIED and subject.visits_made:
        return CaseState.ACTIVE
    return run.state


def _set_course(row: Row, course: Course) -> None:
    row["category"] = sorted(course.categories)
    row.setdefault("level", CaseLevel.KEY if len(course.categories) > 1 else CaseLevel.GENERAL)
    row.setdefault("found_by", FoundBy.SCREENING)
    row["opened_on"] = course.opened_on
    row["offers_n"] = row["refusals_n"] = 0  # counted from the offers (L8), which no form fills yet
    if not is_open(row["state"]):
        row.setdefault("closed_on", course.closed_on)
        row.setdefault("close_reason", course.reason)


def _set_visits(row: Row, subject: _Subject) -> None:
    services = {code for visit in subject.visits for code in visit.services}
    row.setdefault("plan_services", sorted(services))
    row["last_visit"] = max((visit.day for visit in subject.visits_made), default=None)
    workers = [visit.worker_id for visit in subject.visits if visit.worker_id is not None]
    row.setdefault("linked_worker_id", workers[-1] if workers else row["recorded_by_id"])


def _followup(
    placed_on: date, subject: _Subject, as_of: date, rules: Rules
) -> list[dict[str, Any]]:
    """For each follow-up visit due after a placement: until when, and the visit that met it."""
    followup, since = [], placed_on
    months_due = rules.value("visit_due.placed_months", subject.row["area_code"], as_of)
    for months in map(int, months_due.split()):
        due_on = add_months(placed_on, months)
        done_on = next((visit.day for visit in subject.visits_made if since < visit.day), None)
        followup.append(
            {
                "months": months,
                "due_on": due_on.isoformat(),
                "done_on": done_on and done_on.isoformat(),
            }
        )
        since = done_on or due_on
    return followup


def _next_due(row: Row, visits: Sequence[VisitFact], as_of: date, rules: Rules) -> date | None:
    """When the next visit is due (rules.md, Due dates); None when no visit is.

    A day promised to the household at the last visit may only bring it forward.
    """
    state, last_visit, opened_on = row["state"], row["last_visit"], row["opened_on"]
    if state in (CaseState.CLOSED, CaseState.SUSPENDED):
        return None
    if state in (CaseState.PLACED, CaseState.FOLLOW_UP):
        not_done = [item["due_on"] for item in row["followup"] if item["done_on"] is None]
        return date.fromisoformat(not_done[0]) if not_done else None
    is_first = last_visit is None and state not in UNDER_WAY
    key = "visit_due.candidate" if is_first else "visit_due.certified"
    since = opened_on if is_first else last_visit
    due: date = (since or opened_on) + timedelta(days=rules.number(key, row["area_code"], as_of))
    promised = visits[-1].next_visit_on if visits else None
    if promised is None or (since is not None and promised <= since):
        return due
    return min(due, promised)


def _five_clear(row: Row, course: Course) -> dict[str, Any]:
    """五清: family, reason of unemployment, skills, training wish and job wish, as far as known."""
    reason = course.unemployment.row.get("unemp_reason") if course.unemployment else None
    facts = {
        "family": row.get("relation"),
        "reason": reason,
        "skills": row.get("skills") or row.get("skill_grade"),
        "training": row.get("training_wish"),
        "wish": row.get("wish_job"),
    }
    return {name: value for name, value in facts.items() if value is not None}
