"""The ledgers' periodic task."""

from __future__ import annotations

import structlog
from procrastinate.contrib.django import app

from server.core import clock
from server.ledgers.services import refold_due

_BATCH = 500
log = structlog.get_logger(__name__)


@app.periodic(cron="7 * * * *")
@app.task(name="ledgers.refold_due", queue="ledgers", queueing_lock="refold_due", lock="refold_due")
def refold(timestamp: int) -> None:
    """Fold again the entries that the date changes: ages, spells of unemployment, expired vacancies.

    Runs every hour and does nothing when nothing is due, so that a server that was off
    at midnight catches up. A transaction for each batch, under the merge lock.
    """
    as_of, total = clock.today(), 0
    while due := refold_due(as_of=as_of, limit=_BATCH):
        total += due
        if due < _BATCH:
            break
    if total:
        log.info("ledgers refolded by date", entries=total, as_of=str(as_of))
