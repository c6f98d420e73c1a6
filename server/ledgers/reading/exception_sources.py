"""What the sources of an exception say, as far as the reader sees them: each value with who said it, when, how surely."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from server.accounts.access import Access
from server.core.masking import first_day, mask
from server.core.sealing import UnknownKey, unseal_text
from server.ledgers.definitions.columns import Column, Kind
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.models import ContributionRow, LedgerException
from server.ledgers.reading.entries import value_for
from server.ledgers.reading.masking import holds_text, without_numbers
from server.ledgers.reading.provenance import made_here


@dataclass(frozen=True, slots=True)
class Source:
    """One contribution that speaks of what an exception is about."""

    contribution: int
    value: Any  # as a program is shown it, masked; None where the exception is about no column
    raised: bool  # whether it caused the exception
    observed_at: datetime
    verified_level: int
    worker: str
    submission: str | None  # the instanceID; None of a desk act
    is_desk_act: bool
    is_elsewhere: bool  # of another area: neither value nor who said it is shown
    same_as: str  # equal for equal values; "" where no value is shown


def column_of(exception: LedgerException) -> Column | None:
    """The declaration of the column that an exception is about, "case.state" in the ledger of the part."""
    ledger, _dot, name = exception.column.rpartition(".")
    return COLUMNS.get(ledger or exception.family, {}).get(name)


def sources_of(access: Access, exception: LedgerException) -> list[Source]:
    """The contributions that give the exception's column a value, in fold order; else the one that raised it. Three queries at most."""
    column = column_of(exception)
    rows = (
        ContributionRow.objects.filter(entry=exception.entry, family=exception.family)
        if column is not None
        else ContributionRow.objects.filter(pk=exception.contribution)
    )
    contributions = [
        row
        for row in rows.select_related("worker", "submission").order_by(
            "observed_at", "received_at", "instance_id", "id"
        )
        if column is None or exception.column in row.values or row.pk == exception.contribution
    ]
    here = made_here(access, contributions)
    return [
        _source(access, exception, column, row, is_here=row.pk in here) for row in contributions
    ]


def _source(
    access: Access,
    exception: LedgerException,
    column: Column | None,
    row: ContributionRow,
    *,
    is_here: bool,
) -> Source:
    record = row.submission
    value = row.values.get(exception.column) if is_here else None
    shown = None if column is None or value is None else _shown(access, exception, column, value)
    same_as = ""
    if shown is not None:
        same_as = str(row.values.get(f"{exception.column}#") or value)
    return Source(
        contribution=row.pk,
        value=shown,
        raised=row.pk == exception.contribution,
        observed_at=row.observed_at,
        verified_level=row.level,
        worker=str(row.worker) if is_here else "",
        submission=record.instance_id if record is not None and is_here else None,
        is_desk_act=record is None,
        is_elsewhere=not is_here,
        same_as=same_as,
    )


def _shown(access: Access, exception: LedgerException, column: Column, value: Any) -> Any:
    """A stored value as JSON, with what is protected masked as in every answer to programs."""
    entry: Any = exception  # it has the area that decides
    shown = value_for(access, entry, column, value)
    if shown is None:
        return None
    if column.kind is Kind.SEALED:
        try:
            return mask(unseal_text(shown, column.name))
        except UnknownKey:
            return "*" * 8
    if column.kind is Kind.DATE and column.rounded is not None:
        return first_day(date.fromisoformat(shown), column.rounded.to).isoformat()
    return without_numbers(shown) if holds_text(column) else shown
