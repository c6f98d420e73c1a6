"""The reports' periodic task."""

from __future__ import annotations

import structlog
from procrastinate.contrib.django import app

from server.reports.facts.keeping import keep_up_entirely

log = structlog.get_logger(__name__)


@app.periodic(cron="* * * * *")
@app.task(
    name="reports.keep_up", queue="ledgers", queueing_lock="reports_keep_up", lock="reports_keep_up"
)
def keep_facts(timestamp: int) -> None:
    """Compute again the facts of the entries that folds have changed; a transaction for each batch."""
    marks = keep_up_entirely()
    if marks:
        log.info("facts kept up", marks=marks)
