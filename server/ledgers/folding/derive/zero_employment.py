"""The states of a household in which nobody works, and its cases, judged day by day (rules.md, Zero-employment households). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from server.ledgers.definitions.codes import (
    ABLE,
    AssistanceCategory,
    EmploymentStatus,
    HukouNature,
)
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.machines import ZERO_EMPLOYMENT
from server.ledgers.definitions.vocabulary import (
    IN_QUESTION,
    CloseReason,
    SpellKind,
    ZeroEmploymentState,
)
from server.ledgers.folding.derive.ages import Purpose, add_months, working_ages
from server.ledgers.folding.derive.course import Course, StaffMoves
from server.ledgers.folding.derive.rules import CategorySet, Rules
from server.ledgers.folding.history import Step, Why, at, walk
from server.ledgers.folding.merge import Observation
from server.ledgers.folding.rosters import Membership
from server.ledgers.folding.standing import Activity, Standing

_Z = ZeroEmploymentState
_TAKEN_UP = frozenset({_Z.APPLIED, _Z.CHECKED, _Z.CERTIFIED})
_HAS_WORK = frozenset({_Z.HELPED, _Z.STABLE})
_OUTSIDE_WORKFORCE = frozenset(
    {
        EmploymentStatus.STUDENT,
        EmploymentStatus.RETIRED,
        EmploymentStatus.UNABLE,
        EmploymentStatus.MILITARY,
        EmploymentStatus.IN_CUSTODY,
    }
)


@dataclass(frozen=True, slots=True)
class Registered:
    """Somebody whose hukou is or was in the household."""

    membership: Membership
    standings: Sequence[Standing]
    born: tuple[date, str] | None  # and the sex


@dataclass(slots=True)
class ZeroEmployment:
    """How the household's states went, as of a day."""

    steps: list[Step] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)
    mover: Contribution | None = None  # made the last move that office staff made
    illegal: list[Contribution] = field(default_factory=list)
    changes_on: date | None = None  # the next day on which time alone changes something

    @property
    def state(self) -> str:
        return self.steps[-1].value if self.steps else ZERO_EMPLOYMENT.start


def zero_employment(
    members: Sequence[Registered],
    incomes: Sequence[Step],
    decided: Sequence[Observation],
    staff: StaffMoves,
    area: str,
    as_of: date,
    rules: Rules,
) -> ZeroEmployment:
    """The household's states as of a day.

    `incomes` says from day to day whether there is income from business or investment,
    `decided` holds the states that office staff set, `staff` those of the household's case.
    """
    result = ZeroEmployment()
    household = _Household(result, _Workforce(members, incomes, area, rules), decided, staff)
    days = [step.day for step in incomes]
    days += [item.contribution.day for item in decided]
    days += staff.days()
    for member in members:
        membership = member.membership
        days.append(membership.from_on)
        if membership.to_on is not None:
            days.append(membership.to_on)
        days += [item.day for item in member.standings if item.day > membership.from_on]
    first = rules.first_day  # what was so before is taken as of then
    result.changes_on = walk((max(day, first) for day in days), as_of, household.live)
    return result


@dataclass(frozen=True, slots=True)
class _View:
    """The household on one day."""

    nobody_works: bool  # and somebody could and would
    work: Activity | None  # the work of those in working age that began first


class _Workforce:
    """Who could work in the household on a day, and who does."""

    def __init__(
        self, members: Sequence[Registered], incomes: Sequence[Step], area: str, rules: Rules
    ) -> None:
        self.members, self.incomes, self.area, self.rules = members, incomes, area, rules
        self._ages: dict[str, tuple[date, ...]] = {}  # person → ages by the rules until `_until`
        self._until: date | None = date.min

    def on(self, day: date) -> _View:
        """Whether somebody could and would work and nobody does.

        In a rural household farming one's own land does not count as a job. Business or
        investment income clears the household; unknown income does not.
        """
        farming_counts = not self.is_rural(day)
        could, working = False, []
        for member, standing in self._present(day):
            activity = standing.activity
            if activity is not None and activity.status in _OUTSIDE_WORKFORCE:
                continue
            if not self._is_of_age(member, day):
                continue
            if activity is not None and activity.kind == SpellKind.EMPLOYED:
                could = True
                if farming_counts or activity.status != EmploymentStatus.FARMING:
                    working.append(activity)
            elif standing.capacity in ABLE and standing.is_willing is True:
                could = True
        work = min(working, key=lambda item: item.start, default=None)
        income = at(self.incomes, day)
        has_income = income is not None and bool(income.value)
        return _View(could and work is None and not has_income, work)

    def is_rural(self, day: date) -> bool:
        """Whether everybody whose hukou is known has a rural one, and somebody's is known."""
        natures = {standing.hukou_type for _, standing in self._present(day)} - {None}
        return natures == {HukouNature.RURAL}

    def category(self, day: date) -> str:
        """The category of the household's case on a day."""
        if self.rules.value("category_set", self.area, day) == CategorySet.OF_2005:
            return AssistanceCategory.A_ZERO_EMPLOYMENT
        if self.is_rural(day):
            return AssistanceCategory.B_ZERO_EMPLOYMENT_RURAL
        return AssistanceCategory.B_ZERO_EMPLOYMENT_URBAN

    def ages(self, day: date) -> Iterator[date]:
        """The days on which somebody enters or leaves working age."""
        for member in self.members:
            yield from self._working_ages(member, day)

    def _present(self, day: date) -> list[tuple[Registered, Standing]]:
        """The living who are registered on the day, as they stood."""
        return [
            (member, standing)
            for member in self.members
            if member.membership.holds_on(day)
            and (standing := at(member.standings, day)) is not None
            and not (standing.gone is not None and standing.gone.reason == CloseReason.DIED)
        ]

    def _is_of_age(self, member: Registered, day: date) -> bool:
        ages = self._working_ages(member, day)
        return bool(ages) and ages[0] <= day < ages[1]

    def _working_ages(self, member: Registered, day: date) -> tuple[date, ...]:
        until = self.rules.next_change(day, self.area)
        if until != self._until:
            self._until, self._ages = until, {}
        person = member.membership.person
        if person not in self._ages:
            purpose, area, rules = Purpose.ZERO_EMPLOYMENT, self.area, self.rules
            born = member.born
            self._ages[person] = (
                working_ages(*born, purpose, area, day, rules) if born is not None else ()
            )
        return self._ages[person]


class _Household:
    """Walks from day to day and keeps the states as they go."""

    def __init__(
        self,
        result: ZeroEmployment,
        workforce: _Workforce,
        decided: Sequence[Observation],
        staff: StaffMoves,
    ) -> None:
        self.result, self.workforce, self.decided, self.staff = result, workforce, decided, staff
        self.nobody_worked = False
        self.before_help: str = _Z.CERTIFIED
        self.helped_since = date.min
        self.is_decided = False  # staff closed the case of the present state

    def live(self, day: date) -> Iterator[date | None]:
        """Judge one day; the days on which time alone may change something."""
        view, state = self.workforce.on(day), self.result.state
        if view.nobody_works and not self.nobody_worked:
            if state in (_Z.NO, _Z.EXITED):
                self._move(day, _Z.SUSPECTED, Why.NOBODY_WORKS)
            else:  # helped or stable: what is in question has nobody who works
                self._move(day, self.before_help, Why.JOB_LOST)
        self.nobody_worked = view.nobody_works
        self._make_moves(day)
        self._begin_case(day)
        if self.staff.make(day, self._last):
            self.is_decided = True
        if not view.nobody_works:
            self._clear(day, view.work)
        if view.work is not None and self.result.state in _HAS_WORK:
            yield from self._last_on(day)
        self._settle_case(day, view.work)
        yield self.workforce.rules.next_change(day, self.workforce.area)
        yield from self.workforce.ages(day)

    @property
    def _last(self) -> Course | None:
        return self.result.courses[-1] if self.result.courses else None

    def _move(self, day: date, state: str, why: Why, contribution: int | None = None) -> None:
        if state == _Z.HELPED:
            self.before_help, self.helped_since = self.result.state, day
        self.result.steps.append(Step(day, state, contribution, why))
        self.is_decided = self.is_decided and state in IN_QUESTION

    def _make_moves(self, day: date) -> None:
        for contribution, state in self.decided:
            if contribution.day != day:
                continue
            if state == self.result.state:
                self.result.mover = self.result.mover or contribution
            elif ZERO_EMPLOYMENT.allows(self.result.state, state):
                self._move(day, state, Why.DECIDED, contribution.id)
                self.result.mover = contribution
            else:
                self.result.illegal.append(contribution)

    def _begin_case(self, day: date) -> None:
        last = self._last
        in_question = self.result.state in IN_QUESTION and not self.is_decided
        if in_question and (last is None or not last.is_open):
            number = len(self.result.courses) + 1
            name = "case/zero-employment" + (f"/{number}" if number > 1 else "")
            by = self.result.steps[-1].contribution
            course = Course(day, day, name, by)
            course.hold([self.workforce.category(day)], day, by)
            self.result.courses.append(course)

    def _clear(self, day: date, work: Activity | None) -> None:
        """Somebody works, or nobody is left who could: the household is in question no longer."""
        state = self.result.state
        if state == _Z.SUSPECTED:
            self._move(day, _Z.NO, Why.ENDED if work is None else Why.JOB)
        elif state in _TAKEN_UP and work is None:
            self._move(day, _Z.EXITED, Why.ENDED)
        elif state in _TAKEN_UP and work is not None:
            self._move(day, _Z.HELPED, Why.JOB)
            last = self._last
            since = work.start if last is None else max(work.start, last.opened_on)
            self.helped_since = min(day, since)

    def _last_on(self, day: date) -> Iterator[date]:
        """The work lasts: the household is stable, and has left."""
        rules, area = self.workforce.rules, self.workforce.area
        stable_on = add_months(self.helped_since, rules.number("zero_emp_stable_months", area, day))
        exits_on = add_months(self.helped_since, rules.number("stable_months", area, day))
        if self.result.state == _Z.HELPED and stable_on <= day:
            self._move(day, _Z.STABLE, Why.LASTED)
        if self.result.state == _Z.STABLE and exits_on <= day:
            self._move(day, _Z.EXITED, Why.LASTED)
        yield from (stable_on, exits_on)

    def _settle_case(self, day: date, work: Activity | None) -> None:
        course, steps = self._last, self.result.steps
        if course is None or not course.is_open:
            return
        state = self.result.state
        if state in IN_QUESTION:
            if course.placement is not None:
                course.lose_place(day, None)
            course.hold([self.workforce.category(day)], day, None)
        elif state in _HAS_WORK:
            if course.placement is None and work is not None:
                course.place(day, self.helped_since, work.spell, None)
        else:
            lasted = any(step.why == Why.LASTED for step in steps[-1:])
            reason = CloseReason.STABLE_JOB if lasted else CloseReason.NOT_ELIGIBLE
            course.close(day, reason, steps[-1].contribution)
