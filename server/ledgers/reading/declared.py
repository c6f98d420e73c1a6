"""What the other office declares about a person whom both have agreed to have in two places (decision 0251).

The only read that goes beyond the reader's areas on purpose: a few columns of one row, while both desks agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from server.core.clock import office_day
from server.ledgers.definitions.columns import Column, Kind, columns_of
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.sensitivity import unrestricted
from server.ledgers.definitions.vocabulary import Family, Ledger, LinkState, MembershipRole
from server.ledgers.models import EntryLink, Household, Membership, Person, Visit
from server.ledgers.models.base import LedgerEntry
from server.ledgers.reading.masking import holds_text, shown, without_numbers

_OF_PERSON: Final = {
    MembershipRole.RESIDENT: ("residence_area", "residence_addr", "phone", "emp_status"),
    MembershipRole.HUKOU: ("hukou_type", "hukou_area", "hukou_addr"),
}
_OF_HUKOU_HOUSEHOLD: Final = ("address", "dibao_status")


@dataclass(frozen=True, slots=True)
class Declared:
    """One value that the other office states."""

    ledger: str
    column: Column
    value: str  # as stored; masked where the column is sealed, numbers in texts too
    entry: LedgerEntry


def declared_facts(link: EntryLink) -> list[Declared]:
    """What the other office states and this one does not; nothing unless both desks agreed on two places.

    An office states residence, contact, employment and the last visit of a person who lives at one of its
    households, and hukou and the household's allowance of who is registered at one. The
    link is one that the reader was found to see. At most five queries.
    """
    if link.state != LinkState.TWO_PLACES or link.family != Family.PERSON:
        return []
    own, other = _homes(link.entry), _homes(link.other_entry)
    person = Person.objects.filter(pk=link.other_entry).first()
    if person is None:
        return []
    facts: list[Declared] = []
    for role in (MembershipRole.HUKOU, MembershipRole.RESIDENT):
        if role not in other or role in own:
            continue
        facts += _values(Ledger.PERSON, person, _OF_PERSON[role])
        if role == MembershipRole.HUKOU:
            home = Household.objects.filter(pk=other[role]).first()
            facts += _values(Ledger.HOUSEHOLD, home, _OF_HUKOU_HOUSEHOLD) if home else []
        else:
            facts += _last_visit(person)
    return facts


def _homes(person: UUID) -> dict[str, UUID]:
    """Role → the household in which the person has it now."""
    rows = Membership.objects.filter(person=person, to_on=None).order_by("from_on", "pk")
    return dict(rows.values_list("role", "household_id"))


def _values(ledger: Ledger, entry: LedgerEntry, names: tuple[str, ...]) -> list[Declared]:
    columns = columns_of(type(entry))
    facts = []
    for name in names:
        column = columns[name]
        value = shown(entry, name) if column.kind is Kind.SEALED else getattr(entry, name)
        value = unrestricted(column, value)  # the role, too, is held in areas
        if holds_text(column):
            value = without_numbers(value)
        if value:
            facts.append(Declared(ledger, column, str(value), entry))
    return facts


def _last_visit(person: Person) -> list[Declared]:
    visit = Visit.objects.filter(person=person).order_by("-visited_at").first()
    if visit is None:
        return []
    day = office_day(visit.visited_at).isoformat()
    return [Declared(Ledger.VISIT, COLUMNS[Ledger.VISIT]["visited_at"], day, visit)]
