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
from server.ops.setup.supervise import Program, Supervisor

READY_WITHIN = 90

WEB_SERVER = (
    "-m", "gunicorn", "server.config.wsgi", "--preload",
    # A phone on a bad line may take minutes for a photo: it holds a thread, not the office.
    "--worker-class", "gthread", "--threads", "8", "--keep-alive", "10",
    "--timeout", "120", "--graceful-timeout", "15",
    # Collect asks after all its offline entities in one address, and Digest repeats it in a header.
    "--limit-request-line", "0", "--limit-request-field_size", "262144",
    "--log-level", "warning", "--no-control-socket",
)  # fmt: skip
"""gunicorn as phones need it, whatever it listens on. No access log: tokens are part of the addresses."""


def web(places: Places, database: Database, listener: socket.socket, processes: int) -> Program:
    """gunicorn on the supervisor's socket."""
    command = [
        str(places.python), "-P", "-W", "ignore", *WEB_SERVER,
        "--bind", f"fd://{listener.fileno()}", "--workers", str(processes),
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

    def tend() -> None:
        nonlocal ready
        if database.revive():
            report(places, text("database_restarting"))
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
