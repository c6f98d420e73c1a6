"""The processes of `up` and `dev`: web and worker under the supervisor, until they are to stop."""

from __future__ import annotations

import http.client
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from server.ops.setup import application, shell
from server.ops.setup.database import Database
from server.ops.setup.messages import SetupProblem, text
from server.ops.setup.places import Places
from server.ops.setup.service import Service
from server.ops.setup.supervise import Program, Supervisor, delay

READY_WITHIN = 90
REVIVED_WITHIN = 300.0
"""Seconds within which a database that died must run again; it may die again while it recovers."""

WEB_SERVER = (
    "-m", "gunicorn", "server.config.wsgi", "--preload",
    "--worker-class", "server.ops.web.worker.Worker", "--keep-alive", "10",
    "--worker-connections", "800", "--timeout", "120", "--graceful-timeout", "15",
    # The worker itself bounds lines, heads and bodies (server/ops/web/limits.py); Digest repeats
    # the address that names all offline entities in a header field.
    "--limit-request-line", "0", "--limit-request-field_size", "262144",
    # The application decides whether a request came over TLS (RUHU_BEHIND_TLS_PROXY).
    "--forwarded-allow-ips", "",
    "--log-level", "warning", "--no-control-socket",
)  # fmt: skip
"""The words that start gunicorn. It writes no access log, because request lines hold tokens."""

_THREADS = 16
"""Threads of a web process. They only work, no caller holds them; more of them take the cores from each other."""
_CONNECTIONS = 240
"""Database connections of all web threads together; PostgreSQL allows 300."""


def usual_processes() -> int:
    """The number of web processes: one per core, at least two, so that one can die."""
    return max(2, os.cpu_count() or 2)


def web_server(processes: int) -> tuple[str, ...]:
    """The words that start gunicorn with so many processes; each thread may hold a database connection."""
    threads = max(4, min(_THREADS, _CONNECTIONS // processes))
    return (*WEB_SERVER, "--workers", str(processes), "--threads", str(threads))


def web(
    places: Places,
    database: Database,
    listener: socket.socket,
    processes: int,
    service: Service | None = None,
    *,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Program:
    """gunicorn, listening on the supervisor's socket."""
    command = [
        str(places.python), "-P", "-W", "ignore", *web_server(processes),
        "--bind", f"fd://{listener.fileno()}",
    ]  # fmt: skip
    if os.access("/dev/shm", os.W_OK):  # noqa: S108
        command += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108 — heartbeats never wait for a disk
    environment = {**application.environment(places, database, role="ruhu_web"), **variables}
    become = service.become if service else None
    return Program("web", command, environment, pass_fds=(listener.fileno(),), become=become)


def worker(
    places: Places,
    database: Database,
    service: Service | None = None,
    *,
    graceful_seconds: int = 15,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Program:
    """The worker of the job queue; rows of finished jobs are deleted."""
    command = application.command(
        places, "procrastinate", "worker", "--delete-jobs", "successful",
        "--shutdown-graceful-timeout", str(graceful_seconds),
    )  # fmt: skip
    become = service.become if service else None
    environment = {**application.environment(places, database, role="ruhu_worker"), **variables}
    return Program("worker", command, environment, become=become)


def backups(places: Places) -> Program:
    """What keeps the backups up. It runs as whoever started `up`, because it reads the database's files and the stored ones."""
    command = [sys.executable, "-P", "-m", "server.ops.setup", "backup", "watch"]
    variables = shell.inherited(RUHU_VAR=str(places.var), PYTHONPATH=str(places.root))
    return Program("backup", command, variables, grace=10)


def is_healthy(host: str, port: int) -> bool:
    """Whether GET /healthz answers 200: web, worker and database are ready."""
    allowed = os.environ.get("RUHU_ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    header = allowed if allowed not in ("", "*") else "127.0.0.1"
    callable_host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    connection = http.client.HTTPConnection(callable_host, port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": header})
        return connection.getresponse().status == 200
    except OSError:
        return False
    except http.client.HTTPException:
        return False
    finally:
        connection.close()


def report(places: Places, event: str) -> None:
    """Print an event on the terminal and append it to the event log, with the time."""
    line = f"{datetime.now().astimezone().isoformat(timespec='seconds')} {event}"
    print(line, file=sys.stderr, flush=True)
    places.events.parent.mkdir(parents=True, exist_ok=True)
    with places.events.open("a", encoding="utf-8") as log:
        log.write(f"{line}\n")


class Revival:
    """Starts the private cluster again when it dies; gives up after `REVIVED_WITHIN` seconds."""

    def __init__(self, places: Places, database: Database) -> None:
        self._places = places
        self._database = database
        self._failing_since: float | None = None
        self._failures = 0
        self._due = 0.0

    def tend(self) -> None:
        """Check the cluster and try to start it if an attempt is due. Raises SetupProblem on giving up."""
        now = time.monotonic()
        if now < self._due:
            return
        try:
            revived = self._database.revive()
        except SetupProblem as problem:
            self._failing_since = self._failing_since or now
            if now - self._failing_since > REVIVED_WITHIN:
                raise
            self._failures += 1
            self._due = time.monotonic() + delay(self._failures)
            report(self._places, str(problem))
            return
        self._failing_since, self._failures = None, 0
        if revived:
            report(self._places, text("database_restarting"))


def serve(
    places: Places,
    database: Database,
    programs: Sequence[Program],
    address: tuple[str, int],
    *,
    when_ready: Callable[[], None],
    watch: Callable[[Supervisor], None] = lambda _supervisor: None,
) -> None:
    """Run the programs until SIGTERM or Ctrl-C. Raises SetupProblem when they are not ready in time.

    `when_ready` is called once, when `address` answers. `watch` is called a few times a second.
    """
    begun = time.monotonic()
    ready = False
    revival = Revival(places, database)

    def tend() -> None:
        nonlocal ready
        revival.tend()
        watch(supervisor)
        if ready:
            return
        if is_healthy(*address):
            ready = True
            when_ready()
        elif time.monotonic() - begun > READY_WITHIN:
            raise SetupProblem("serve_failed", seconds=READY_WITHIN, log=places.events)

    supervisor = Supervisor(
        programs,
        report=lambda event: report(places, event),
        tend=tend,
        leaving=lambda: print(text("stopping"), file=sys.stderr, flush=True),
    )
    supervisor.run()
