"""A complete server for tests: a database of its own, gunicorn and the worker process.

Its management commands run one after the other in one process (`python -m
tests.acceptance.office`), because starting Django takes longer than most of them.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import requests

from server.ops.setup.serving import web_server

ROOT = Path(__file__).resolve().parents[2]
FORMS = sorted((ROOT / "xlsforms").glob("*.xlsx"))
TEMPLATE = os.environ.get("TESTS_COPY_DATABASE", "")
"""A database with all tables, where `./ruhu test` made one."""


@dataclass
class Office:
    """A running server and its management commands."""

    folder: Path
    admin_dsn: dict[str, str]
    database: str = field(default_factory=lambda: f"test_office_{secrets.token_hex(4)}")
    port: int = 0
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _commands: subprocess.Popen[str] | None = None
    pipeline: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def environment(self) -> dict[str, str]:
        """Of the commands, which work as the owner of the tables."""
        return {
            **os.environ,
            "DATABASE_URL": self._database_as(None),
            "RUHU_BLOBS": str(self.folder / "blobs"),
            "RUHU_DEBUG": "false",
        }

    def _database_as(self, role: str | None) -> str:
        """DATABASE_URL for a role that logs in as itself; None is the account that made the database."""
        query = {key: value for key, value in self.admin_dsn.items() if key != "dbname"}
        if role:
            query["user"] = role
        return f"postgis:///{self.database}?{urlencode(query)}"

    def open(self) -> None:
        with psycopg.connect(**self.admin_dsn, autocommit=True) as connection:
            template = f" TEMPLATE {TEMPLATE}" if TEMPLATE else ""
            connection.execute(f'CREATE DATABASE "{self.database}"{template}')
        self.run("migrate", "--verbosity", "0")
        # gunicorn believes the tests' X-Forwarded-Proto, as if they were a proxy that ends TLS.
        self.port = self.serve("--forwarded-allow-ips", "127.0.0.1", processes=2)
        command = ("-m", "server", "procrastinate", "worker", "--queues", "pipeline,previews")
        self.pipeline = self._start(*command, role="ruhu_worker")
        self.wait_for(lambda: _serves(self.port), "the server to answer /healthz")

    def serve(self, *options: str, processes: int, **settings: str) -> int:
        """Start a web server with these options and settings; returns its port, maybe before it answers."""
        port = free_port()
        command = (*web_server(processes), "--bind", f"127.0.0.1:{port}", *options)
        self._start(*command, role="ruhu_web", **settings)
        return port

    def _start(self, *arguments: str, role: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start a process that logs in to the database as the role, as `./ruhu up` does."""
        environment = {**self.environment, "DATABASE_URL": self._database_as(role), **settings}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process

    def web_processes(self) -> list[int]:
        """The process ids of the web processes that answer at `url`."""
        return children_of(self._processes[0].pid)

    def close(self) -> None:
        if self._commands is not None:
            self._commands.communicate(timeout=20)  # ends with its input
        for process in self._processes:
            # gunicorn would wait for phones that keep their connections.
            process.send_signal(signal.SIGTERM if process is self.pipeline else signal.SIGQUIT)
        for process in self._processes:
            process.wait(20)
        with psycopg.connect(**self.admin_dsn, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')

    def run(self, *arguments: str) -> str:
        """The output of a management command; fails with its errors when it exits with another code than 0."""
        if self._commands is None:
            self._commands = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "tests.acceptance.office"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        requests_, answers = self._commands.stdin, self._commands.stdout
        assert requests_ is not None
        assert answers is not None
        requests_.write(json.dumps(arguments) + "\n")
        requests_.flush()
        code, out, errors = json.loads(answers.readline())
        assert code == 0, f"{arguments}: {errors[-3000:]}"
        return str(out)

    def add_worker(self, name: str, area: str) -> dict[str, object]:
        out = self.run("worker", "add", name, "--area", area, "--base-url", self.url, "--json")
        return json.loads(out)

    def add_user(self, name: str, role: str, area: str) -> requests.Session:
        """A user of the console: a session that authenticates each REST call."""
        user = json.loads(self.run("user", "add", name, "--role", role, "--area", area, "--json"))
        session = requests.Session()
        session.auth = (user["username"], user["password"])
        return session

    @staticmethod
    def wait_for(condition: Callable[[], object], what: str, seconds: float = 40) -> object:
        """The condition's first true value; an AssertionError when there is none in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := condition():
                return value
            time.sleep(0.1)
        raise AssertionError(f"waited {seconds} s for {what}")


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _serves(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except (requests.ConnectionError, requests.Timeout):
        return False


def _commands() -> None:
    """Run the commands on standard input, lines of JSON; answer each with exit code, output and errors."""
    import django
    from django.core.management import execute_from_command_line

    django.setup()
    for line in sys.stdin:
        code, out, errors = 0, io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(errors):
            try:
                execute_from_command_line(["ruhu", *json.loads(line)])
            except SystemExit as ended:
                code = int(ended.code or 0)
            except Exception:
                traceback.print_exc()
                code = 1
        print(json.dumps((code, out.getvalue(), errors.getvalue())), flush=True)


if __name__ == "__main__":
    _commands()
