"""The worker process's jobs of this room."""

from __future__ import annotations

from procrastinate.contrib.django import app

from server.submissions import drain as draining
from server.submissions.services.queueing import DRAIN, QUEUE


@app.task(name=DRAIN, queue=QUEUE, queueing_lock=DRAIN)
def drain() -> int:
    """Process all waiting submissions."""
    return draining.drain()


@app.periodic(cron="* * * * *")
@app.task(name="drain_each_minute", queue=QUEUE, queueing_lock=DRAIN)
def drain_each_minute(timestamp: int) -> int:
    """The same every minute, in case a job was lost."""
    return draining.drain()
