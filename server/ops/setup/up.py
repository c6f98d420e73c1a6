"""`./ruhu up`: set everything up and serve."""

from __future__ import annotations

import sys

from server.ops.setup import application, backup, environment, instance, nginx, service, serving
from server.ops.setup.backup_settings import target_of
from server.ops.setup.database import Database
from server.ops.setup.locking import alone
from server.ops.setup.messages import text
from server.ops.setup.places import Places
from server.ops.setup.preparation import preparation
from server.ops.setup.progress import Progress
from server.ops.setup.stamps import Stamps
from server.ops.setup.tls import TlsWanted, watching
from server.ops.setup.welcome import FirstPeople, address


def up(
    places: Places, *, host: str, port: int, processes: int, empty: bool, wants: TlsWanted | None
) -> int:
    """Set everything up and serve until SIGTERM or Ctrl-C; returns the exit code.

    With TLS, nginx listens on `host` and `port`, and the web server on this machine only.
    """
    web_host, web_port = ("127.0.0.1", 0) if wants else (host, port)
    with instance.only_one(places) as handle, instance.listen(web_host, web_port) as listener:
        bound = listener.getsockname()[:2]
        database = Database.chosen(places)
        if wants:
            wants.check_ports(host, port)
        progress = set_up(places, database, tls=bool(wants))
        tls = wants.arranged(places, host, port) if wants else None
        url = tls.url if tls else address(host, bound[1])
        instance.announce(handle, url)
        account = service.chosen(places, lambda line: serving.report(places, line))
        if account:
            service.hand_over(places, account)
        with database.running():
            if account and database.cluster:
                database.cluster.let_in(account.account)
            people = FirstPeople(places, database, empty=empty, url=url)
            fill(places, database, progress, people)
            progress.say("step_serve")
            variables = tls.variables() if tls else {}
            programs = [
                serving.web(places, database, listener, processes, account, variables=variables),
                serving.worker(places, database, account, variables=variables),
            ]
            if tls:
                programs.append(tls.program(bound[1], account.account if account else None))
            if has_backups(places, database):
                programs.append(serving.backups(places))
            serving.serve(
                places,
                database,
                programs,
                bound,
                when_ready=lambda: people.show(host, tls),
                watch=watching(tls) if tls else lambda _supervisor: None,
            )
    print(text("stopped"), file=sys.stderr, flush=True)
    return 0


def has_backups(places: Places, database: Database) -> bool:
    """Whether backups are configured for this database."""
    return bool(database.cluster) and target_of(places) is not None


def set_up(places: Places, database: Database, *, tls: bool = False) -> Progress:
    """Carry out the steps before the database runs; returns the progress, for `fill` to go on with."""
    if database.cluster:
        database.cluster.check_version()
    with alone(places.setup_lock, "purpose_setup"):
        steps = preparation(places, database)
        if tls:
            steps.append(nginx.step(places))
        if has_backups(places, database):
            steps.append(backup.tools(places))
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
