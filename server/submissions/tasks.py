"""The worker process's jobs of this room."""

from __future__ import annotations

from procrastinate.contrib.django import app

from server.core import clock
from server.submissions import drain as draining
from server.submissions import services
from server.submissions.services.queueing import DRAIN, QUEUE, REPLAY


@app.task(name=DRAIN, queue=QUEUE, queueing_lock=DRAIN)
def drain() -> int:
    """Take up all that waits."""
    return draining.drain()


@app.periodic(cron="* * * * *")
@app.task(name="drain_each_minute", queue=QUEUE, queueing_lock=DRAIN)
def drain_each_minute(timestamp: int) -> int:
    """Whatever a lost wake-up left waiting does not wait longer than this."""
    return draining.drain()


@app.task(name=REPLAY, queue=QUEUE, queueing_lock=REPLAY)
def replay_ready() -> int:
    """Replay what waited for a form version or an original that has come."""
    return services.replay_ready(at=clock.now()).taken


@app.periodic(cron="*/10 * * * *")
@app.task(name="replay_ready_each_ten_minutes", queue=QUEUE, queueing_lock=REPLAY)
def replay_ready_each_ten_minutes(timestamp: int) -> int:
    """Whatever a lost wake-up left waiting does not wait longer than this."""
    return services.replay_ready(at=clock.now()).taken
