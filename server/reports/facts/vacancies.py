"""The facts of a vacancy: how many places are free from day to day, and why that changes (R6, R1). Pure.

Places are free while the vacancy is neither withdrawn nor expired: as many as are wanted less
those who work there. Each change is an event with its number of places, made by the same walk, so
that free at the end = free at the beginning + in − out.

Places are asked for anew when the vacancy begins, is in force again, or wants more people. A place
that somebody leaves has been asked for before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Any, Final, NamedTuple, TypeVar

from server.ledgers.definitions.vocabulary import VacancyState as State
from server.ledgers.folding.history import Why
from server.reports.facts.kinds import EventKind, Reason
from server.reports.facts.records import Event, MarketState, RecordState, VacancyRecord

_LEDGER: Final = "vacancy"
_DAY: Final = timedelta(days=1)
_ASKED_FOR: Final = (Reason.RECEIVED, Reason.RENEWED, Reason.MORE)
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
    ended_on: date | None = None  # the last day on which places ceased to be free by an end
    wanted_then: int = 0

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


def vacancy_facts(vacancy: VacancyRecord) -> list[RecordState | MarketState | Event]:
    """The states of the vacancy with the places that are free, what changed their number, and the places asked for."""
    places = _Places()
    states: list[RecordState] = []
    events: list[Event] = []
    asked: list[MarketState] = []
    for change in sorted(_changes(vacancy), key=lambda change: (change.day, change.what)):
        before, ended = places.free(), places.why_ended()
        places.take(change)
        if change.what is _What.GIVEN:
            continue
        more = places.free() - (0 if change.what is _What.BEGIN else before)
        if ended is None and places.why_ended() is not None:
            places.ended_on, places.wanted_then = change.day, places.wanted
        for reason, number in _parts(
            places, _reason(change, more, ended, places.why_ended()), more
        ):
            kind = EventKind.VACANCY_IN if more > 0 else EventKind.VACANCY_OUT
            event = _event(vacancy, kind, change.day, reason, change.source)
            events.append(event._replace(quantity=Decimal(number)))
            if more > 0 and reason in _ASKED_FOR:
                row = _market(vacancy, change.day, number)
                ended_on = places.ended_on if reason is Reason.RENEWED else None
                asked.append(row._replace(until=change.day, is_new=True, ended_on=ended_on))
        states.append(_state(vacancy, change.day, places))
    joined = list(_joined(states))
    return [
        *joined,
        *_summed(events),
        *_hired(vacancy),
        *_free_places(vacancy, joined),
        *_summed(asked),
    ]


def _hired(vacancy: VacancyRecord) -> Iterator[Event]:
    for hire in vacancy.hires:
        who = Reason.ASSISTED if hire.is_assisted else ""
        yield _event(vacancy, EventKind.HIRED, hire.since, who, hire.id)


def _parts(places: _Places, reason: Reason, more: int) -> Iterator[tuple[Reason, int]]:
    """Why the number of free places changed, by how much: of what is in force again, the places wanted in addition apart."""
    further = 0
    if reason is Reason.RENEWED:
        further = min(more, max(0, places.wanted - places.wanted_then))
    for part, number in ((reason, abs(more) - further), (Reason.MORE, further)):
        if number:
            yield part, number


def _free_places(vacancy: VacancyRecord, states: Iterable[RecordState]) -> Iterator[MarketState]:
    """The free places while there are any, without breaks where their number stays."""
    previous: MarketState | None = None
    for state in states:
        free = int(state.quantity or 0)
        if previous is not None and previous.until == state.since and previous.quantity == free:
            previous = previous._replace(until=state.until)
            continue
        if previous is not None:
            yield previous
        previous = _market(vacancy, state.since, free)._replace(until=state.until) if free else None
    if previous is not None:
        yield previous


_Fact = TypeVar("_Fact", Event, MarketState)


def _summed(facts: Iterable[_Fact]) -> Iterator[_Fact]:
    """Facts that differ in nothing but their number of places as a row: equal rows would be the same fact."""
    numbers: dict[_Fact, Decimal] = {}
    for row in facts:
        alike = row._replace(quantity=Decimal(0))
        numbers[alike] = numbers.get(alike, Decimal(0)) + (row.quantity or 0)
    for row, number in numbers.items():
        yield row._replace(quantity=number)


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


def _market(vacancy: VacancyRecord, day: date, places: int) -> MarketState:
    return MarketState(
        entry=vacancy.id,
        area_code=vacancy.area_code,
        since=day,
        until=None,
        ledger=_LEDGER,
        place=vacancy.area_code,
        is_new=False,
        ended_on=None,
        quantity=Decimal(places),
        category=vacancy.category,
        industry=vacancy.industry,
        econ_type=vacancy.econ_type,
        edu=vacancy.edu,
        skill=vacancy.skill,
        age_max=vacancy.age_max,
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
