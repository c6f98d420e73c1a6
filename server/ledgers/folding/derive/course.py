"""One assistance case from its opening to its closing, and what office staff decide of its state. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.machines import CASE
from server.ledgers.definitions.vocabulary import CaseState, CloseReason
from server.ledgers.folding.history import Step, Why
from server.ledgers.folding.merge import Observation
from server.ledgers.folding.spells import Spell


@dataclass(slots=True)
class Placement:
    """Work that began while the case was open."""

    seen_on: date  # the day it was heard of
    since: date
    spell: Spell
    told_by: int | None = None  # the contribution heard of that day
    lost_on: date | None = None  # the day the loss was heard of
    lost_by: int | None = None

    @property
    def told_in(self) -> int | None:
        """The submission that told of the work."""
        return self.spell.contributions[0].submission_id


@dataclass(slots=True)
class Course:
    """One case of a person or a household."""

    start: date  # from when on visits belong to it: of the spell that opened it
    opened_on: date
    name: str  # tells the cases of one person or household apart
    opened_by: int | None = None  # the contribution heard of that day
    unemployment: Spell | None = None  # the last spell of it
    categories: list[Step] = field(default_factory=list)  # the codes in force, from day to day
    placements: list[Placement] = field(default_factory=list)
    moves: list[Step] = field(default_factory=list)  # by office staff
    mover: Contribution | None = None  # made the last of them
    closed_on: date | None = None
    reason: CloseReason | None = None
    closed_by: int | None = None

    @property
    def is_open(self) -> bool:
        return self.closed_on is None

    @property
    def staff_state(self) -> str:
        """The state office staff brought the case to."""
        return self.moves[-1].value if self.moves else CASE.start

    @property
    def placement(self) -> Placement | None:
        """The work that still counts."""
        last = self.placements[-1] if self.placements else None
        return last if last is not None and last.lost_on is None else None

    def hold(self, codes: Sequence[str], day: date, contribution: int | None) -> None:
        """These categories hold from a day on."""
        if not self.categories or self.categories[-1].value != codes:
            self.categories.append(Step(day, list(codes), contribution, Why.CONDITIONS))

    def place(self, day: date, since: date, spell: Spell, contribution: int | None) -> None:
        """Somebody took work, as was heard on a day; never before the case opened."""
        since = max(since, self.opened_on)
        self.placements.append(Placement(day, since, spell, contribution))

    def lose_place(self, day: date, contribution: int | None) -> None:
        """The work did not last: the same case goes on."""
        self.placements[-1].lost_on, self.placements[-1].lost_by = day, contribution

    def close(self, day: date, reason: CloseReason, contribution: int | None = None) -> None:
        """Close it on a day, never before it opened."""
        self.closed_on, self.reason = max(day, self.opened_on), reason
        self.closed_by = contribution

    def reopen(self) -> None:
        """What closed it has proved wrong."""
        self.closed_on = self.reason = self.closed_by = None


class StaffMoves:
    """What office staff decided of the states of the cases of one person or household."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        self._by_day: dict[date, list[Observation]] = defaultdict(list)
        for observation in observations:
            self._by_day[observation.contribution.day].append(observation)
        self.illegal: list[Contribution] = []

    def days(self) -> Iterable[date]:
        """The days on which something was decided."""
        return self._by_day.keys()

    def make(self, day: date, course: Course | None) -> bool:
        """Make the day's moves of the case that is open, or was last; whether staff closed it.

        A decision before there was any case is about none.
        """
        if course is None or day not in self._by_day:
            return False
        was_open = course.is_open
        for contribution, state in self._by_day[day]:
            is_closed = not course.is_open or course.staff_state == CaseState.CLOSED
            if state == (CaseState.CLOSED if is_closed else course.staff_state):
                course.mover = course.mover or contribution
            elif not is_closed and CASE.allows(course.staff_state, state):
                course.moves.append(Step(day, state, contribution.id, Why.DECIDED))
                course.mover = contribution
            else:
                self.illegal.append(contribution)
        if was_open and course.staff_state == CaseState.CLOSED:
            course.closed_on = day
            return True
        return False
