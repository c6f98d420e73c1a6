"""What follows from the declarations of all ledgers: by name their tables, columns, links, families, ties."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.db.models import Model

from server.ledgers.definitions.columns import Column, Counted, Kind
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.machines import Machine
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.models.base import LedgerEntry
from server.ledgers.models.registry import DECLARED

DEFINITIONS: Final[dict[str, LedgerDefinition]] = DECLARED
LEDGERS: Final[dict[str, type[LedgerEntry]]] = {
    ledger: definition.model for ledger, definition in DEFINITIONS.items()
}


def name_of(model: type[Model]) -> str:
    """The name of the ledger that this model is the table of."""
    return next(str(name) for name, table in LEDGERS.items() if table is model)


COLUMNS: Final[dict[str, dict[str, Column]]] = {
    ledger: definition.columns for ledger, definition in DEFINITIONS.items()
}
FAMILIES: Final[tuple[str, ...]] = tuple(
    ledger for ledger, definition in DEFINITIONS.items() if not definition.part_of
)
"""The identity spaces: the ledgers that have records of their own. Each contribution, key and exception is of one."""
FOLDED: Final[tuple[str, ...]] = tuple(
    ledger for ledger in FAMILIES if not DEFINITIONS[ledger].has_own_fold
)
"""The families that are folded from their declaration alone (folding/declared.py)."""
CONFIRMS: Final[dict[str, bool]] = {
    ledger: definition.confirms for ledger, definition in DEFINITIONS.items()
}
MACHINES: Final[dict[tuple[str, str], Machine]] = {
    (ledger, machine.column): machine
    for ledger, definition in DEFINITIONS.items()
    for machine in definition.machines
}
"""(ledger, column) → the machine of its states."""
MEMBER_OF: Final = "member_of"
"""Link of a person's record: it is a line of that household's roster."""


class ContradictoryDeclarations(TypeError):
    """Two ledgers are declared so that they cannot both hold; the message says which."""


def _target_of(model: type[LedgerEntry], column: str) -> str:
    to = model._meta.get_field(column).related_model
    return name_of(to) if isinstance(to, type) else ""


def _links() -> dict[str, str]:
    links: dict[str, str] = {MEMBER_OF: Family.HOUSEHOLD}
    for ledger in FAMILIES:
        for column in COLUMNS[ledger].values():
            if column.kind is not Kind.ENTRY or not column.is_link:
                continue
            target = _target_of(LEDGERS[ledger], column.name)
            if target not in FAMILIES:
                raise ContradictoryDeclarations(f"{ledger}.{column.name} links to no family")
            if links.setdefault(column.name, target) != target:
                raise ContradictoryDeclarations(f"{ledger}.{column.name}: a link of another target")
    return links


LINKS: Final[dict[str, str]] = _links()
"""A contribution's link by name → the family of the entry that it points at."""


class Tie(NamedTuple):
    """Rows of one ledger count in rows of another."""

    of: str  # the ledger whose rows are counted
    by: str  # their link
    family: str  # that it points at


def _counted() -> dict[str, dict[str, Counted]]:
    return {
        ledger: {name: column.counted for name, column in columns.items() if column.counted}
        for ledger, columns in COLUMNS.items()
    }


COUNTED: Final[dict[str, dict[str, Counted]]] = _counted()
"""Ledger → its columns that count the rows of other ledgers."""


def _ties() -> tuple[Tie, ...]:
    ties: dict[Tie, None] = {}
    for ledger, counts in COUNTED.items():
        for count in counts.values():
            if count.of not in FOLDED or count.by not in LINKS:
                raise ContradictoryDeclarations(f"{ledger} counts what no form fills: {count}")
            if LINKS[count.by] not in (ledger, *DEFINITIONS[ledger].part_of):
                raise ContradictoryDeclarations(f"{ledger} is not what {count.by} links to")
            ties[Tie(count.of, count.by, LINKS[count.by])] = None
    return tuple(ties)


TIES: Final[tuple[Tie, ...]] = _ties()
"""What has to be folded together because of counts (refolding/scope.py)."""


def parts_of(family: str) -> tuple[str, ...]:
    """The ledgers that are filled through a family's records: a person's spells and cases."""
    return tuple(
        ledger for ledger, definition in DEFINITIONS.items() if family in definition.part_of
    )
