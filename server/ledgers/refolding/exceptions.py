"""Keeping the stored exceptions in step with what the fold raised (rules.md, Exceptions)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from server.ledgers.folding.row import RaisedException
from server.ledgers.storage.exceptions import (
    Cause,
    ExceptionRow,
    delete_open_exceptions,
    put_exceptions,
)


def reconcile_exceptions(
    raised: Sequence[RaisedException], scope: Iterable[str], areas: Mapping[str, str]
) -> None:
    """Make the open exceptions of the entries in scope those that the fold raised.

    An open exception that is not raised again disappears. A resolved one stays on
    record, and stays resolved when it is raised again. `areas` is entry → area code.
    """
    by_cause = {
        Cause(exception.kind, exception.column, exception.contribution.id): exception
        for exception in raised
    }
    delete_open_exceptions(list(scope), keeping=by_cause)
    put_exceptions(
        [
            ExceptionRow(
                kind=cause.kind,
                family=exception.family,
                entry=exception.entry,
                column=cause.column,
                contribution=cause.contribution,
                area_code=areas.get(exception.entry) or exception.contribution.area_code,
                detail=exception.detail,
                opened_at=exception.contribution.received_at,
            )
            for cause, exception in by_cause.items()
        ]
    )
