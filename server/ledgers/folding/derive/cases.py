"""Assistance cases (L4): who is entered, by which categories, and how far the case has come.

A person's case is read off their spells: it opens in an unemployment spell in which
some category holds, is placed by the employment that follows, and closes when that has
lasted (domain §4). What only a person may decide (check, notice, certification) comes
as desk corrections of `case.` columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.machines import CASE
from server.ledgers.definitions.vocabulary import (
    UNDER_WAY,
    VISITED,
    CaseState,
    CloseReason,
    ExceptionKind,
    Family,
    PersonStatus,
    SpellKind,
)
from server.ledgers.folding.derive.ages import add_months, retires_on
from server.ledgers.folding.derive.categories import Categories, evidence_of
from server.ledgers.folding.derive.people import ABLE
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.household import number
from server.ledgers.folding.merge import run_machine
from server.ledgers.folding.row import (
    RaisedException,
    Row,
    RowBuilder,
    fold_columns,
    observations_by_column,
)
from server.ledgers.folding.spells import Spell
from server.ledgers.identity.keys import owned_uuid

_LEFT_BY_STATUS = {
    "30": CloseReason.SCHOOL_OR_ARMY,
    "34": CloseReason.SCHOOL_OR_ARMY,
    "31": CloseReason.RETIRED,
    "33": CloseReason.LOST_CAPACITY,
}
"""Employment status (ES) of the spell that follows → why the case closes."""
_KEY, _GENERAL = "1", "2"
_SKIP = frozenset({"state", "category", "subject_person", "subject_household", "case_no"})


@dataclass(frozen=True, slots=True)
class VisitFact:
    """What a case needs to know of a visit."""

    id: str
    day: date
    outcome: str | None
    services: tuple[str, ...]
    next_visit_on: date | None
    worker_id: int | None

    @property
    def is_done(self) -> bool:
        return self.outcome in VISITED


@dataclass(slots=True)
class _Course:
    """One case as its spells tell it."""

    start: date  # of the spell that opened it
    opened_on: date
    categories: dict[str, date]
    placed_by: Spell | None = None
    closed_on: date | None = None
    reason: str | None = None
    spells: list[Spell] = field(default_factory=list)


def person_cases(
    row: Row,
    said: Sequence[Contribution],
    spells: Sequence[Spell],
    categories: Categories,
    visits: Sequence[VisitFact],
    as_of: date,
    rules: Rules,
) -> list[RowBuilder]:
    """The person's cases, past and present; at most one is open. Sets `is_key` on the person."""
    courses = _courses(row, said, spells, categories, as_of, rules)
    folds = []
    for place, course in enumerate(courses):
        until = courses[place + 1].opened_on if place + 1 < len(courses) else date.max
        fold = _fold(f"case/{course.start}", row, said, course, visits, until, as_of, rules)
        fold.row["subject_person_id"] = row["id"]
        fold.row["five_clear"] = _five_clear(row, course)
        fold.row.setdefault(
            "category_evidence", evidence_of(fold.row["category"], row, categories.home)
        )
        folds.append(fold)
    row["is_key"] = any(
        fold.row["state"] != CaseState.CLOSED and fold.row["level"] == _KEY for fold in folds
    )
    return folds


def household_case(
    row: Row,
    said: Sequence[Contribution],
    category: str,
    visits: Sequence[VisitFact],
    as_of: date,
    rules: Rules,
) -> RowBuilder:
    """The case of a household in which nobody works."""
    since = max((one.day for one in said if one.values), default=as_of)
    course = _Course(since, since, {category: since})
    fold = _fold("case/zero-employment", row, said, course, visits, date.max, as_of, rules)
    fold.row["subject_household_id"] = row["id"]
    fold.row["level"] = _KEY
    return fold


def _courses(
    row: Row,
    said: Sequence[Contribution],
    spells: Sequence[Spell],
    categories: Categories,
    as_of: date,
    rules: Rules,
) -> list[_Course]:
    found: list[_Course] = []
    area = row["area_code"]
    stable = rules.number("stable_months", area, as_of)
    for spell in spells:
        if spell.start > as_of:
            break
        last = found[-1] if found else None
        is_open = last is not None and last.closed_on is None
        if spell.kind == SpellKind.UNEMPLOYED:
            held = _held(row, said, spell, categories, as_of)
            if is_open and last is not None:
                last.placed_by = None
                last.spells.append(spell)
                last.categories = {**held, **last.categories}
            elif held:
                opened = max(spell.seen_first, min(held.values()))
                found.append(_Course(spell.start, opened, held, spells=[spell]))
        elif is_open and last is not None:
            last.spells.append(spell)
            if spell.kind == SpellKind.EMPLOYED:
                last.placed_by = last.placed_by or spell
                lasted = add_months(last.placed_by.start, stable)
                if (spell.end or as_of) >= lasted:
                    _close(last, lasted, CloseReason.STABLE_JOB)
            else:
                reason = _LEFT_BY_STATUS.get(spell.status, CloseReason.NOT_ELIGIBLE)
                _close(last, spell.start, reason)
    if found and found[-1].closed_on is None:
        _close_by_person(found[-1], row, said, as_of, rules)
    return found


def _held(
    row: Row, said: Sequence[Contribution], spell: Spell, categories: Categories, as_of: date
) -> dict[str, date]:
    """Categories with the day each began to hold, if the person was able and willing in the spell.

    Only street staff may set that somebody is not willing (domain §4), so a later "no" does not end a case.
    """
    end = as_of if spell.end is None else min(as_of, spell.end - timedelta(days=1))
    if row.get("birth_date"):
        born, sex = date.fromisoformat(row["birth_date"]), row.get("sex") or "0"
        retires = retires_on(born, sex, row["area_code"], as_of, categories.rules)
        end = min(end, retires - timedelta(days=1))
    heard = [one for one in said if one.day <= max(end, spell.seen)]
    willing = any(one.values.get("job_willing") is True for one in heard)
    able = any(one.values.get("work_capacity") in ABLE for one in heard)
    if not (willing and able):
        return {}
    return categories.held(row, spell, end)


def _close(course: _Course, day: date, reason: str) -> None:
    course.closed_on, course.reason = max(day, course.opened_on), reason


def _close_by_person(
    course: _Course, row: Row, said: Sequence[Contribution], as_of: date, rules: Rules
) -> None:
    """Close what death, moving away, lost capacity or retirement has ended."""
    if row.get("person_status") == PersonStatus.DECEASED:
        died = row.get("death_date")
        _close(course, date.fromisoformat(died) if died else said[-1].day, CloseReason.DIED)
    elif row.get("person_status") == PersonStatus.MOVED_OUT:
        _close(course, said[-1].day, CloseReason.MOVED_OUT)
    elif row.get("work_capacity") == "3":
        day = max(one.day for one in said if one.values.get("work_capacity") == "3")
        _close(course, day, CloseReason.LOST_CAPACITY)
    elif row.get("birth_date") and course.placed_by is None:
        born = date.fromisoformat(row["birth_date"])
        retires = retires_on(born, row.get("sex") or "0", row["area_code"], as_of, rules)
        if retires <= as_of:
            _close(course, retires, CloseReason.RETIRED)


def _fold(
    name: str,
    subject: Row,
    said: Sequence[Contribution],
    course: _Course,
    visits: Sequence[VisitFact],
    until: date,
    as_of: date,
    rules: Rules,
) -> RowBuilder:
    """A case's row: desk columns, automatic state, counters and due date."""
    family = Family.PERSON if "hh_no" not in subject else Family.HOUSEHOLD
    entry = owned_uuid(subject["id"], name)
    area = subject["area_code"]
    desk = [one for one in said if course.opened_on <= one.day < until]
    within = [one for one in visits if course.start <= one.day < until]
    done = [one for one in within if one.is_done]
    fold = RowBuilder(
        family,
        entry,
        {
            key: subject[key]
            for key in (
                "area_code",
                "observed_at",
                "verified_level",
                "source_submission_id",
                "recorded_by_id",
                "last_confirmed_on",
            )
        }
        | {"id": entry, "refold_on": None},
    )
    seen = observations_by_column(desk, "case.")
    fold_columns(fold, COLUMNS["case"], seen, skip=_SKIP)
    row = fold.row
    state, mover, illegal = run_machine(CASE, seen.get("state", []))
    if mover is not None:
        fold.origins.setdefault(mover.id, []).append("state")
    for one in illegal:
        fold.raised.append(
            RaisedException(ExceptionKind.ILLEGAL_MOVE, family, subject["id"], one, "case.state")
        )
    row["state"] = state = _automatic(state, course, done)
    row["case_no"] = number(area, entry)
    row["category"] = sorted(course.categories)
    row.setdefault("level", _KEY if len(course.categories) > 1 else _GENERAL)
    row.setdefault("found_by", "1")
    row["opened_on"] = course.opened_on
    row.setdefault("plan_services", sorted({code for one in within for code in one.services}))
    row["offers_n"] = row["refusals_n"] = 0  # counted from L8, which no form fills yet
    row["last_visit"] = max((one.day for one in done), default=None)
    workers = [one.worker_id for one in within if one.worker_id is not None]
    row.setdefault("linked_worker_id", workers[-1] if workers else subject["recorded_by_id"])
    if course.placed_by is not None:
        row["placed_on"] = course.placed_by.start
        row["placed_form"] = course.placed_by.row.get("emp_form")
        row["followup"] = _followup(course.placed_by.start, done, area, as_of, rules)
    if state == CaseState.CLOSED:
        row.setdefault("closed_on", course.closed_on)
        row.setdefault("close_reason", course.reason)
    row["next_due"] = _next_due(row, within, as_of, rules)
    return fold


def _automatic(state: str, course: _Course, done: Sequence[VisitFact]) -> str:
    if state == CaseState.CLOSED or course.closed_on is not None:
        return CaseState.CLOSED
    if course.placed_by is not None:
        followed = any(one.day > course.placed_by.start for one in done)
        return CaseState.FOLLOW_UP if followed else CaseState.PLACED
    if state == CaseState.CERTIFIED and done:
        return CaseState.ACTIVE
    return state


def _followup(
    placed_on: date, done: Sequence[VisitFact], area: str, as_of: date, rules: Rules
) -> list[dict[str, Any]]:
    """For each month a follow-up is due: until when, and the visit that met it."""
    rows, since = [], placed_on
    for months in map(int, rules.value("visit_due.placed_months", area, as_of).split()):
        due = add_months(placed_on, months)
        met = next((one.day for one in done if since < one.day), None)
        rows.append(
            {"months": months, "due_on": due.isoformat(), "done_on": met and met.isoformat()}
        )
        since = met or due
    return rows


def _next_due(row: Row, visits: Sequence[VisitFact], as_of: date, rules: Rules) -> date | None:
    """When the next visit is due (domain §4); a day promised to the household may only bring it forward."""
    state, area, last = row["state"], row["area_code"], row["last_visit"]
    if state in (CaseState.CLOSED, CaseState.SUSPENDED):
        return None
    if state in (CaseState.PLACED, CaseState.FOLLOW_UP):
        open_ends = [one["due_on"] for one in row["followup"] if one["done_on"] is None]
        return date.fromisoformat(open_ends[0]) if open_ends else None
    days = rules.number("visit_due.certified", area, as_of)
    if last is None and state not in UNDER_WAY:
        days, last = rules.number("visit_due.candidate", area, as_of), row["opened_on"]
    due: date = (last or row["opened_on"]) + timedelta(days=days)
    promised = visits[-1].next_visit_on if visits else None
    return min(due, promised) if promised and (not last or promised > last) else due


def _five_clear(row: Row, course: _Course) -> dict[str, Any]:
    """五清: family, reason of unemployment, skills, training wish, job wish, as far as known."""
    unemployed = [spell for spell in course.spells if spell.kind == SpellKind.UNEMPLOYED]
    facts = {
        "family": row.get("relation"),
        "reason": unemployed[-1].row.get("unemp_reason") if unemployed else None,
        "skills": row.get("skills") or row.get("skill_grade"),
        "training": row.get("training_wish"),
        "wish": row.get("wish_job"),
    }
    return {name: value for name, value in facts.items() if value is not None}
