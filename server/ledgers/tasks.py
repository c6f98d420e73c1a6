"""The ledgers' periodic task."""

from __future__ import annotations

import structlog
from procrastinate.contrib.django import app

from server.core import clock
from server.ledgers.services import refold_due, settle_due_links

_BATCH = 500
log = structlog.get_logger(__name__)


@app.periodic(cron="7 * * * *")
@app.task(name="ledgers.refold_due", queue="ledgers", queueing_lock="refold_due", lock="refold_due")
def refold(timestamp: int) -> None:
    """Fold again the entries that the date changes, and complete the moves to which silence has agreed.

    The date changes ages, spells of unemployment and expired vacancies.

    Runs every hour and does nothing when nothing is due, so that a server that was off
    at midnight catches up. A transaction for each batch, under the merge lock.
    """
    as_of, total = clock.today(), 0
    while due := refold_due(as_of=as_of, limit=_BATCH):
        total += due
        if due < _BATCH:
            break
    moves = settle_due_links(as_of=as_of)
    if total or moves:
        log.info("ledgers refolded by date", entries=total, moves=moves, as_of=str(as_of))
