"""How the running ledgers differ from rebuilt ones: counts of rows and columns, without personal data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db import models

from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.models import ContributionRow, IdentityKey, LedgerException, Membership
from server.ledgers.storage.comparing import (
    ComparedTable,
    TableComparison,
    choose_compared_entries,
    compare_exceptions,
    compare_table,
    put_exceptions_right,
    put_table_right,
)
from server.ledgers.storage.list_revisions import raise_every_revision

COMPARED_MODELS: tuple[type[models.Model], ...] = (
    *LEDGERS.values(),
    Membership,
    ContributionRow,
    IdentityKey,
)
"""The models that are compared column by column."""

COMPARED_TABLES = tuple(ComparedTable.of(model) for model in COMPARED_MODELS)


class DifferenceKind(StrEnum):
    """How a row of the running table differs from the rebuilt one."""

    MISSING = "missing"  # only the rebuild has the rows
    SUPERFLUOUS = "superfluous"  # only the running table has them
    DIFFERENT = "different"


@dataclass(slots=True)
class Difference:
    """How many rows of a running table differ from the rebuilt ones, in one respect."""

    table: str
    column: str  # "" for whole rows
    kind: DifferenceKind
    rows: int


def compare_ledgers() -> list[Difference]:
    """Compare every running table with the rebuilt one, for the entries that the rebuild is about."""
    choose_compared_entries()
    differences: list[Difference] = []
    for table in COMPARED_TABLES:
        differences += _differences(table.name, compare_table(table))
    return differences + _differences(LedgerException._meta.db_table, compare_exceptions())


def _differences(table: str, comparison: TableComparison) -> list[Difference]:
    whole_rows = (
        Difference(table, "", DifferenceKind.MISSING, comparison.missing),
        Difference(table, "", DifferenceKind.SUPERFLUOUS, comparison.superfluous),
    )
    return [
        *(difference for difference in whole_rows if difference.rows),
        *(
            Difference(table, column, DifferenceKind.DIFFERENT, rows)
            for column, rows in comparison.different.items()
        ),
    ]


def put_ledgers_right() -> None:
    """Make the compared running rows what was rebuilt, and let phones fetch their lists again.

    Follows `compare_ledgers`. The row_version of a row that changes counts on.
    """
    for table in COMPARED_TABLES:
        put_table_right(table)
    put_exceptions_right()
    raise_every_revision()
