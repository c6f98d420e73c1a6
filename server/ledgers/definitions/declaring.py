"""What a ledger is, said once: its names, keys, machines, counts and views, beside the columns of its table. Pure.

    class Offer(LedgerEntry):
        person = entry("ledgers.Person", "求职人员", "person", Merge.FIXED, required=True)
        ...
        ledger = LedgerDefinition(
            "offer", "offers", Label("送岗/职业介绍台帐", "Job offers"), number="L8",
            keys=("person+vacancy+offered_on",), machines=(OFFER,),
        )

Everything else follows from the declaration: what forms may save, the fold, its scope, REST, the
console's pages, permits, the dictionary and api_docs/machines.md (fold.md, Adding a ledger).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from server.core.labels import Label
from server.ledgers.definitions.columns import Column, Depends, columns_of
from server.ledgers.definitions.machines import Machine

if TYPE_CHECKING:
    from server.ledgers.models.base import LedgerEntry


@dataclass(frozen=True, slots=True)
class View:
    """A ledger (台帐) that is a part of another: the rows in which all conditions hold."""

    name: str
    label: Label
    where: tuple[Depends, ...]


@dataclass(slots=True, eq=False)
class LedgerDefinition:
    """One ledger. A class attribute of its model, which it is told by Python when the class is made."""

    name: str  # in forms, in contributions and in the database
    path: str  # in addresses of REST and the console
    label: Label
    number: str = ""  # in the dictionary: L8
    part_of: tuple[str, ...] = ()
    """Families whose records and corrections fill this ledger ("spell.start_on" in a person's
    record); empty when forms have records of the ledger itself. Forms use the first."""
    strong_keys: frozenset[str] = frozenset()
    """Columns by which entries are recognised wherever they are met."""
    keys: tuple[str, ...] = ()
    """What makes its records one entry, proposed to authors of forms: links and columns with + between."""
    confirms: bool = True
    """Whether a record confirms, on its day, the entry that it is about and those that it names (`last_confirmed_on`)."""
    is_restricted: bool = False
    """Whether rows, values and answers are for the restricted role alone."""
    numbered: str = ""  # the column that gets a readable number
    defaults: Mapping[str, Any] = field(
        default_factory=dict
    )  # column → value where nothing was said
    machines: tuple[Machine, ...] = ()  # the first is of the entry as a whole
    views: tuple[View, ...] = ()
    search: tuple[str, ...] = ()  # text columns that the list's search looks into
    joined_search: tuple[str, ...] = ()  # the same of entries that the row names: "person__name"
    ordering: tuple[str, ...] = ()  # columns that lists may be sorted by
    place: str = ""  # the column of its place on maps
    has_own_fold: bool = False  # folded by code of its own, not by folding/declared.py
    model: type[LedgerEntry] = field(init=False)

    def __set_name__(self, owner: type[LedgerEntry], _name: str) -> None:
        self.model = owner

    @property
    def columns(self) -> dict[str, Column]:
        """The ledger's columns by name, in the order declared."""
        return columns_of(self.model)

    def machine_of(self, column: str) -> Machine | None:
        """The machine whose state the column holds."""
        return next((machine for machine in self.machines if machine.column == column), None)
