"""Queues submissions for the worker, in the transaction that changes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import connection

from server.submissions.models import Waiting

DRAIN: Final = "drain"
QUEUE: Final = "pipeline"
PIPELINE_LOCK: Final = 0x7275_6875_0001
"""An advisory lock: one batch at a time, whatever the number of workers."""

QUEUE_DRAIN: Final = f"""
    insert into procrastinate_jobs (queue_name, task_name, queueing_lock)
    select '{QUEUE}', '{DRAIN}', '{DRAIN}' from {{source}}
     where not exists (select from procrastinate_jobs
                        where queueing_lock = '{DRAIN}' and status = 'todo')
     limit 1
    on conflict (queueing_lock) where status = 'todo' do nothing
"""  # noqa: S608 constants
"""One job processes all waiting submissions, so none is queued while another is.

An upload that commits just after the drain looked is found because the drain polls for one
more second; else by the job of each minute.
"""


def queue(submission_ids: Iterable[int], *, at: datetime) -> None:
    """Queue the submissions for the worker (again). Part of the caller's transaction."""
    Waiting.objects.bulk_create(
        Waiting(submission_id=submission_id, queued_at=at) for submission_id in submission_ids
    )
    queue_drain()


def queue_of_form(form: int, states: Iterable[str], *, at: datetime) -> int:
    """Queue all of a form's submissions in these review states, and return how many. Part of the caller's transaction."""
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


def queue_of_version(form_version: int, *, at: datetime) -> int:
    """Queue all submissions that have a version of this form version, and return how many. Part of the caller's transaction."""
    return _queue(
        "select distinct submission_id as id from submissions_submissionversion"
        " where form_version_id = %s",
        [form_version],
        at,
    )


def queue_unprocessed(*, at: datetime) -> int:
    """Queue all submissions on which a step failed, and return how many. Part of the caller's transaction."""
    return _queue(
        """select id from submissions_submission
            where flags @> '["unprocessed"]' and current_version_id is not null""",
        [],
        at,
    )


def _queue(submissions: str, parameters: list[int], at: datetime) -> int:
    """Queue what a statement selects as `id`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into submissions_waiting (submission_id, queued_at)"  # noqa: S608 our own
            f" select id, %s from ({submissions}) as concerned order by id",
            [at, *parameters],
        )
        queued: int = cursor.rowcount
    if queued:
        queue_drain()
    return queued


def lock_pipeline() -> None:
    """Wait for the batch that is being processed, and hold off the next to the end of the transaction.

    An advisory lock of the transaction: it ends with a worker that is killed, which a lock
    of the job queue would not.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [PIPELINE_LOCK])


def queue_drain() -> None:
    """Queue the job that processes all waiting submissions, unless it is queued."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUE_DRAIN.format(source="(select 1) as once"))
