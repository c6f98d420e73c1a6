"""What the other office declares about a person whom both have agreed to have in two places (decision 0251).

The only read that goes beyond the reader's areas on purpose: a few columns of one row, while both desks agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from server.core.clock import office_day
from server.ledgers.definitions.columns import Column, Kind
from server.ledgers.definitions.ledgers import COLUMNS, LEDGERS
from server.ledgers.definitions.sensitivity import unrestricted
from server.ledgers.definitions.vocabulary import Family, Ledger, LinkState, MembershipRole
from server.ledgers.models import EntryLink
from server.ledgers.reading.masking import holds_text, shown, without_numbers
from server.ledgers.storage.declared import DeclaredRow, declared_rows

_STATED: Final = {
    (MembershipRole.HUKOU, Ledger.PERSON): ("hukou_type", "hukou_area", "hukou_addr"),
    (MembershipRole.HUKOU, Ledger.HOUSEHOLD): ("address", "dibao_status"),
    (MembershipRole.RESIDENT, Ledger.PERSON): (
        "residence_area",
        "residence_addr",
        "phone",
        "emp_status",
    ),
    (MembershipRole.RESIDENT, Ledger.VISIT): ("visited_at",),
}
"""Role of the person at the other office, and ledger → the columns that the office states, in the order shown."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One value that the other office states."""

    ledger: str
    column: Column
    value: str  # as stored; masked where the column is sealed, numbers in texts too


def declared_facts(link: EntryLink) -> list[Declared]:
    """What the other office states and this one does not; nothing unless both desks agreed on two places.

    An office states residence, contact, employment and the last visit of a person who lives at one of its
    households, and hukou and the household's allowance of who is registered at one. One query.
    """
    if link.state != LinkState.TWO_PLACES or link.family != Family.PERSON:
        return []
    rows = {(row.role, row.ledger): row for row in declared_rows(link.pk)}
    facts: list[Declared] = []
    for (role, ledger), names in _STATED.items():
        if row := rows.get((role.value, ledger.value)):
            facts += _values(ledger, row, names)
    return facts


def _values(ledger: Ledger, row: DeclaredRow, names: tuple[str, ...]) -> list[Declared]:
    values = {name: getattr(row, name) for name in names}
    model: type[Any] = LEDGERS[ledger]
    entry = model(pk=row.id, area_code=row.area_code, **values)
    facts = []
    for name in names:
        column = COLUMNS[ledger][name]
        value: Any = shown(entry, name) if column.kind is Kind.SEALED else values[name]
        if column.kind is Kind.INSTANT and value is not None:
            value = office_day(value).isoformat()
        value = unrestricted(column, value)  # the role, too, is held in areas
        if holds_text(column):
            value = without_numbers(value)
        if value:
            facts.append(Declared(ledger, column, str(value)))
    return facts
