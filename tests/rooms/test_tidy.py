"""Jobs of killed workers are failed, so that their locks are free; old failures are deleted."""

from __future__ import annotations

import pytest
from django.db import connection

from server.ops.tasks import tidy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_queue(db) -> None:
    """Delete the jobs that other tests have committed."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")


def worker(heartbeat: str) -> int:
    return value_of(
        "insert into procrastinate_workers (last_heartbeat) values (now() - %s::interval) returning id",
        [heartbeat],
    )


def queue(lock: str | None = "refold_due") -> int:
    return value_of(
        "insert into procrastinate_jobs (queue_name, task_name, lock)"
        " values ('ledgers', 'ledgers.refold_due', %s) returning id",
        [lock],
    )


def fetch(worker_id: int) -> int | None:
    return value_of("select id from procrastinate_fetch_job_v2(null, %s)", [worker_id])


def value_of(statement: str, values: list) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def test_a_killed_workers_job_gives_its_lock_back() -> None:
    dead, alive = worker("2 hours"), worker("1 second")
    first, second = queue(), queue()
    assert fetch(dead) == first
    assert fetch(alive) is None  # the lock is still held by the dead worker's job

    tidy()

    assert fetch(alive) == second


def test_a_job_under_way_is_left_alone() -> None:
    alive = worker("1 second")
    first = queue()
    queue()
    assert fetch(alive) == first

    tidy()

    assert fetch(alive) is None
    assert value_of("select count(*) from procrastinate_jobs where status = 'doing'", []) == 1


def test_failures_are_kept_for_a_month() -> None:
    recent, old = queue(None), queue(None)
    for job in (recent, old):
        fetch(worker("1 second"))
        value_of("select procrastinate_finish_job_v1(%s, 'failed', false)", [job])
    with connection.cursor() as cursor:
        cursor.execute(
            "update procrastinate_events set at = at - interval '31 days' where job_id = %s", [old]
        )

    tidy()

    assert value_of("select array_agg(id) from procrastinate_jobs", []) == [recent]
