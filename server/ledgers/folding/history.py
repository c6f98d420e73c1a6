"""The states and values that a row went through, each with the day it began, who said so and why. Pure.

A row stores them as `history`: column → [[day, value, contribution or null, why], …], oldest
first; each holds until the next.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from enum import StrEnum
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any, NamedTuple, Protocol, TypeVar


class Why(StrEnum):
    """Why a step was taken."""

    STATED = "stated"  # a record says so
    DECIDED = "decided"  # office staff
    CONDITIONS = "conditions"  # the conditions of assistance hold
    NOBODY_WORKS = "nobody_works"
    JOB = "job"  # somebody took work
    JOB_LOST = "job_lost"
    LASTED = "lasted"  # the job has lasted long enough
    VISITED = "visited"
    FILLED = "filled"  # so many were hired
    EXPIRED = "expired"  # its last day is over
    ENDED = "ended"  # what the state rested on is over; the row says what


class Step(NamedTuple):
    """A value from a day on, until the next step."""

    day: date
    value: Any
    contribution: int | None = None  # that gave it, None where time or a rule did
    why: str = Why.STATED


Stored = list[list[Any]]
"""The steps of one column as a row stores them."""


def stored(steps: Iterable[Step]) -> Stored:
    """Steps in plain values."""
    return [[step.day.isoformat(), step.value, step.contribution, str(step.why)] for step in steps]


def value_on(steps: Sequence[Sequence[Any]], day: date) -> Any:
    """The value that stored steps give for a day, None before the first."""
    wanted, value = day.isoformat(), None
    for since, following, *_ in steps:
        if since > wanted:
            break
        value = following
    return value


class _Dated(Protocol):
    @property
    def day(self) -> date: ...


_D = TypeVar("_D", bound=_Dated)
_day = attrgetter("day")


def at(items: Sequence[_D], day: date) -> _D | None:
    """The last of the items, which are in order, that is not after a day."""
    place = bisect_right(items, day, key=_day)
    return items[place - 1] if place else None


def walk(
    days: Iterable[date], as_of: date, visit: Callable[[date], Iterable[date | None]]
) -> date | None:
    """Visit these days up to `as_of`, and the later days that visiting one gives; the first day after `as_of`."""
    coming = sorted(set(days))
    last: date | None = None
    while coming:
        day = heappop(coming)
        if day == last:
            continue
        if day > as_of:
            return day
        last = day
        for following in visit(day):
            if following is not None and following > day:
                heappush(coming, following)
    return None
