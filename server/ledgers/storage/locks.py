"""The merge lock."""

from __future__ import annotations

from server.ledgers.storage.database import execute

_MERGE_LOCK = 0x52756875  # "Ruhu"


def take_merge_lock() -> None:
    """Wait for the merge lock and hold it to the end of the transaction.

    Whoever changes contributions or ledger rows holds it, so that one batch is merged
    at a time (decision 0052). Taking it again in the same transaction is harmless.
    """
    execute("select pg_advisory_xact_lock(%s)", (_MERGE_LOCK,))
