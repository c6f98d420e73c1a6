"""The worker process's jobs of this room."""

from __future__ import annotations

from procrastinate.contrib.django import app

from server.imports.running import RUN, step


@app.task(name=RUN, queue="ops", lock=RUN)
def run(number: int) -> None:
    """Do a step of an import, and leave the next one to a further job, so that records from phones do not wait."""
    if step():
        app.configure_task(RUN).defer(number=number)


@app.periodic(cron="* * * * *")
@app.task(name="imports.run_each_minute", queue="ops", lock=RUN, queueing_lock=f"{RUN} each minute")
def run_each_minute(timestamp: int) -> None:
    """Go on with what a lost job left."""
    step()
