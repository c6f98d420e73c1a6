"""The worker process's job of this room."""

from __future__ import annotations

import structlog
from procrastinate.contrib.django import app

from server.core import clock
from server.erasure.services import finish_all

_log = structlog.get_logger(__name__)


@app.periodic(cron="* * * * *")
@app.task(name="erasure.finish", queue="ops", queueing_lock="finish_erasures")
def finish(timestamp: int) -> None:
    """Delete the files of what was erased, and what is left of it in the ledgers; every minute."""
    finished = finish_all(at=clock.now())
    if finished:
        _log.info("erasures finished", erasures=finished)
