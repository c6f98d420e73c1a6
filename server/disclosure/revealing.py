"""Revealing masked values of an entry: needs a role and a reason, is limited and recorded (security.md, Masks)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from server.accounts.access import RESTRICTED, REVEALERS, Access
from server.audit.models import Act
from server.audit.services import record
from server.core.reasons import says_why
from server.disclosure import budgets
from server.disclosure.problems import BudgetSpent, ReasonSaysNothing
from server.ledgers.definitions.columns import Column, Kind, Sensitivity, columns_of
from server.ledgers.models.base import LedgerEntry
from server.ledgers.problems import ActReasonMissing, NotCorrectable, NotYours
from server.ledgers.reading.masking import is_maskable, plain


def reveal(
    access: Access, entry: LedgerEntry, columns: Sequence[str], reason: str
) -> dict[str, Any]:
    """Log the disclosure and return column → value in plain, None where there is none; dates as ISO 8601.

    Raises NotYours, ActReasonMissing, ReasonSaysNothing, BudgetSpent, and NotCorrectable
    for a column that is never masked. Holds a lock of the user until the end of its own
    transaction, so it must not be called in another.
    """
    if not access.may(REVEALERS, entry.area_code):
        raise NotYours
    check_reason(reason)
    declared = [_maskable(entry, name) for name in columns]
    hidden = {column.name for column in declared if column.sensitivity is Sensitivity.RESTRICTED}
    if hidden and not access.may(RESTRICTED, entry.area_code):
        raise NotYours
    with transaction.atomic():
        budgets.one_at_a_time(access)
        spent = budgets.reveals_spent(access, entry.area_code)
        if spent is None:
            record(
                Act.REVEAL,
                actor=access,
                object_type=entry._meta.model_name or "",
                object_id=entry.pk,
                area=entry.area_code,
                reason=reason,
                facts={
                    "columns": [name for name in columns if name not in hidden],
                    "restricted": len(hidden),  # not named: readers of the log may lack the role
                },
            )
            return {column.name: _plain(entry, column) for column in declared}
    budgets.refuse(access, entry.area_code, spent)


def reveal_each(
    access: Access, entries: Iterable[LedgerEntry], columns: Sequence[str], reason: str
) -> tuple[dict[Any, dict[str, Any]], BudgetSpent | None]:
    """Entry's id → what `reveal` gives, one disclosure an entry, until the day's limit is reached: then the problem as well.

    Entries where the user may not reveal are left out. Raises ActReasonMissing, ReasonSaysNothing,
    NotCorrectable. Transactions and locks as in `reveal`.
    """
    check_reason(reason)
    revealed: dict[Any, dict[str, Any]] = {}
    for entry in entries:
        if not access.may(REVEALERS, entry.area_code):
            continue
        try:
            revealed[entry.pk] = reveal(access, entry, columns, reason)
        except BudgetSpent as problem:
            return revealed, problem
    return revealed, None


def check_reason(reason: str) -> None:
    """Raises ActReasonMissing, ReasonSaysNothing."""
    if not reason.strip():
        raise ActReasonMissing
    if not says_why(reason):
        raise ReasonSaysNothing


def _maskable(entry: LedgerEntry, name: str) -> Column:
    column = columns_of(type(entry)).get(name)
    if column is None or not is_maskable(column):
        raise NotCorrectable(column=name[:60])
    return column


def _plain(entry: LedgerEntry, column: Column) -> Any:
    if column.kind is Kind.SEALED:
        return plain(entry, column.name)
    value = getattr(entry, column.name)
    return value.isoformat() if value is not None and column.kind is Kind.DATE else value
