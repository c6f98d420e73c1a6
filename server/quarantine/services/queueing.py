"""Queueing the job that replays what can be replayed."""

from __future__ import annotations

from typing import Final

from django.db import connection

from server.submissions.services.queueing import QUEUE

REPLAY: Final = "replay_ready"


def queue_replay() -> None:
    """Queue the job that replays what waited for a form version or an original that has come, unless it is queued.

    Part of the caller's transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into procrastinate_jobs (queue_name, task_name, queueing_lock)
            values (%(queue)s, %(task)s, %(task)s)
            on conflict (queueing_lock) where status = 'todo' do nothing
            """,
            {"queue": QUEUE, "task": REPLAY},
        )
