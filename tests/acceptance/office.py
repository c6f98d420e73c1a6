"""An office: a database of its own, gunicorn and the worker process, driven only from outside."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import requests

from server.ops.setup.serving import web_server

ROOT = Path(__file__).resolve().parents[2]
FORMS = sorted((ROOT / "xlsforms").glob("*.xlsx"))


@dataclass
class Office:
    """A running server and the way to its commands."""

    folder: Path
    admin_dsn: dict[str, str]
    database: str = field(default_factory=lambda: f"test_office_{secrets.token_hex(4)}")
    port: int = 0
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def environment(self) -> dict[str, str]:
        query = {key: value for key, value in self.admin_dsn.items() if key != "dbname"}
        return {
            **os.environ,
            "DATABASE_URL": f"postgis:///{self.database}?{urlencode(query)}",
            "RUHU_BLOBS": str(self.folder / "blobs"),
            "RUHU_STATIC": str(self.folder / "static"),
            "RUHU_DEBUG": "false",
        }

    def open(self) -> None:
        with psycopg.connect(**self.admin_dsn, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{self.database}"')
        self.run("migrate", "--verbosity", "0")
        self.run("collectstatic", "--noinput", "--verbosity", "0")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        bind = ("--bind", f"127.0.0.1:{self.port}")
        self._start(*web_server(processes=2), *bind)
        self._start("-m", "server", "procrastinate", "worker", "--queues", "pipeline")
        self.wait_for(self._serves, "the server to answer /healthz")

    def _start(self, *arguments: str) -> None:
        with self.log.open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, *arguments],
                    cwd=ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                )
            )

    def _serves(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(20)
        with psycopg.connect(**self.admin_dsn, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')

    def run(self, *arguments: str) -> str:
        """A management command's output; fails loudly with its errors."""
        done = subprocess.run(
            [sys.executable, "-m", "server", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr[-3000:]}"
        return done.stdout

    def add_worker(self, name: str, area: str) -> dict[str, object]:
        out = self.run("worker", "add", name, "--area", area, "--base-url", self.url, "--json")
        return json.loads(out)

    def add_user(self, name: str, role: str, area: str) -> requests.Session:
        """A person at a desk: a session that authenticates each REST call."""
        made = json.loads(self.run("user", "add", name, "--role", role, "--area", area, "--json"))
        session = requests.Session()
        session.auth = (made["username"], made["password"])
        return session

    @staticmethod
    def wait_for(condition: Callable[[], object], what: str, seconds: float = 40) -> object:
        """The condition's first true value; the test fails when it does not come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := condition():
                return found
            time.sleep(0.1)
        raise AssertionError(f"waited {seconds} s for {what}")
