"""The facts of a person: states from day to day, and the events between them (decision 0370). Pure.

A state holds from its first day to the next. The events of a stock are the changes of
membership in it between one day and the next, so that stock at the end = stock at the beginning
+ in − out for every community and every period.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

from server.ledgers.definitions.codes import HukouNature, ResidenceKind
from server.ledgers.definitions.vocabulary import (
    LISTED_PERSONS,
    MembershipRole,
    PersonStatus,
    SpellKind,
)
from server.ledgers.folding.derive.ages import Purpose, ages_4050, working_ages
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.history import value_on
from server.reports.facts.kinds import EventKind, Reason
from server.reports.facts.records import (
    Event,
    MembershipRecord,
    PersonRecord,
    PersonState,
    SpellRecord,
)

_REGISTERED: Final = "20"
_RETIRED: Final = "31"
NEW_REASONS: Final = frozenset({"01", "12"})
JOB_REASONS: Final = frozenset({"02", "03", "04", "05", "06", "07", "08"})
"""Reasons of unemployment (UR) of those who had no work before, and of those who had."""
_CANCELLED_BY_JOB: Final = frozenset({"01", "02", "03"})
_CANCELLED_BY_RETIREMENT: Final = "04"


class _Day(NamedTuple):
    """How a person stood on a day and until the next; `state` is None when not in the ledger then."""

    day: date
    state: PersonState | None
    is_of_working_age: bool


def person_facts(person: PersonRecord, rules: Rules) -> tuple[list[PersonState], list[Event]]:
    """The person's states, oldest first, and the events of working age and registration."""
    life = Life(person, rules)
    days = [life.on(day) for day in life.days()]
    return _joined(days), [*_working_age(life, days), *_registration(life, days)]


def _joined(days: Iterable[_Day]) -> list[PersonState]:
    """The states without breaks where nothing changed."""
    states: list[PersonState] = []
    previous: PersonState | None = None
    for item in days:
        state = item.state
        if previous is not None and state != previous._replace(since=item.day, until=None):
            states.append(previous._replace(until=item.day))
            previous = None
        if previous is None:
            previous = state
    if previous is not None:
        states.append(previous)
    return states


_Ages = tuple[date | None, date | None]
"""The first day of an age, and the first day after it."""


class Life:
    """One person; answers for any day."""

    def __init__(self, person: PersonRecord, rules: Rules) -> None:
        self.person, self.rules = person, rules
        first = person.spells[0].start if person.spells else person.listed_on
        self.activities = person.history.get("emp_status") or (
            [[first.isoformat(), person.activity]] if person.activity else []
        )
        self.residences = [
            item for item in person.memberships if item.role == MembershipRole.RESIDENT
        ]
        self.registrations = [
            item for item in person.memberships if item.role == MembershipRole.HUKOU
        ]
        self.died_on = self._died_on()
        self.statuses = [
            step
            for step in person.history.get("person_status", ())
            if step[1] != PersonStatus.DECEASED
        ]
        self._ages: dict[date | None, tuple[_Ages, _Ages]] = {}  # by the day until which rules hold

    def _died_on(self) -> date | None:
        """The day of death; a report of death that was taken back never was."""
        if self.person.died_on is not None or self.person.status != PersonStatus.DECEASED:
            return self.person.died_on
        since = [
            step[0]
            for step in self.person.history.get("person_status", ())
            if step[1] == PersonStatus.DECEASED
        ]
        return date.fromisoformat(since[-1]) if since else self.person.listed_on

    def status(self, day: date) -> str:
        """The state of the record (PS)."""
        if self.died_on is not None and day >= self.died_on:
            return PersonStatus.DECEASED
        if not self.statuses:
            alive = self.person.status != PersonStatus.DECEASED
            return self.person.status if alive else PersonStatus.ACTIVE
        return value_on(self.statuses, day) or PersonStatus.ACTIVE

    def days(self) -> list[date]:
        """The days on which something may change, from the first record on."""
        person = self.person
        days = {person.listed_on}
        for steps in (self.activities, person.history.get("person_status", ())):
            days.update(date.fromisoformat(step[0]) for step in steps)
        for spell in person.spells:
            days.update(filter(None, (spell.start, spell.end, spell.reg_date, spell.cancel_date)))
        for membership in person.memberships:
            days.update(filter(None, (membership.since, membership.until)))
        if self.died_on is not None:
            days.add(self.died_on)
        change = self.rules.next_change(person.listed_on, person.area_code)
        while change is not None:
            days.add(change)
            change = self.rules.next_change(change, person.area_code)
        days = {day for day in days if day >= person.listed_on}
        for day in sorted(days):
            days.update(filter(None, self.working_age(day)))
        return sorted(day for day in days if day >= person.listed_on)

    def working_age(self, day: date) -> _Ages:
        """The working age of statistics by the rules of a day, before the first rules by those."""
        return self._ages_on(day)[0]

    def _ages_on(self, day: date) -> tuple[_Ages, _Ages]:
        """The working age and the age of 4050 by the rules of a day, which hold until they change."""
        person = self.person
        until = self.rules.next_change(day, person.area_code)
        if until not in self._ages:
            day = max(day, self.rules.first_day)
            if person.born is None:
                self._ages[until] = (None, None), (None, None)
            else:
                born = person.born, person.sex
                area, table = person.area_code, self.rules
                self._ages[until] = (
                    working_ages(*born, Purpose.STATISTICS, area, day, table),
                    ages_4050(*born, area, day, table),
                )
        return self._ages[until]

    def on(self, day: date) -> _Day:
        """How the person stands from a day on."""
        if self.status(day) not in LISTED_PERSONS:
            return _Day(day, None, False)
        person = self.person
        (working_from, working_until), older = self._ages_on(day)
        home = self._home(day)
        spell, registered_on = self.registration(day)
        state = PersonState(
            entry=person.id,
            area_code=person.area_code,
            since=day,
            until=None,
            residence_area=self._residence(home),
            hukou_area=self._hukou(day, home),
            household=home.household if home else None,
            sex=person.sex,
            born=person.born,
            working_from=working_from,
            working_until=working_until,
            older_from=older[0],
            older_until=older[1],
            is_rural=person.hukou_type == HukouNature.RURAL,
            edu=person.edu,
            activity=value_on(self.activities, day) or "",
            capacity=person.capacity,
            surplus=person.surplus,
            never_employed=not any(
                item.kind == SpellKind.EMPLOYED and item.start <= day for item in person.spells
            ),
            registered_on=registered_on,
            benefit=bool(registered_on and spell and spell.benefit_months),
        )
        is_of_age = (
            working_from is not None
            and working_until is not None
            and working_from <= day < working_until
        )
        return _Day(day, state, is_of_age)

    def _home(self, day: date) -> MembershipRecord | None:
        """The household lived in; who left the last without another still counts there (rules.md, Judged day by day)."""
        holding = [item for item in self.residences if _holds(item, day)]
        if not holding:
            holding = [
                item for item in self.residences if item.until is not None and item.until <= day
            ]
            return max(holding, key=lambda item: (item.until, item.household), default=None)
        return max(holding, key=lambda item: (item.since, item.household))

    def _residence(self, home: MembershipRecord | None) -> str:
        if home is not None:
            return home.area
        elsewhere = (ResidenceKind.HUKOU_HERE_ONLY, ResidenceKind.HUKOU_WITHOUT_TIE)
        return "" if self.person.residence_kind in elsewhere else self.person.area_code

    def _hukou(self, day: date, home: MembershipRecord | None) -> str:
        holding = [item for item in self.registrations if _holds(item, day)]
        if holding:
            return max(holding, key=lambda item: (item.since, item.household)).area
        kind = self.person.residence_kind
        if self.registrations or kind == ResidenceKind.LIVES_HERE_ONLY:
            return ""
        return home.area if home is not None and kind else self.person.area_code

    def spell_on(self, day: date) -> SpellRecord | None:
        """The spell of a day."""
        return next(
            (
                item
                for item in self.person.spells
                if item.start <= day and (item.end is None or day < item.end)
            ),
            None,
        )

    def registration(self, day: date) -> tuple[SpellRecord | None, date | None]:
        """The spell of a day and, where unemployment is registered in it and not cancelled, since when."""
        spell = self.spell_on(day)
        if spell is None or value_on(self.activities, day) != _REGISTERED:
            return spell, None
        since = spell.reg_date
        if since is None or since < spell.start:
            stated = [
                date.fromisoformat(step[0])
                for step in self.activities
                if step[1] == _REGISTERED and step[0] <= day.isoformat()
            ]
            since = max([spell.start, *stated[-1:]])
        is_over = spell.cancel_date is not None and day >= spell.cancel_date
        return spell, since if since <= day and not is_over else None


def _holds(item: MembershipRecord, day: date) -> bool:
    return item.since <= day and (item.until is None or day < item.until)


def _working_age(life: Life, days: Iterable[_Day]) -> Iterator[Event]:
    """Who comes among those of working age of a community, and who leaves them."""
    before: _Day | None = None
    place = ""
    for item in days:
        here = item.state.residence_area if item.state and item.is_of_working_age else ""
        if here != place:
            if place:
                yield _event(
                    life, EventKind.WORKING_OUT, item, place, _left_because(life, item, before)
                )
            if here:
                yield _event(
                    life, EventKind.WORKING_IN, item, here, _came_because(life, item, before)
                )
        place, before = here, item


def _left_because(life: Life, now: _Day, before: _Day | None) -> Reason:
    if now.state is None:
        status = life.status(now.day)
        if status == PersonStatus.DECEASED:
            return Reason.DIED
        return Reason.MOVED_OUT if status == PersonStatus.MOVED_OUT else Reason.CORRECTED
    if before is not None and before.state is not None:
        if now.state.residence_area != before.state.residence_area:
            return Reason.MOVED_OUT
        if now.day == now.state.working_until:
            return Reason.AGED_OUT
    return Reason.CORRECTED


def _came_because(life: Life, now: _Day, before: _Day | None) -> Reason:
    state = now.state
    if before is None:
        return Reason.LISTED
    if before.state is None:
        return Reason.MOVED_IN
    if state is not None and state.residence_area != before.state.residence_area:
        return Reason.MOVED_IN
    if state is not None and now.day == state.working_from:
        return Reason.CAME_OF_AGE
    return Reason.CORRECTED


def _registration(life: Life, days: Iterable[_Day]) -> Iterator[Event]:
    """Who is registered as unemployed in a community of hukou, and who is no longer."""
    before: PersonState | None = None
    for item in days:
        state = item.state
        was = before.hukou_area if before and before.registered_on else ""
        now = state.hukou_area if state and state.registered_on else ""
        is_new = bool(
            was and now and before and state and before.registered_on != state.registered_on
        )
        if was and (was != now or is_new):
            yield _event(
                life, EventKind.REGISTERED_OUT, item, was, _deregistered_because(life, item)
            )
        if now and (was != now or is_new):
            yield _event(life, EventKind.REGISTERED_IN, item, now, _registered_because(life, item))
        before = state


def _deregistered_because(life: Life, now: _Day) -> Reason:
    if now.state is None:
        return Reason.OTHER
    cancelled = next((item for item in life.person.spells if item.cancel_date == now.day), None)
    if cancelled is not None and cancelled.cancel_reason:
        if cancelled.cancel_reason in _CANCELLED_BY_JOB:
            return Reason.JOB
        is_retired = cancelled.cancel_reason == _CANCELLED_BY_RETIREMENT
        return Reason.RETIRED if is_retired else Reason.OTHER
    if now.state.activity.startswith(SpellKind.EMPLOYED):
        return Reason.JOB
    return Reason.RETIRED if now.state.activity == _RETIRED else Reason.OTHER


def _registered_because(life: Life, now: _Day) -> Reason:
    spell = life.spell_on(now.day)
    reason = spell.unemp_reason if spell else None
    if reason in NEW_REASONS:
        return Reason.NEW_ENTRANT
    if reason in JOB_REASONS:
        return Reason.FROM_JOB
    was_employed = spell is not None and any(
        item.kind == SpellKind.EMPLOYED and item.end == spell.start for item in life.person.spells
    )
    return Reason.FROM_JOB if was_employed and reason is None else Reason.OTHER


def _event(life: Life, kind: EventKind, now: _Day, place: str, reason: Reason) -> Event:
    person = life.person
    spell = life.spell_on(now.day)
    of_spell = kind in (EventKind.REGISTERED_IN, EventKind.REGISTERED_OUT)
    return Event(
        entry=person.id,
        area_code=person.area_code,
        kind=kind,
        day=now.day,
        place=place,
        source=spell.id if of_spell and spell else person.id,
        reason=reason,
        category="",
        categories=(),
        sex=person.sex,
        is_rural=person.hukou_type == HukouNature.RURAL,
    )
