"""The facts of a household: inhabited or not, its state of zero employment, and the events of certification. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from server.ledgers.definitions.vocabulary import ZeroEmploymentState
from server.reports.facts.kinds import EventKind, Reason
from server.reports.facts.records import Event, HouseholdRecord, HouseholdState

_CERTIFIED = ZeroEmploymentState.CERTIFIED
_WAS_HELPED = (ZeroEmploymentState.HELPED, ZeroEmploymentState.STABLE, ZeroEmploymentState.EXITED)


def household_facts(household: HouseholdRecord) -> tuple[list[HouseholdState], list[Event]]:
    """The household's states, oldest first, and the events of zero employment."""
    listed = household.listed_on
    steps = [
        (date.fromisoformat(step[0]), step[1])
        for step in household.history.get("zero_emp_state", ())
    ]
    if not steps and household.state:
        steps = [(listed, household.state)]
    days = {listed, *(day for day, _state in steps)}
    for since, until in household.inhabited:
        days.update(day for day in (since, until) if day is not None)
    states: list[HouseholdState] = []
    for day in sorted(day for day in days if day >= listed):
        current = max((step for step in steps if step[0] <= day), default=None, key=_day_of)
        state = HouseholdState(
            entry=household.id,
            area_code=household.area_code,
            since=day,
            until=None,
            is_inhabited=any(
                since <= day and (until is None or day < until)
                for since, until in household.inhabited
            ),
            state=current[1] if current else "",
            state_since=current[0] if current else None,
        )
        if states and states[-1]._replace(since=day) == state:
            continue
        if states:
            states[-1] = states[-1]._replace(until=day)
        states.append(state)
    return states, list(_zero_employment(household, states))


def _day_of(step: tuple[date, str]) -> date:
    return step[0]


def _zero_employment(household: HouseholdRecord, states: list[HouseholdState]) -> Iterator[Event]:
    """When a household became certified, and when it was so no longer (R5)."""
    before = ""
    for state in states:
        now = state.state
        if now == _CERTIFIED != before:
            reason = Reason.RELAPSED if before in _WAS_HELPED else Reason.CERTIFIED
            yield _event(household, EventKind.ZERO_IN, state.since, reason)
        elif before == _CERTIFIED != now:
            helped = now in (ZeroEmploymentState.HELPED, ZeroEmploymentState.STABLE)
            yield _event(
                household, EventKind.ZERO_OUT, state.since, Reason.JOB if helped else Reason.EXITED
            )
        before = now


def _event(household: HouseholdRecord, kind: EventKind, day: date, reason: Reason) -> Event:
    return Event(
        entry=household.id,
        area_code=household.area_code,
        kind=kind,
        day=day,
        place=household.area_code,
        source=household.id,
        reason=reason,
        category="",
        categories=(),
        sex="",
        is_rural=household.is_rural,
    )
