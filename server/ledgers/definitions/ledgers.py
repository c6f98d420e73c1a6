"""The ledgers L1–L7 by name, each with its table, its columns and what forms may do with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Model

from server.core.labels import Label
from server.ledgers.definitions.columns import Column, columns_of
from server.ledgers.definitions.vocabulary import Family, Ledger
from server.ledgers.models import (
    AssistanceCase,
    Employer,
    Household,
    Person,
    Spell,
    Vacancy,
    Visit,
)
from server.ledgers.models.base import LedgerEntry


@dataclass(frozen=True, slots=True)
class LedgerDefinition:
    """One ledger."""

    model: type[LedgerEntry]
    label: Label
    part_of: tuple[Family, ...] = ()
    """Families whose records and corrections fill this ledger ("spell.start_on" in a person's
    record); empty when forms have records of the ledger itself. Forms use the first."""
    strong_keys: frozenset[str] = frozenset()
    """Columns by which entries are recognised wherever they are met."""
    confirms: bool = True
    """Whether a record confirms, on its day, the entry that it is about (`last_confirmed_on`)."""

    @property
    def columns(self) -> dict[str, Column]:
        """The ledger's columns by name, in the order declared."""
        return columns_of(self.model)


DEFINITIONS: Final[dict[Ledger, LedgerDefinition]] = {
    Ledger.PERSON: LedgerDefinition(
        Person, Label("城乡劳动力资源台帐", "Persons"), strong_keys=frozenset({"id_no"})
    ),
    Ledger.HOUSEHOLD: LedgerDefinition(Household, Label("家庭户台帐", "Households")),
    Ledger.SPELL: LedgerDefinition(
        Spell,
        Label("就业与失业台帐", "Employment and unemployment"),
        part_of=(Family.PERSON,),
    ),
    Ledger.CASE: LedgerDefinition(
        AssistanceCase,
        Label("就业援助台帐", "Assistance cases"),
        part_of=(Family.PERSON, Family.HOUSEHOLD),
    ),
    Ledger.VISIT: LedgerDefinition(Visit, Label("入户家访记录", "Visits")),
    Ledger.EMPLOYER: LedgerDefinition(
        Employer, Label("用人单位台帐", "Employers"), strong_keys=frozenset({"uscc"})
    ),
    Ledger.VACANCY: LedgerDefinition(Vacancy, Label("空岗/公益性岗位台帐", "Vacancies")),
}

LEDGERS: Final[dict[str, type[LedgerEntry]]] = {
    ledger: definition.model for ledger, definition in DEFINITIONS.items()
}


def name_of(model: type[Model]) -> str:
    """The name of the ledger that this model is the table of."""
    return next(str(name) for name, table in LEDGERS.items() if table is model)


COLUMNS: Final[dict[str, dict[str, Column]]] = {
    ledger: definition.columns for ledger, definition in DEFINITIONS.items()
}
CONFIRMS: Final[dict[str, bool]] = {
    ledger: definition.confirms for ledger, definition in DEFINITIONS.items()
}
LINKS: Final[dict[str, str]] = {
    "household": Family.HOUSEHOLD,
    "member_of": Family.HOUSEHOLD,
    "person": Family.PERSON,
    "employer": Family.EMPLOYER,
}
"""A contribution's link by name → the family of the entry that it points at."""


def parts_of(family: str) -> tuple[Ledger, ...]:
    """The ledgers that are filled through a family's records: a person's spells and cases."""
    return tuple(
        ledger for ledger, definition in DEFINITIONS.items() if family in definition.part_of
    )
