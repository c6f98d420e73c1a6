"""The courses of a person's assistance cases, read off the spells: when each opened, was placed and closed. Pure.

A case opens in an unemployment spell in which some category holds, is placed by the
employment that follows, and closes when that has lasted (rules.md, Cases: entry and
Cases: exit). Office staff do not decide these moves; their own are in derive.cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from server.ledgers.definitions.codes import ABLE, EmploymentStatus, WorkCapacity
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.vocabulary import CloseReason, PersonStatus, SpellKind
from server.ledgers.folding.derive.ages import add_months, retires_on
from server.ledgers.folding.derive.categories import Categories
from server.ledgers.folding.derive.people import birth_and_sex
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.row import Row
from server.ledgers.folding.spells import Spell

_REASON_BY_STATUS: Mapping[str, CloseReason] = {
    EmploymentStatus.STUDENT: CloseReason.SCHOOL_OR_ARMY,
    EmploymentStatus.MILITARY: CloseReason.SCHOOL_OR_ARMY,
    EmploymentStatus.RETIRED: CloseReason.RETIRED,
    EmploymentStatus.UNABLE: CloseReason.LOST_CAPACITY,
}
"""Why a case closes when the person leaves the labour force; any other status: not eligible."""


@dataclass(slots=True)
class Course:
    """One case from its opening to its closing."""

    start: date  # of the spell that opened it
    opened_on: date
    categories: dict[str, date]  # category → since when
    unemployment: Spell | None = None  # the last spell of it
    placed_by: Spell | None = None  # the employment that began last and still counts
    closed_on: date | None = None
    reason: CloseReason | None = None

    def close(self, day: date, reason: CloseReason) -> None:
        """Close it on a day, never before it opened."""
        self.closed_on, self.reason = max(day, self.opened_on), reason


def courses_of(
    row: Row,
    contributions: Sequence[Contribution],
    spells: Sequence[Spell],
    categories: Categories,
    as_of: date,
) -> list[Course]:
    """The courses of a person's cases as of a day, oldest first; only the last one may be open."""
    courses: list[Course] = []
    stable_months = categories.rules.number("stable_months", row["area_code"], as_of)
    for spell in spells:
        if spell.start > as_of:
            break
        course = courses[-1] if courses and courses[-1].closed_on is None else None
        if spell.kind == SpellKind.UNEMPLOYED:
            held = _categories_in(spell, row, contributions, categories, as_of)
            if course is not None:
                _resume(course, spell, held)
            elif held:
                courses.append(_open(spell, held))
        elif course is not None:
            _leave_unemployment(course, spell, stable_months, as_of)
    if courses and courses[-1].closed_on is None:
        _close_by_person(courses[-1], row, contributions, as_of, categories.rules)
    return courses


def _open(spell: Spell, held: dict[str, date]) -> Course:
    """A case opens on the day the first category holds, but not before the first statement of the spell."""
    opened_on = max(spell.first_stated_on, min(held.values()))
    return Course(spell.start, opened_on, held, spell)


def _resume(course: Course, spell: Spell, held: dict[str, date]) -> None:
    """Work did not last: the same case goes on."""
    course.placed_by, course.unemployment = None, spell
    course.categories = {**held, **course.categories}


def _leave_unemployment(course: Course, spell: Spell, stable_months: int, as_of: date) -> None:
    """An employment places the person, and closes the case once it has lasted; leaving the labour force closes it."""
    if spell.kind != SpellKind.EMPLOYED:
        course.close(spell.start, _REASON_BY_STATUS.get(spell.status, CloseReason.NOT_ELIGIBLE))
        return
    course.placed_by = course.placed_by or spell
    stable_on = add_months(course.placed_by.start, stable_months)
    if (spell.end or as_of) >= stable_on:
        course.close(stable_on, CloseReason.STABLE_JOB)


def _categories_in(
    spell: Spell,
    row: Row,
    contributions: Sequence[Contribution],
    categories: Categories,
    as_of: date,
) -> dict[str, date]:
    """Category → since when, if the person was able and willing in the spell; else empty.

    Only office staff may decide that somebody is not willing, so a later "no" ends no case.
    """
    last_day = as_of if spell.end is None else min(as_of, spell.end - timedelta(days=1))
    born = birth_and_sex(row)
    if born is not None:
        retires = retires_on(*born, row["area_code"], as_of, categories.rules)
        last_day = min(last_day, retires - timedelta(days=1))
    stated = [
        contribution.values
        for contribution in contributions
        if contribution.day <= max(last_day, spell.last_stated_on)
    ]
    is_willing = any(values.get("job_willing") is True for values in stated)
    is_able = any(values.get("work_capacity") in ABLE for values in stated)
    if not (is_willing and is_able):
        return {}
    return categories.held(row, spell, last_day)


def _close_by_person(
    course: Course, row: Row, contributions: Sequence[Contribution], as_of: date, rules: Rules
) -> None:
    """Close what death, moving away, lost capacity or retirement has ended."""
    last_stated = contributions[-1].day
    if row.get("person_status") == PersonStatus.DECEASED:
        died = row.get("death_date")
        course.close(date.fromisoformat(died) if died else last_stated, CloseReason.DIED)
    elif row.get("person_status") == PersonStatus.MOVED_OUT:
        course.close(last_stated, CloseReason.MOVED_OUT)
    elif row.get("work_capacity") == WorkCapacity.NONE:
        course.close(_last_day_without_capacity(contributions), CloseReason.LOST_CAPACITY)
    elif course.placed_by is None:
        born = birth_and_sex(row)
        retires = retires_on(*born, row["area_code"], as_of, rules) if born else date.max
        if retires <= as_of:
            course.close(retires, CloseReason.RETIRED)


def _last_day_without_capacity(contributions: Sequence[Contribution]) -> date:
    return max(
        contribution.day
        for contribution in contributions
        if contribution.values.get("work_capacity") == WorkCapacity.NONE
    )
