"""What a worker wants to know at a door, or before a call: whose home it is, whom to ring, what was last agreed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q

from server.accounts.access import Access
from server.core.codes import label_of
from server.core.masking import mask_numbers
from server.ledgers.definitions.vocabulary import VISITED
from server.ledgers.models import Visit
from server.ledgers.models.base import LedgerEntry
from server.ledgers.reading.due_visits import DueVisit
from server.ledgers.reading.entries import employers, households, persons, visits
from server.ledgers.reading.joined import joined, joined_key
from server.ledgers.reading.masking import shown
from server.ledgers.reading.provenance import title_of


@dataclass(frozen=True, slots=True)
class AtDoor:
    """What is known about a visit due beside why it is due."""

    head: str  # of the household, "" of an employer
    phone_of: LedgerEntry | None  # who is rung: the person, the household's head, the employer
    phone: str  # masked, "" where there is none
    agreed_on: date | None  # the day that the last visit agreed on
    needs: list[str]  # that the last visit found
    findings: str  # of the last visit, without numbers


def at_the_doors(access: Access, due: Iterable[DueVisit]) -> dict[UUID, AtDoor]:
    """Visit's id → what is known, as far as the reader sees it. At most four queries."""
    rows = list(due)
    named = persons(access).filter(pk__in={row.person for row in rows if row.person})
    people = {row.pk: row for row in named}
    lived_in = {key for row in people.values() if (key := joined_key(row, "household"))}
    in_sight = households(access).select_related("head_person")
    homes = {
        row.pk: row
        for row in in_sight.filter(
            pk__in=lived_in | {row.household for row in rows if row.household}
        )
    }
    firms = {
        row.pk: row
        for row in employers(access).filter(pk__in={row.employer for row in rows if row.employer})
    }
    last = _last_visits(access, people, homes, firms)
    return {row.id: _at_door(row, people, homes, firms, last) for row in rows}


def _last_visits(access: Access, *entries: Mapping[UUID, Any]) -> dict[UUID, Visit]:
    """Whom or what was visited → the last visit that met somebody."""
    people, homes, firms = entries
    if not (people or homes or firms):
        return {}
    to_them = Q(person__in=people) | Q(household__in=homes) | Q(employer__in=firms)
    made = visits(access).filter(to_them, outcome__in=VISITED).order_by("visited_at", "pk")
    last: dict[UUID, Visit] = {}
    for visit in made:
        for key in (visit.person_id, visit.household_id, visit.employer_id):
            if key is not None:
                last[key] = visit
    return last


def _at_door(
    row: DueVisit,
    people: Mapping[UUID, Any],
    homes: Mapping[Any, Any],
    firms: Mapping[UUID, Any],
    last: Mapping[UUID, Visit],
) -> AtDoor:
    person = people.get(row.person) if row.person else None
    home = homes.get(joined_key(person, "household") if person is not None else row.household)
    firm = firms.get(row.employer) if row.employer else None
    head = joined(home, "head_person") if home is not None else None
    rung = person or head or firm
    keys = (row.person, row.household, row.employer)
    visit = next((last[key] for key in keys if key is not None and key in last), None)
    return AtDoor(
        head=title_of(head) if head is not None else "",
        phone_of=rung,
        phone=shown(rung, "phone") if rung is not None else "",
        agreed_on=visit.next_visit_on if visit else None,
        needs=[label_of("ND", code) for code in (visit.needs or [])] if visit else [],
        findings=mask_numbers(visit.findings) if visit and visit.findings else "",
    )
