"""The merge lock."""

from __future__ import annotations

from server.core import row_security
from server.ledgers.storage.database import execute

_MERGE_LOCK = 0x52756875  # "Ruhu"


def take_merge_lock() -> None:
    """Wait for the merge lock and hold it to the end of the transaction.

    Whoever changes contributions or ledger rows holds it, so that one batch is merged
    at a time (decision 0052). Taking it again in the same transaction is harmless. In a request
    the caller is inside `row_security.across_areas`: a fold that saw the contributions of some
    areas only would write other rows than the worker's. RuntimeError otherwise.
    """
    if not row_security.sees_all():
        raise RuntimeError("a fold needs the contributions of all areas: row_security.across_areas")
    execute("select pg_advisory_xact_lock(%s)", (_MERGE_LOCK,))
