"""Letting one of the values hold that sources give, and what a correction would change before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from server.accounts.access import Access
from server.ledgers.definitions.columns import Column, Kind
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.desk.acts import correct, correct_as_stored
from server.ledgers.models import DeskAct
from server.ledgers.models.base import LedgerEntry
from server.ledgers.problems import NoSuchEntry, NoSuchValue
from server.ledgers.reading.entries import hidden_columns, resolve, rows_of
from server.ledgers.reading.provenance import contributions_here


@dataclass(frozen=True, slots=True)
class Effect:
    """An entry before and after a correction that was not made."""

    before: LedgerEntry
    after: LedgerEntry | None  # None: it would leave the ledger, or the reader's areas
    columns: tuple[Column, ...]  # that differ, and that the user may see


def choose(
    *,
    family: str,
    entry: UUID,
    column: str,
    contribution: int,
    reason: str,
    access: Access,
    at: datetime,
) -> DeskAct:
    """Correct a column to the value that a contribution gives it, so that the sources conflict no more.

    The contribution is of a record or desk act of the user's areas. Locks and raises like `correct`, and NoSuchValue.
    """
    giving = contributions_here(access, family, resolve(family, entry) or entry)
    row = next((item for item in giving if item.pk == contribution), None)
    if row is None:
        raise NoSuchValue
    return correct_as_stored(
        family=family, entry=entry, column=column, values=row.values, given_as=column,
        reason=reason, access=access, at=at,
    )  # fmt: skip


def preview_correction(
    *, family: str, entry: UUID, column: str, value: Any, access: Access, at: datetime
) -> Effect:
    """What `correct` would change in the entry itself. It is made and taken back, under the merge lock; nothing stays.

    Raises like `correct`.
    """
    rows = rows_of(access, family)
    key = resolve(family, entry) or entry
    before = rows.filter(pk=key).first()
    if before is None:
        raise NoSuchEntry(family=family, entry=entry)
    with transaction.atomic():
        correct(
            family=family, entry=key, column=column, value=value, reason="-", access=access, at=at
        )
        after = rows.filter(pk=key).first()
        transaction.set_rollback(True)
    columns: tuple[Column, ...] = ()
    if after is not None:
        hidden = hidden_columns(access, before)
        columns = tuple(
            declared
            for name, declared in COLUMNS[family].items()
            if name not in hidden
            and declared.kind not in (Kind.ENTRY, Kind.USER, Kind.JSON)
            and getattr(before, name) != getattr(after, name)
        )
    return Effect(before, after, columns)
