"""The worker process's jobs of this room."""

from __future__ import annotations

import structlog
from procrastinate.contrib.django import app

from server.core import clock
from server.erasure.services import finish_all
from server.erasure.trials import delete_files_of_trials

_log = structlog.get_logger(__name__)


@app.periodic(cron="* * * * *")
@app.task(name="erasure.finish", queue="ops", queueing_lock="finish_erasures")
def finish(timestamp: int) -> None:
    """Delete the files of what was erased, and what is left of it in the ledgers; every minute."""
    finished = finish_all(at=clock.now())
    if finished:
        _log.info("erasures finished", erasures=finished)


@app.periodic(cron="7 * * * *")
@app.task(name="erasure.trials", queue="ops", queueing_lock="delete_files_of_trials")
def delete_trials(timestamp: int) -> None:
    """Delete the files that were sent with test records of drafts that are gone; every hour."""
    deleted = delete_files_of_trials(at=clock.now())
    if deleted:
        _log.info("files of test records deleted", files=deleted)
