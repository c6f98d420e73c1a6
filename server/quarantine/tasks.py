"""The worker process's jobs of this room."""

from __future__ import annotations

from procrastinate.contrib.django import app

from server.core import clock
from server.quarantine import services
from server.quarantine.services.queueing import REPLAY
from server.submissions.services.queueing import QUEUE


@app.task(name=REPLAY, queue=QUEUE, queueing_lock=REPLAY)
def replay_ready() -> int:
    """Replay what waited for a form version or an original that has come."""
    return services.replay_ready(at=clock.now()).accepted


@app.periodic(cron="*/10 * * * *")
@app.task(name="replay_ready_each_ten_minutes", queue=QUEUE, queueing_lock=REPLAY)
def replay_ready_each_ten_minutes(timestamp: int) -> int:
    """The same every ten minutes, in case a job was lost."""
    return services.replay_ready(at=clock.now()).accepted
