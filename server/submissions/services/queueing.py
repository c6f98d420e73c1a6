"""Putting submissions into the worker's queue, in the transaction that gives it the reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import connection

from server.submissions.models import Waiting

DRAIN: Final = "drain"
QUEUE: Final = "pipeline"
TURN: Final = 0x7275_6875_0001  # advisory lock: one batch at a time, whatever the number of workers

QUEUE_DRAIN: Final = f"""
    insert into procrastinate_jobs (queue_name, task_name, queueing_lock)
    select '{QUEUE}', '{DRAIN}', '{DRAIN}' from {{source}}
     where not exists (select from procrastinate_jobs
                        where queueing_lock = '{DRAIN}' and status = 'todo')
     limit 1
    on conflict (queueing_lock) where status = 'todo' do nothing
"""  # noqa: S608 constants
"""One job takes up whatever waits, so while one is queued nobody queues another.

Who is about to commit when that job runs is found by its lingering, or a minute later.
"""


def queue(submission_ids: Iterable[int], *, at: datetime) -> None:
    """Let the worker take the submissions up (again). Part of the caller's transaction."""
    Waiting.objects.bulk_create(
        Waiting(submission_id=submission_id, queued_at=at) for submission_id in submission_ids
    )
    queue_drain()


def queue_of_form(form: int, states: Iterable[str], *, at: datetime) -> int:
    """The same for all of a form's records in these review states; how many. Part of the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into submissions_waiting (submission_id, queued_at)"
            " select id, %s from submissions_submission"
            " where form_id = %s and review_state = any(%s) and current_version_id is not null"
            " order by id",
            [at, form, list(states)],
        )
        queued: int = cursor.rowcount
    if queued:
        queue_drain()
    return queued


def take_turn() -> None:
    """Hold the turn of merging a batch to the end of the transaction.

    The lock ends with the transaction, so a worker that was killed holds up nobody; a
    lock of the job queue would outlive it.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [TURN])


def queue_drain() -> None:
    """Queue the job that takes up what waits, unless it is queued."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUE_DRAIN.format(source="(select 1) as once"))
