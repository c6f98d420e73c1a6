"""The ledgers' periodic task."""

from __future__ import annotations

import structlog
from procrastinate.contrib.django import app

from server.core import clock
from server.ledgers.refolding import renumbered
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


@app.task(name="ledgers.follow_code", queue="ledgers")
def follow(code: str) -> None:
    """Bring the ledgers in step with what a division's code means since it was renumbered, or since that was undone."""
    log.info(
        "division code followed", code=code, count=renumbered.follow_code(code, as_of=clock.today())
    )


def follow_code(*, old: str, new: str, is_undone: bool) -> None:
    """Queue the job that brings the ledgers in step once a code was replaced (config/pipeline.py). In the caller's transaction."""
    follow.defer(code=old)
