"""A person's assistance cases, judged day by day: when each opened, was placed and closed. Pure.

A case opens on the first day on which somebody without work is known to be in some category,
is placed by the work that follows, and closes when that has lasted or when what it rested on
is over (rules.md, Cases: entry and Cases: exit). A day is judged by what had been observed by
then, so that no later answer takes a case away or moves its opening.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from server.ledgers.definitions.codes import EmploymentStatus, WorkCapacity
from server.ledgers.definitions.vocabulary import CloseReason, SpellKind
from server.ledgers.folding.derive.ages import Purpose, add_months, ages_4050, working_ages
from server.ledgers.folding.derive.categories import Circumstances
from server.ledgers.folding.derive.course import Course, StaffMoves
from server.ledgers.folding.derive.homes import Homes
from server.ledgers.folding.derive.people import birth_and_sex
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.history import at, walk
from server.ledgers.folding.row import Row
from server.ledgers.folding.spells import Spell
from server.ledgers.folding.standing import Activity, Gone, Standing

_REASON_BY_STATUS: Mapping[str, CloseReason] = {
    EmploymentStatus.STUDENT: CloseReason.SCHOOL_OR_ARMY,
    EmploymentStatus.MILITARY: CloseReason.SCHOOL_OR_ARMY,
    EmploymentStatus.RETIRED: CloseReason.RETIRED,
    EmploymentStatus.UNABLE: CloseReason.LOST_CAPACITY,
}
"""Why a case closes when the person leaves the labour force; any other status: not eligible."""


@dataclass(slots=True)
class Courses:
    """The cases of a person as of a day, oldest first; only the last may be open."""

    courses: list[Course] = field(default_factory=list)
    changes_on: date | None = None  # the next day on which time alone changes something


def courses_of(
    row: Row,
    standings: Sequence[Standing],
    homes: Homes,
    staff: StaffMoves,
    as_of: date,
    rules: Rules,
) -> Courses:
    """The person's cases as of a day. `staff` gets the moves that were not legal."""
    if all(item.activity is None or _is_employed(item.activity) for item in standings):
        return Courses()
    life = _Life(row, standings, homes, staff, rules)
    days = [*(item.day for item in standings), *homes.days(), *staff.days()]
    first = rules.first_day  # what was so before is taken as of then
    changes_on = walk((max(day, first) for day in days), as_of, life.live)
    return Courses(life.courses, changes_on)


def _is_employed(activity: Activity) -> bool:
    return activity.kind == SpellKind.EMPLOYED


class _Life:
    """Walks from day to day and keeps the cases as they go."""

    def __init__(
        self,
        row: Row,
        standings: Sequence[Standing],
        homes: Homes,
        staff: StaffMoves,
        rules: Rules,
    ) -> None:
        self.born, self.area = birth_and_sex(row), row["area_code"]
        self.standings, self.homes, self.staff, self.rules = standings, homes, staff, rules
        self.courses: list[Course] = []
        self.decided: Spell | None = None  # the spell in which staff closed the last case
        self.until: date | None = date.min  # the rules of `ages` hold until then
        self.ages: tuple[date, date, date] | None = None

    @property
    def last(self) -> Course | None:
        """The case that is open, or was last."""
        return self.courses[-1] if self.courses else None

    @property
    def open(self) -> Course | None:
        """The open case."""
        return self.last if self.last is not None and self.last.is_open else None

    def live(self, day: date) -> Iterator[date | None]:
        """Judge one day; the days on which time alone may change something."""
        standing = at(self.standings, day)
        activity = None if standing is None else standing.activity
        if standing is None or activity is None:
            return
        by = standing.contribution if standing.day == day else None
        home, registered_at = self.homes.on(day)
        changes_on = self.rules.next_change(day, self.area)
        ages = self._ages_until(changes_on, day)
        now = Circumstances(
            day, standing, activity, home, registered_at, ages, self.area, self.rules
        )
        held = now.held() if standing.gone is None else []
        self._revise_death(standing.gone)
        self._reopen(activity)
        if held and self.open is None:
            self._begin(now, held, by)
        if self.staff.make(day, self.last):
            self.decided = activity.spell
        course = self.open
        if course is not None:
            self._go_on(course, now, held, by)
        yield changes_on
        yield from now.turns_on()
        if course is not None and course.placement is not None:
            yield self._stable_on(course.placement.since, day)

    def _ages_until(self, changes_on: date | None, day: date) -> tuple[date, date, date] | None:
        """The ages by the rules of the day, which hold until they change."""
        if self.born is None:
            return None
        if changes_on != self.until:
            self.until = changes_on
            first, _ = working_ages(*self.born, Purpose.ASSISTANCE, self.area, day, self.rules)
            self.ages = first, *ages_4050(*self.born, self.area, day, self.rules)
        return self.ages

    def _revise_death(self, gone: Gone | None) -> None:
        """A death is proved on another day, or proves wrong."""
        last = self.last
        if last is None or last.reason != CloseReason.DIED:
            return
        if gone is None:
            last.reopen()
        else:
            last.close(gone.since, last.reason, last.closed_by)

    def _reopen(self, activity: Activity) -> None:
        """The job that closed the last case had ended before it was stable, as is heard only now."""
        last = self.last
        if last is None or last.closed_on is None or last.reason != CloseReason.STABLE_JOB:
            return
        if not _is_employed(activity) and activity.start < last.closed_on:
            last.reopen()

    def _begin(self, now: Circumstances, held: list[str], by: int | None) -> None:
        activity = now.activity
        if activity.spell is self.decided:
            return
        name = f"case/{activity.start}"
        earlier = sum(course.start == activity.start for course in self.courses)
        if earlier:
            name += f"/{earlier + 1}"
        course = Course(activity.start, now.day, name, by, activity.spell)
        course.hold(held, now.day, by)
        self.courses.append(course)

    def _go_on(self, course: Course, now: Circumstances, held: list[str], by: int | None) -> None:
        """What the day makes of an open case."""
        gone = now.standing.gone
        if gone is not None:
            course.close(gone.since, gone.reason, by)
        elif now.standing.capacity == WorkCapacity.NONE:
            course.close(now.day, CloseReason.LOST_CAPACITY, by)
        elif _is_employed(now.activity):
            self._work(course, now.day, now.activity, by)
        else:
            self._be_without_work(course, now, held, by)

    def _work(self, course: Course, day: date, activity: Activity, by: int | None) -> None:
        """Work places the person, and closes the case once it has lasted."""
        if course.placement is None:
            course.place(day, activity.start, activity.spell, by)
        placement = course.placements[-1]
        stable_on = self._stable_on(placement.since, day)
        if stable_on <= day:
            course.close(stable_on, CloseReason.STABLE_JOB)

    def _be_without_work(
        self, course: Course, now: Circumstances, held: list[str], by: int | None
    ) -> None:
        activity = now.activity
        if course.placement is not None:
            course.lose_place(now.day, by)
        if held:
            course.unemployment = activity.spell
            course.hold(held, now.day, by)
            return
        if activity.kind == SpellKind.OUT:
            reason = _REASON_BY_STATUS.get(activity.status, CloseReason.NOT_ELIGIBLE)
            course.close(activity.start, reason, by)
        elif now.retires_on <= now.day:
            course.close(now.retires_on, CloseReason.RETIRED)
        else:
            course.close(now.day, CloseReason.NOT_ELIGIBLE, by)

    def _stable_on(self, since: date, day: date) -> date:
        return add_months(since, self.rules.number("stable_months", self.area, day))
