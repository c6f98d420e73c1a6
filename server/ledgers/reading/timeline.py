"""A household's history: visits, people joining and leaving, cases, spells and desk acts, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Model, Q

from server.accounts.access import Access
from server.core.clock import office_day
from server.core.codes import label_of
from server.ledgers.models import Household
from server.ledgers.reading.entries import cases, desk_acts, memberships, spells, visits
from server.ledgers.reading.joined import joined, joined_key, shows


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on a day."""

    day: date
    kind: str  # visit | joined | left | case_opened | case_closed | spell | desk
    title: str
    person: str = ""
    by: str = ""
    entry: UUID | None = None  # of the visit, case or spell
    submission_id: int | None = None


def timeline(access: Access, household: Household, *, limit: int = 200) -> list[Event]:
    """The latest `limit` events of the household and its present members, newest first. Five queries."""
    stays = memberships(access).filter(household=household).select_related("person")
    people = {stay.person_id for stay in stays if stay.to_on is None and shows(stay, "person")}
    events: list[Event] = []
    events += _visits(access, household, people, limit)
    for stay in stays:
        name, role = _name(stay, "person"), str(stay.get_role_display())
        events.append(Event(stay.from_on, "joined", role, person=name))
        if stay.to_on is not None:
            events.append(Event(stay.to_on, "left", role, person=name))
    events += _cases(access, household, people)
    events += _spells(access, people)
    acts = desk_acts(access).filter(entry__in=[household.pk, *people]).select_related("user")
    events += [
        Event(office_day(act.at), "desk", act.get_kind_display(), by=str(act.user)) for act in acts
    ]
    events.sort(key=lambda event: event.day, reverse=True)
    return events[:limit]


def _visits(
    access: Access, household: Household, people: Iterable[UUID], limit: int
) -> list[Event]:
    rows = (
        visits(access)
        .filter(Q(household=household) | Q(person__in=people))
        .select_related("recorded_by", "person")
        .order_by("-visited_at")[:limit]
    )
    return [
        Event(
            office_day(row.visited_at),
            "visit",
            label_of("VO", row.outcome or ""),
            person=_name(row, "person"),
            by=str(joined(row, "recorded_by") or ""),
            entry=row.pk,
            submission_id=joined_key(row, "source_submission"),
        )
        for row in rows
    ]


def _cases(access: Access, household: Household, people: Iterable[UUID]) -> list[Event]:
    rows = (
        cases(access)
        .filter(Q(subject_household=household) | Q(subject_person__in=people))
        .select_related("subject_person")
    )
    events = []
    for row in rows:
        name = _name(row, "subject_person")
        events.append(Event(row.opened_on, "case_opened", row.case_no, person=name, entry=row.pk))
        if row.closed_on is not None:
            reason = label_of("CL", row.close_reason or "")
            events.append(Event(row.closed_on, "case_closed", reason, person=name, entry=row.pk))
    return events


def _spells(access: Access, people: Iterable[UUID]) -> list[Event]:
    rows = spells(access).filter(person__in=people).select_related("person")
    return [
        Event(
            row.start_on,
            "spell",
            label_of("SPK", row.spell_kind),
            person=_name(row, "person"),
            entry=row.pk,
            submission_id=joined_key(row, "source_submission"),
        )
        for row in rows
    ]


def _name(row: Model, name: str) -> str:
    """The name of the person whom the row names there, if the reader sees that person."""
    person = joined(row, name)
    return person.name or "" if person else ""
