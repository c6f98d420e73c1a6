"""The processes of `up`: web and worker under the supervisor, and when they are ready."""

from __future__ import annotations

import http.client
import os
import socket
import sys
import time
from collections.abc import Callable
from datetime import datetime

from server.ops.setup import application
from server.ops.setup.database import Database
from server.ops.setup.messages import SetupProblem, text
from server.ops.setup.places import Places
from server.ops.setup.supervise import Program, Supervisor, delay

READY_WITHIN = 90
REVIVED_WITHIN = 300.0
"""Seconds in which a database that died must come back; it may die again while it recovers."""

WEB_SERVER = (
    "-m", "gunicorn", "server.config.wsgi", "--preload",
    # A phone on a bad line may take minutes for a photo: it holds a thread, not the office.
    # The kernel may hand one process many such phones, so there are plenty.
    "--worker-class", "server.ops.web_worker.Worker", "--keep-alive", "10",
    "--timeout", "120", "--graceful-timeout", "15",
    # Collect asks after all its offline entities in one address, and Digest repeats it in a header.
    "--limit-request-line", "0", "--limit-request-field_size", "262144",
    # Whether a request came over TLS is the application's to know: RUHU_BEHIND_TLS_PROXY.
    "--forwarded-allow-ips", "",
    "--log-level", "warning", "--no-control-socket",
)  # fmt: skip
"""gunicorn as phones need it, whatever it listens on. No access log: tokens are part of the addresses."""

_CONNECTIONS = 240
"""To the database, from all threads of the web processes; PostgreSQL takes 300."""


def usual_processes() -> int:
    """One web process a core, so that they do not take each other's caches; two, so that one may die."""
    return max(2, os.cpu_count() or 2)


def web_server(processes: int) -> tuple[str, ...]:
    """The words for that many processes; each thread may hold a database connection."""
    threads = max(4, min(32, _CONNECTIONS // processes))
    return (*WEB_SERVER, "--workers", str(processes), "--threads", str(threads))


def web(places: Places, database: Database, listener: socket.socket, processes: int) -> Program:
    """gunicorn on the supervisor's socket."""
    command = [
        str(places.python), "-P", "-W", "ignore", *web_server(processes),
        "--bind", f"fd://{listener.fileno()}",
    ]  # fmt: skip
    if os.access("/dev/shm", os.W_OK):  # noqa: S108
        command += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108 — heartbeats never wait for a disk
    environment = application.environment(places, database)
    return Program("web", command, environment, pass_fds=(listener.fileno(),))


def worker(places: Places, database: Database) -> Program:
    """What follows a submission; finished jobs are not kept."""
    command = application.command(
        places, "procrastinate", "worker", "--delete-jobs", "successful",
        "--shutdown-graceful-timeout", "15",
    )  # fmt: skip
    return Program("worker", command, application.environment(places, database))


def is_healthy(listener: socket.socket) -> bool:
    """Whether GET /healthz says that web, worker and database serve."""
    host, port = listener.getsockname()[:2]
    allowed = os.environ.get("RUHU_ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    header = allowed if allowed not in ("", "*") else "127.0.0.1"
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    connection = http.client.HTTPConnection(reached, port, timeout=2)
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
    """Tell the terminal and the event log."""
    line = f"{datetime.now().astimezone().isoformat(timespec='seconds')} {event}"
    print(line, file=sys.stderr, flush=True)
    places.events.parent.mkdir(parents=True, exist_ok=True)
    with places.events.open("a", encoding="utf-8") as log:
        log.write(f"{line}\n")


class Revival:
    """Starts the private cluster again as often as it takes; gives up after `REVIVED_WITHIN`."""

    def __init__(self, places: Places, database: Database) -> None:
        self._places = places
        self._database = database
        self._failing_since: float | None = None
        self._failures = 0
        self._due = 0.0

    def tend(self) -> None:
        """One look, and one try when it is time. Raises SetupProblem once it is hopeless."""
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
    listener: socket.socket,
    *,
    processes: int,
    when_ready: Callable[[], None],
) -> None:
    """Run until told to stop. Raises SetupProblem when the start does not succeed in time."""
    begun = time.monotonic()
    ready = False
    revive = Revival(places, database)

    def tend() -> None:
        nonlocal ready
        revive.tend()
        if ready:
            return
        if is_healthy(listener):
            ready = True
            when_ready()
        elif time.monotonic() - begun > READY_WITHIN:
            raise SetupProblem("serve_failed", seconds=READY_WITHIN, log=places.events)

    Supervisor(
        [web(places, database, listener, processes), worker(places, database)],
        report=lambda event: report(places, event),
        tend=tend,
        leaving=lambda: print(text("stopping"), file=sys.stderr, flush=True),
    ).run()
