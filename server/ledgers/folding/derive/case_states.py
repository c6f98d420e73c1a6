"""The states an assistance case went through, each with its day, who moved it and why (rules.md, Cases: states). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.vocabulary import (
    VISITED,
    CaseState,
    CloseReason,
    ZeroEmploymentState,
)
from server.ledgers.folding.derive.course import Course, Placement
from server.ledgers.folding.history import Step, Why

_OF_HOUSEHOLD: Mapping[str, CaseState] = {
    ZeroEmploymentState.SUSPECTED: CaseState.CANDIDATE,
    ZeroEmploymentState.APPLIED: CaseState.OPENED,
    ZeroEmploymentState.CHECKED: CaseState.CHECKED,
    ZeroEmploymentState.CERTIFIED: CaseState.CERTIFIED,
}
"""How far a household's case has come with the household."""
_TO_CERTIFICATION: Sequence[str] = tuple(CaseState)[:5]


@dataclass(frozen=True, slots=True)
class VisitFact:
    """What a case needs to know of a visit."""

    id: str
    day: date
    outcome: str | None
    services: tuple[str, ...]
    next_visit_on: date | None  # promised to the household
    worker_id: int | None
    submission_id: int | None = None
    record: Contribution | None = None  # of a visit to the subject itself, which may be told of

    @property
    def is_made(self) -> bool:
        """Whether it counts as a visit; finding nobody at home does not (rules.md, Visits)."""
        return self.outcome in VISITED

    def follows_up(self, placement: Placement) -> bool:
        """Whether it is a visit to somebody placed: later than the work began, and not the one that told of it."""
        is_told = self.submission_id is not None and self.submission_id == placement.told_in
        return self.is_made and placement.since < self.day and not is_told


class _Event(NamedTuple):
    """Something that may move a case; events of one day come in the order of `rank`."""

    day: date
    rank: int
    step: Step


_HOUSEHOLD, _STAFF, _PLACED, _LOST, _VISIT = range(5)


def case_states(
    course: Course, visits: Sequence[VisitFact], of_household: Sequence[Step]
) -> list[Step]:
    """The states of a case, oldest first.

    Office staff move it towards certification, and a household's case follows the household
    (`of_household` holds its zero-employment states); work, visits and time move it on.
    """
    steps = [Step(course.opened_on, CaseState.CANDIDATE, course.opened_by, Why.CONDITIONS)]
    reached: str = CaseState.CANDIDATE
    placements = iter(course.placements)
    placement: Placement | None = None
    seen: list[VisitFact] = []
    is_visited = is_followed = False
    coming = iter(visits)
    for day, rank, step in sorted(_events(course, visits, of_household), key=lambda item: item[:2]):
        if rank == _HOUSEHOLD and reached in _TO_CERTIFICATION:
            reached = max(reached, step.value, key=_TO_CERTIFICATION.index)
            _push(steps, step._replace(value=reached))
        elif rank == _STAFF:
            reached = step.value
            _push(steps, step)
        elif rank == _PLACED:
            placement = next(placements)
            is_followed = any(visit.follows_up(placement) for visit in seen)
        elif rank == _LOST:
            placement = None
        elif rank == _VISIT:
            visit = next(coming)
            seen.append(visit)
            is_visited = is_visited or visit.is_made
            is_followed = is_followed or (placement is not None and visit.follows_up(placement))
        state = reached
        if reached != CaseState.CLOSED and placement is not None:
            state = CaseState.FOLLOW_UP if is_followed else CaseState.PLACED
        elif reached == CaseState.CERTIFIED and is_visited:
            state = CaseState.ACTIVE
        _push(steps, step._replace(day=day, value=state))
    if course.closed_on is not None:
        lasted = course.reason == CloseReason.STABLE_JOB
        why = Why.LASTED if lasted else Why.ENDED
        _push(steps, Step(course.closed_on, CaseState.CLOSED, course.closed_by, why))
    return steps


def _events(
    course: Course, visits: Sequence[VisitFact], of_household: Sequence[Step]
) -> Iterator[_Event]:
    """What happened before the case was closed."""
    end = course.closed_on or date.max
    for step in of_household:
        state = _OF_HOUSEHOLD.get(step.value)
        if state is not None and course.opened_on <= step.day <= end:
            yield _Event(step.day, _HOUSEHOLD, step._replace(value=state))
    for move in course.moves:
        yield _Event(move.day, _STAFF, move)
    for placement in course.placements:
        day = min(placement.seen_on, end)
        yield _Event(day, _PLACED, Step(day, None, placement.told_by, Why.JOB))
        if placement.lost_on is not None:
            day = min(placement.lost_on, end)
            yield _Event(day, _LOST, Step(day, None, placement.lost_by, Why.JOB_LOST))
    for visit in visits:
        day = max(visit.day, course.opened_on)
        if day <= end:
            yield _Event(day, _VISIT, Step(day, None, None, Why.VISITED))


def _push(steps: list[Step], step: Step) -> None:
    if steps[-1].value != step.value:
        steps.append(step)
