"""`./ruhu up`: set everything up and serve."""

from __future__ import annotations

import sys

from server.ops.setup import application, environment, instance, service, serving
from server.ops.setup.database import Database
from server.ops.setup.locking import alone
from server.ops.setup.messages import text
from server.ops.setup.places import Places
from server.ops.setup.preparation import preparation
from server.ops.setup.progress import Progress
from server.ops.setup.stamps import Stamps
from server.ops.setup.welcome import FirstPeople, address


def up(places: Places, *, host: str, port: int, processes: int, empty: bool) -> int:
    """Set everything up and serve until SIGTERM or Ctrl-C; returns the exit code."""
    with instance.only_one(places) as handle, instance.listen(host, port) as listener:
        bound = listener.getsockname()[:2]
        url = address(host, bound[1])
        instance.announce(handle, url)
        database = Database.chosen(places)
        progress = set_up(places, database)
        account = service.chosen(places, lambda line: serving.report(places, line))
        if account:
            service.hand_over(places, account)
        with database.running():
            if account and database.cluster:
                database.cluster.let_in(account.account)
            people = FirstPeople(places, database, empty=empty, url=url)
            fill(places, database, progress, people)
            progress.say("step_serve")
            serving.serve(
                places,
                database,
                [
                    serving.web(places, database, listener, processes, account),
                    serving.worker(places, database, account),
                ],
                bound,
                when_ready=lambda: people.show(host),
            )
    print(text("stopped"), file=sys.stderr, flush=True)
    return 0


def set_up(places: Places, database: Database) -> Progress:
    """Carry out the steps before the database runs; returns the progress, for `fill` to go on with."""
    if database.cluster:
        database.cluster.check_version()
    with alone(places.setup_lock, "purpose_setup"):
        steps = preparation(places, database)
        progress = Progress(len(steps) + (7 if database.cluster else 6))
        for step in steps:
            progress.run(step)
        progress.run(environment.static_files(places, Stamps(places.stamps)))
    if database.cluster:
        progress.say("step_database")
    return progress


def fill(places: Places, database: Database, progress: Progress, people: FirstPeople) -> None:
    """Bring tables, forms and first accounts into the running database."""
    with alone(database.lock, "purpose_tables"):
        for step in (
            application.tables(places, database),
            application.retry(places, database),
            application.forms(places, database),
            people.step(),
        ):
            progress.run(step)
