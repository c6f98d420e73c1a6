"""Periodic jobs: clearing up after processes that were killed, and folding anew after an upgrade."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog
from django.db import connection
from procrastinate.contrib.django import app

from server.accounts import lockout
from server.accounts.sessions import SessionStore
from server.core import blobs, clock
from server.ops.folding_anew import FOLD_STREETS, fold_streets

HALF_WRITTEN_FOR: Final = timedelta(days=1)
FAILED_FOR: Final = timedelta(days=30)

_log = structlog.get_logger(__name__)

_ABANDONED = """
with abandoned as materialized (
    select job.id, job.task_name
      from procrastinate_jobs job
     where job.status = 'doing'
       and not exists (select from procrastinate_workers worker
                        where worker.id = job.worker_id
                          and worker.last_heartbeat > now() - interval '1 minute')
       for update skip locked
)
select task_name, procrastinate_finish_job_v1(id, 'failed', true) from abandoned
"""

_OLD = """
delete from procrastinate_jobs job
 where job.status in ('failed', 'cancelled', 'aborted')
   and not exists (select from procrastinate_events event
                    where event.job_id = job.id and event.at > %s)
"""


@app.periodic(cron="*/5 * * * *")
@app.task(name="tidy", queue="ops", queueing_lock="tidy")
def tidy_regularly(timestamp: int) -> None:
    """Run `tidy` every five minutes."""
    tidy()


def tidy() -> None:
    """Fail jobs whose worker is dead; delete old failed jobs, ended sessions, wrong-password counts and half-written files.

    A job with a lock blocks all jobs of that lock while its status is "doing", which after
    `kill -9` would be for ever. Failing it is safe: every job of this server is queued again by
    itself and may repeat what the dead one began.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ABANDONED)
        for task_name, _nothing in cursor.fetchall():
            _log.warning("job of a dead worker marked as failed", task=task_name)
        cursor.execute(_OLD, [clock.now() - FAILED_FOR])
    lockout.forget_old()
    SessionStore.clear_expired()
    blobs.forget_unfinished(older_than=HALF_WRITTEN_FOR)


@app.periodic(cron="23 * * * *")
@app.task(name=FOLD_STREETS, queue="ops", queueing_lock=FOLD_STREETS, lock=FOLD_STREETS)
def fold_streets_of_this_version(timestamp: int) -> None:
    """Run `fold_streets`; hourly, so that it goes on after a worker was killed."""
    fold_streets()
