"""Rows of assistance cases (L4): state, counters and next due visit of each course (rules.md, Cases: states). Pure.

What only a person may decide (check, public notice, certification, suspension) comes as
desk acts on `case.` columns; derive.courses and derive.zero_employment say the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from server.ledgers.definitions.codes import CaseLevel, FoundBy
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import (
    UNDER_WAY,
    CaseState,
    Family,
    Ledger,
)
from server.ledgers.folding.derive.ages import add_months
from server.ledgers.folding.derive.case_states import VisitFact, case_states
from server.ledgers.folding.derive.caseless import visits_in_vain
from server.ledgers.folding.derive.categories import evidence_of
from server.ledgers.folding.derive.course import Course, Placement
from server.ledgers.folding.derive.due import is_open
from server.ledgers.folding.derive.households import HouseholdFacts
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.derive.zero_employment import ZeroEmployment
from server.ledgers.folding.history import Step, stored
from server.ledgers.folding.row import (
    RaisedException,
    Row,
    RowBuilder,
    fold_columns,
    observations_by_column,
    readable_number,
)
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
    courses: Sequence[Course],
    home: HouseholdFacts | None,
    visits: Sequence[VisitFact],
    as_of: date,
    rules: Rules,
) -> list[RowBuilder]:
    """The person's cases, past and present; at most one is open. Sets `is_key` on the person.

    `contributions` are the person's in fold order, `visits` those to the person and the
    home, oldest first.
    """
    cases = []
    for subject, course in _subjects(Family.PERSON, row, contributions, courses, visits):
        case = _build(subject, course, (), as_of, rules)
        case.row["subject_person_id"] = row["id"]
        case.row["five_clear"] = _five_clear(row, course)
        case.row.setdefault("category_evidence", evidence_of(case.row["category"], row, home))
        cases.append(case)
    row["is_key"] = any(
        is_open(case.row["state"]) and case.row["level"] == CaseLevel.KEY for case in cases
    )
    return cases


def household_cases(
    row: Row,
    contributions: Sequence[Contribution],
    states: ZeroEmployment,
    visits: Sequence[VisitFact],
    as_of: date,
    rules: Rules,
) -> list[RowBuilder]:
    """The cases of a household in which nobody works (rules.md, Zero-employment households).

    `contributions` are the household's in fold order, `visits` those to it and its
    members, oldest first.
    """
    cases = []
    subjects = _subjects(Family.HOUSEHOLD, row, contributions, states.courses, visits)
    for subject, course in subjects:
        case = _build(subject, course, states.steps, as_of, rules)
        case.row["subject_household_id"] = row["id"]
        case.row["level"] = CaseLevel.KEY
        cases.append(case)
    return cases


def _subjects(
    family: Family,
    row: Row,
    contributions: Sequence[Contribution],
    courses: Sequence[Course],
    visits: Sequence[VisitFact],
) -> Iterator[tuple[_Subject, Course]]:
    """Each case with what is of its time."""
    ends = [course.opened_on for course in courses[1:]]
    for course, end in zip(courses, [*ends, date.max], strict=False):
        subject = _Subject(
            family,
            row,
            owned_uuid(row["id"], course.name),
            [visit for visit in visits if course.start <= visit.day < end],
            [item for item in contributions if course.opened_on <= item.day < end],
        )
        yield subject, course


def _build(
    subject: _Subject, course: Course, of_household: Sequence[Step], as_of: date, rules: Rules
) -> RowBuilder:
    """A case's row: columns that staff set, states, counters and due day."""
    row: Row = {name: subject.row[name] for name in _FROM_SUBJECT}
    row |= {"id": subject.case, "refold_on": None}
    builder = RowBuilder(subject.family, subject.case, row)
    observations = observations_by_column(subject.contributions, _PREFIX)
    fold_columns(builder, COLUMNS[Ledger.CASE], observations, skip=_SET_HERE)
    row["case_no"] = readable_number(row["area_code"], subject.case)
    if course.mover is not None:
        builder.add_origin(course.mover, "state")
    states = case_states(course, subject.visits, of_household)
    row["state"] = states[-1].value
    row["history"] = {"state": stored(states), "category": stored(course.categories)}
    certified = [step.day for step in states if step.value == CaseState.CERTIFIED]
    if certified:
        row.setdefault("certified_on", certified[-1])
    _set_course(row, course)
    _set_visits(row, subject)
    placement = course.placement
    if placement is not None:
        row["placed_on"] = placement.since
        row["placed_form"] = placement.spell.row.get("emp_form")
        row["followup"] = _followup(placement, subject, as_of, rules)
    row["next_due"] = _next_due(row, subject.visits, as_of, rules)
    if is_open(row["state"]):
        _tell_of_visits(builder, subject, as_of, rules)
    return builder


def _tell_of_visits(builder: RowBuilder, subject: _Subject, as_of: date, rules: Rules) -> None:
    """Raise what somebody must know of visits in vain, until one succeeds (rules.md, Visits)."""
    area = subject.row["area_code"]
    for kind, cause, detail in visits_in_vain(subject.visits, area, as_of, rules):
        builder.raised.append(
            RaisedException(kind, subject.family, subject.row["id"], cause, "", detail)
        )


def _set_course(row: Row, course: Course) -> None:
    row["category"] = course.categories[-1].value
    row.setdefault("level", CaseLevel.KEY if len(row["category"]) > 1 else CaseLevel.GENERAL)
    row.setdefault("found_by", FoundBy.SCREENING)
    row["opened_on"] = course.opened_on
    row["offers_n"] = row["refusals_n"] = 0  # of a person's case counted from the offers (L8)
    if is_open(row["state"]):
        row.pop("closed_on", None)
        row.pop("close_reason", None)
    else:
        row.setdefault("closed_on", course.closed_on)
        row.setdefault("close_reason", course.reason)


def _set_visits(row: Row, subject: _Subject) -> None:
    services = {code for visit in subject.visits for code in visit.services}
    row.setdefault("plan_services", sorted(services))
    row["last_visit"] = max((visit.day for visit in subject.visits_made), default=None)
    workers = [visit.worker_id for visit in subject.visits if visit.worker_id is not None]
    row.setdefault("linked_worker_id", workers[-1] if workers else row["recorded_by_id"])


def _followup(
    placement: Placement, subject: _Subject, as_of: date, rules: Rules
) -> list[dict[str, Any]]:
    """For each follow-up visit due after a placement: until when, and the visit that met it."""
    followup, since = [], placement.since
    visits = [visit.day for visit in subject.visits if visit.follows_up(placement)]
    months_due = rules.value("visit_due.placed_months", subject.row["area_code"], as_of)
    for months in map(int, months_due.split()):
        due_on = add_months(placement.since, months)
        done_on = next((day for day in visits if since < day), None)
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

    Visits before the case opened put nothing off. A day promised to the household at the last
    visit may only bring it forward.
    """
    state, opened_on = row["state"], row["opened_on"]
    if state in (CaseState.CLOSED, CaseState.SUSPENDED):
        return None
    if state in (CaseState.PLACED, CaseState.FOLLOW_UP):
        not_done = [item["due_on"] for item in row["followup"] if item["done_on"] is None]
        return date.fromisoformat(not_done[0]) if not_done else None
    made = [visit.day for visit in visits if visit.is_made and visit.day >= opened_on]
    is_first = not made and state not in UNDER_WAY
    key = "visit_due.candidate" if is_first else "visit_due.certified"
    since = max(made, default=opened_on)
    due: date = since + timedelta(days=rules.number(key, row["area_code"], as_of))
    promised = visits[-1].next_visit_on if visits else None
    if promised is None or (promised <= since and (made or is_first)):
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
