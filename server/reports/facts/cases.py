"""The facts of a person's assistance cases: states while open, flows of each category, and what was done (R4). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from server.ledgers.definitions.codes import HukouNature
from server.ledgers.definitions.vocabulary import CaseState as State
from server.ledgers.definitions.vocabulary import CloseReason
from server.ledgers.folding.history import value_on
from server.reports.facts.kinds import EventKind, Reason
from server.reports.facts.records import CaseRecord, CaseState, Event, PersonRecord

_GUIDANCE: Final = "1"  # list SV
_FORMS: Final = {"1": "unit", "6": "unit", "2": "flexible", "3": "flexible", "4": "welfare"}
"""Form of employment (EF) → the column of R4."""


def case_facts(person: PersonRecord) -> tuple[list[CaseState], list[Event]]:
    """The states of the person's cases and what happened in them."""
    states: list[CaseState] = []
    events: list[Event] = []
    for case in person.cases:
        of_case = _states(person, case)
        states += of_case
        events += _flows(person, case)
        events += _placements(person, case)
    events += _help(person)
    return states, events


def _states(person: PersonRecord, case: CaseRecord) -> list[CaseState]:
    days = {case.opened_on}
    for steps in case.history.values():
        days.update(date.fromisoformat(step[0]) for step in steps)
    open_days = sorted(
        day
        for day in days
        if case.opened_on <= day and (case.closed_on is None or day < case.closed_on)
    )
    states: list[CaseState] = []
    for day in open_days:
        state = CaseState(
            entry=case.id,
            area_code=case.area_code,
            since=day,
            until=None,
            person=person.id,
            state=value_on(case.history.get("state", ()), day) or State.CANDIDATE,
            categories=_categories(case, day),
            sex=person.sex,
            is_rural=person.hukou_type == HukouNature.RURAL,
        )
        if states and states[-1]._replace(since=day) == state:
            continue
        if states:
            states[-1] = states[-1]._replace(until=day)
        states.append(state)
    if states and case.closed_on is not None:
        states[-1] = states[-1]._replace(until=case.closed_on)
    return states


def _categories(case: CaseRecord, day: date) -> tuple[str, ...]:
    return tuple(sorted(value_on(case.history.get("category", ()), day) or ()))


def _flows(person: PersonRecord, case: CaseRecord) -> Iterator[Event]:
    """The case in and out as a whole, and in and out of each category while it is open."""
    opened, closed = case.opened_on, case.closed_on
    out = Reason.JOB if case.close_reason == CloseReason.STABLE_JOB else Reason.OTHER
    yield _event(person, case, EventKind.CASE_IN, opened, Reason.OPENED)
    steps = sorted(
        {
            max(date.fromisoformat(step[0]), opened)
            for step in case.history.get("category", ())
            if closed is None or date.fromisoformat(step[0]) < closed
        }
        | {opened}
    )
    held: tuple[str, ...] = ()
    for day in steps:
        now = _categories(case, day)
        for code in sorted(set(now) - set(held)):
            yield _event(person, case, EventKind.CASE_IN, day, Reason.OPENED, code)
        for code in sorted(set(held) - set(now)):
            yield _event(person, case, EventKind.CASE_OUT, day, Reason.OTHER, code)
        held = now
    if closed is not None:
        yield _event(person, case, EventKind.CASE_OUT, closed, out)
        for code in held:
            yield _event(person, case, EventKind.CASE_OUT, closed, out, code)


def _placements(person: PersonRecord, case: CaseRecord) -> Iterator[Event]:
    """Each time work was taken while the case was open, and the job that lasted."""
    form = _FORMS.get(case.placed_form or "", "other")
    for step in case.history.get("state", ()):
        if step[1] == State.PLACED:
            day = date.fromisoformat(step[0])
            yield _event(person, case, EventKind.PLACED, day, form)
    if case.closed_on is not None and case.close_reason == CloseReason.STABLE_JOB:
        yield _event(person, case, EventKind.PLACED, case.closed_on, Reason.STABLE)


def _help(person: PersonRecord) -> Iterator[Event]:
    """Visits, guidance, offers and the like, of days on which a case was open."""
    homes = {item.household for item in person.memberships}
    for visit in person.visits:
        if visit.household is not None and visit.household not in homes:
            continue
        case = _case_on(person, visit.day)
        if case is not None:
            yield _event(person, case, EventKind.VISITED, visit.day, "", source=visit.id)
            if _GUIDANCE in visit.services:
                yield _event(person, case, EventKind.GUIDED, visit.day, "", source=visit.id)
    for row in person.dated:
        case = _case_on(person, row.day)
        if case is not None:
            yield _event(person, case, EventKind(row.kind), row.day, "", source=row.id)


def _case_on(person: PersonRecord, day: date) -> CaseRecord | None:
    """The case that was open on a day; the day of its closing belongs to it."""
    return next(
        (
            case
            for case in person.cases
            if case.opened_on <= day and (case.closed_on is None or day <= case.closed_on)
        ),
        None,
    )


def _event(
    person: PersonRecord,
    case: CaseRecord,
    kind: EventKind,
    day: date,
    reason: str,
    category: str = "",
    *,
    source: str = "",
) -> Event:
    return Event(
        entry=person.id,
        area_code=case.area_code,
        kind=kind,
        day=day,
        place=case.area_code,
        source=source or case.id,
        reason=reason,
        category=category,
        categories=_categories(case, day),
        sex=person.sex,
        is_rural=person.hukou_type == HukouNature.RURAL,
    )
