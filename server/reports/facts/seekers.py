"""Who seeks work (R1): persons with a job wish, from day to day. Pure.

A wish holds from the day on which it is stated until something else is stated, or until the person
takes up work; who has work seeks other work once that is stated after it began. Seekers are 16 or
older, in the ledger, and count for the community lived in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from server.ledgers.definitions.vocabulary import SpellKind
from server.ledgers.folding.derive.ages import turns
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.history import value_on
from server.reports.facts.persons import JOB_REASONS, NEW_REASONS, Life
from server.reports.facts.records import MarketState, PersonRecord, PersonState, Steps

_LEAST_AGE: Final = 16
_CITY: Final = 4  # digits of a division code
_LIVES_HERE_ONLY: Final = "2"  # list RK
_COLLEGE: Final = ("10", "20", "30")  # list EDU
_SEEKING: Final = ("20", "21")  # list ES: without work, and not laid off


class Kind(StrEnum):
    """What a seeker is; each is one of these."""

    OUTSIDE = "outside"  # the hukou lies in another city
    RURAL = "rural"  # of this city, with a rural hukou
    LAID_OFF = "laid_off"
    RETIRED = "retired"
    STUDENT = "student"
    EMPLOYED = "employed"
    ENTRANT = "entrant"  # without work, and never had any
    FROM_JOB = "from_job"
    OTHER = "other"
    UNKNOWN = "unknown"


_BY_ACTIVITY: Final = {
    "": Kind.UNKNOWN, "22": Kind.LAID_OFF, "30": Kind.STUDENT, "31": Kind.RETIRED,
}  # fmt: skip


def seeker_facts(person: PersonRecord, rules: Rules) -> list[MarketState]:
    """How the person sought work over time, oldest first, and a row for each day on which that began."""
    wishes = person.history.get("job_willing") or [[person.listed_on.isoformat(), person.willing]]
    if not any(step[1] for step in wishes):
        return []
    life = Life(person, rules)
    states: list[MarketState] = []
    begun: list[MarketState] = []
    ended_on: date | None = None
    previous: MarketState | None = None
    for day in _days(life, wishes):
        state = life.on(day).state
        now = _state(life, state, day) if state and _seeks(life, wishes, day) else None
        now = now if now and now.place else None
        if previous is not None and now == previous._replace(since=day):
            continue
        if previous is not None:
            states.append(previous._replace(until=day))
        if now is not None and (previous is None or previous.place != now.place):
            ended = day if previous is not None else ended_on
            begun.append(now._replace(until=day, is_new=True, ended_on=ended))
        if previous is not None and now is None:
            ended_on = day
        previous = now
    if previous is not None:
        states.append(previous)
    return [*states, *begun]


def _days(life: Life, wishes: Steps) -> Iterator[date]:
    person = life.person
    days = set(life.days())
    for steps in (wishes, person.history.get("wish_job", ())):
        days.update(date.fromisoformat(step[0]) for step in steps)
    if person.born is not None:
        days.add(turns(person.born, _LEAST_AGE))
    yield from sorted(day for day in days if day >= person.listed_on)


def _seeks(life: Life, wishes: Steps, day: date) -> bool:
    """Whether a wish holds on a day."""
    stated = [step for step in wishes if step[0] <= day.isoformat()]
    if not stated or not stated[-1][1]:
        return False
    since, born = date.fromisoformat(stated[-1][0]), life.person.born
    has_work = any(
        spell.kind == SpellKind.EMPLOYED and since < spell.start <= day
        for spell in life.person.spells
    )
    return not has_work and (born is None or day >= turns(born, _LEAST_AGE))


def _state(life: Life, state: PersonState, day: date) -> MarketState:
    person = life.person
    wished = value_on(person.history.get("wish_job", ()), day) or person.wished
    first = wished if isinstance(wished, str) else next(iter(wished), "")
    graduated_on = person.graduated_on if state.edu in _COLLEGE else None
    return MarketState(
        entry=person.id,
        area_code=person.area_code,
        since=day,
        until=None,
        ledger="person",
        place=state.residence_area,
        is_new=False,
        ended_on=None,
        quantity=Decimal(1),
        category=first,
        edu=state.edu,
        skill=min(person.skills, default=""),
        kind=_kind(life, state, day),
        sex=state.sex,
        born=state.born,
        graduated_on=graduated_on,
    )


def _kind(life: Life, state: PersonState, day: date) -> Kind:
    person, activity = life.person, state.activity
    if person.registered_in:
        is_outside = person.registered_in[:_CITY] != person.area_code[:_CITY]
    else:
        is_outside = person.residence_kind == _LIVES_HERE_ONLY
    if is_outside or state.is_rural:
        return Kind.OUTSIDE if is_outside else Kind.RURAL
    if activity in _BY_ACTIVITY:
        return _BY_ACTIVITY[activity]
    if activity.startswith(SpellKind.EMPLOYED):
        return Kind.EMPLOYED
    if activity not in _SEEKING:
        return Kind.OTHER
    spell = life.spell_on(day)
    reason = spell.unemp_reason if spell else None
    if reason in NEW_REASONS or (reason is None and state.never_employed):
        return Kind.ENTRANT
    return Kind.FROM_JOB if reason in JOB_REASONS or reason is None else Kind.OTHER
