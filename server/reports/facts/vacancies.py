"""The facts of a vacancy: how many places are free from day to day, and why that changes (R6). Pure.

Places are free while the vacancy is neither withdrawn nor expired: as many as are wanted less
those who work there. Each change is an event with its number of places, made by the same walk, so
that free at the end = free at the beginning + in − out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Any, Final, NamedTuple

from server.ledgers.definitions.vocabulary import VacancyState as State
from server.ledgers.folding.history import Why
from server.reports.facts.kinds import EventKind, Reason
from server.reports.facts.records import Event, RecordState, VacancyRecord

_LEDGER: Final = "vacancy"
_DAY: Final = timedelta(days=1)
_DERIVED: Final = (Why.FILLED, Why.EXPIRED)
_ENDS: Final = {
    State.FILLED: Reason.FILLED,
    State.EXPIRED: Reason.EXPIRED,
    State.WITHDRAWN: Reason.WITHDRAWN,
}


class _What(IntEnum):
    """What changes, in the order in which the changes of one day take effect."""

    GIVEN = 0  # what was known when the vacancy began
    BEGIN = 1
    EXPIRES_ON = 2
    WANTED = 3
    STATE = 4
    OVER = 5  # the day after the last
    LEFT = 6  # before others begin
    HIRED = 7
    LEFT_AT_ONCE = 8


class _Change(NamedTuple):
    day: date
    what: _What
    source: str
    column: str = ""
    value: Any = None


@dataclass(slots=True)
class _Places:
    """How a vacancy stands."""

    state: str = State.REPORTED
    wanted: int = 0
    expires_on: date | None = None
    hired: int = 0
    today: date = date.min

    def take(self, change: _Change) -> None:
        """Let a change take effect."""
        self.today = change.day
        if change.what is _What.HIRED:
            self.hired += 1
        elif change.what in (_What.LEFT, _What.LEFT_AT_ONCE):
            self.hired -= 1
        elif change.column:
            setattr(self, change.column, change.value)

    def why_ended(self) -> Reason | None:
        """Why nobody can be placed any more, None while somebody can."""
        if self.state in _ENDS:
            return _ENDS[State(self.state)]
        is_over = self.expires_on is not None and self.today > self.expires_on
        return Reason.EXPIRED if is_over else None

    def free(self) -> int:
        """How many places are free."""
        return 0 if self.why_ended() else max(0, self.wanted - self.hired)

    def shown_as(self) -> str:
        """The state as list ST7 names it."""
        ended = self.why_ended()
        if ended:
            return next(state for state, reason in _ENDS.items() if reason == ended)
        if self.hired and self.hired >= self.wanted:
            return State.FILLED
        return State.PART_FILLED if self.hired else self.state


def vacancy_facts(vacancy: VacancyRecord) -> list[RecordState | Event]:
    """The states of the vacancy with the places that are free, and what changed their number."""
    places, states, events = _Places(), [], []
    for change in sorted(_changes(vacancy), key=lambda change: (change.day, change.what)):
        before, ended = places.free(), places.why_ended()
        places.take(change)
        if change.what is _What.GIVEN:
            continue
        more = places.free() - (0 if change.what is _What.BEGIN else before)
        if more:
            kind = EventKind.VACANCY_IN if more > 0 else EventKind.VACANCY_OUT
            reason = _reason(change, more, ended, places.why_ended())
            event = _event(vacancy, kind, change.day, reason, change.source)
            events.append(event._replace(quantity=Decimal(abs(more))))
        states.append(_state(vacancy, change.day, places))
    for hire in vacancy.hires:
        who = Reason.ASSISTED if hire.is_assisted else ""
        events.append(_event(vacancy, EventKind.HIRED, hire.since, who, hire.id))
    return [*_joined(states), *events]


def _changes(vacancy: VacancyRecord) -> Iterator[_Change]:
    begun, own = vacancy.begun_on, vacancy.id
    yield _Change(begun, _What.BEGIN, own)
    for place, (since, wanted, *_rest) in enumerate(
        vacancy.history.get("n_wanted") or [[begun.isoformat(), vacancy.wanted]]
    ):
        day = max(begun, date.fromisoformat(since))
        yield _Change(
            *((day, _What.WANTED) if place else (begun, _What.GIVEN)), own, "wanted", wanted
        )
    expiries = [
        (date.fromisoformat(step[0]), date.fromisoformat(step[1]))
        for step in vacancy.history.get("expires_on", ())
    ]
    if not expiries and vacancy.expires_on is not None:
        expiries = [(begun, vacancy.expires_on)]
    for place, (since, last) in enumerate(expiries):
        day = max(begun, since)
        yield _Change(
            *((day, _What.EXPIRES_ON) if place else (begun, _What.GIVEN)), own, "expires_on", last
        )
        yield _Change(max(day, last + _DAY), _What.OVER, own)
    for since, state, _contribution, why in vacancy.history.get("state", ()):
        if why not in _DERIVED:
            yield _Change(max(begun, date.fromisoformat(since)), _What.STATE, own, "state", state)
    for hire in vacancy.hires:
        came = max(begun, hire.since)
        yield _Change(came, _What.HIRED, hire.id)
        if hire.until is not None:
            left = max(came, hire.until)
            yield _Change(left, _What.LEFT if left > came else _What.LEFT_AT_ONCE, hire.id)


def _reason(change: _Change, more: int, before: Reason | None, now: Reason | None) -> Reason:
    """Why places became free or are no longer; `before` and `now` say why the vacancy had ended, if so."""
    if change.what is _What.BEGIN:
        return Reason.RECEIVED
    of_work = change.what in (_What.LEFT, _What.HIRED, _What.LEFT_AT_ONCE)
    if more > 0:
        if before is not None and now is None:
            return Reason.RENEWED
        return Reason.FREED if of_work else Reason.MORE
    if before is None and now is not None:
        return now
    return Reason.FILLED if of_work else Reason.FEWER


def _state(vacancy: VacancyRecord, day: date, places: _Places) -> RecordState:
    return RecordState(
        entry=vacancy.id,
        area_code=vacancy.area_code,
        since=day,
        until=None,
        ledger=_LEDGER,
        state=places.shown_as(),
        is_open=places.free() > 0,
        category=vacancy.category,
        categories=vacancy.categories,
        due_on=places.expires_on,
        quantity=Decimal(places.free()),
    )


def _joined(states: Iterable[RecordState]) -> Iterator[RecordState]:
    """The last state of each day until that of another day, without breaks where nothing changed."""
    days = {state.since: state for state in states}
    previous: RecordState | None = None
    for day, state in days.items():
        if previous is not None and previous._replace(since=day) == state:
            continue
        if previous is not None:
            yield previous._replace(until=day)
        previous = state
    if previous is not None:
        yield previous


def _event(vacancy: VacancyRecord, kind: EventKind, day: date, reason: str, source: str) -> Event:
    return Event(
        entry=vacancy.id,
        area_code=vacancy.area_code,
        kind=kind,
        day=day,
        place=vacancy.area_code,
        source=source,
        reason=reason,
        category=vacancy.category,
        categories=vacancy.categories,
        sex="",
        is_rural=False,
    )
