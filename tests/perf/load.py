"""Shared by the load tests of the web server: the server, the clients, their CPU time.

Clients are processes with blocking sockets, one request under way each, as phones are.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from server.ops.setup.serving import web_server as arguments_of

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
Request = Callable[[int], bytes]
"""The bytes of a client's request by its number, made anew for each."""


@dataclass(frozen=True, slots=True)
class Load:
    """The results of a run."""

    latencies: list[float]  # seconds, of the requests answered as they should be
    refused: int
    seconds: float
    cpu_seconds: dict[str, float]  # by program

    def figures(self) -> dict[str, Any]:
        count = len(self.latencies)
        return {
            "answered": count,
            "refused": self.refused,
            "seconds": round(self.seconds, 2),
            "per_second": round(count / self.seconds),
            **{f"p{share}_ms": self._percentile_ms(share) for share in (50, 95, 99)},
            **{
                f"{name}_cpu_ms": round(used * 1000 / max(count, 1), 3)
                for name, used in self.cpu_seconds.items()
            },
        }

    def _percentile_ms(self, share: int) -> float:
        ordered = sorted(self.latencies)
        at = min(len(ordered) - 1, len(ordered) * share // 100)
        return round(ordered[at] * 1000, 1) if ordered else 0.0


def django() -> None:
    """Set Django up on the database of DATABASE_URL, migrated."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)


def web_server(port: int, processes: int) -> AbstractContextManager[dict[str, int]]:
    """gunicorn as `./ruhu up` runs it; the process ids whose CPU counts, by program."""
    return serving(port, *arguments_of(processes))


@contextmanager
def serving(port: int, *arguments: str) -> Iterator[dict[str, int]]:
    """Run Python with these arguments; yields once it accepts connections."""
    command = [sys.executable, "-W", "ignore", *arguments, "--bind", f"127.0.0.1:{port}"]
    url = os.environ.get("DATABASE_URL", "").replace("//ruhu@/", "//ruhu_web@/")  # as `up` does
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url})
    try:
        for _attempt in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise SystemExit("the web server does not answer")
        yield {"web": server.pid, "postgres": _postmaster()}
    finally:
        server.terminate()
        server.wait()


def drive(
    target: str,
    requests: list[Request],
    seconds: float,
    *,
    expected: int,
    pids: dict[str, int] | None = None,
) -> Load:
    """Run a client for each request function, all at once; a first second of warm-up is not counted."""
    _run(target, requests, 1.0, expected)
    before = {name: _cpu(pid) for name, pid in (pids or {}).items()}
    latencies, refused, elapsed = _run(target, requests, seconds, expected)
    used = {name: _cpu(pid) - before[name] for name, pid in (pids or {}).items()}
    return Load(latencies, refused, elapsed, used)


def show(figures: dict[str, Any]) -> None:
    """A table, then one JSON object."""
    for name, value in figures.items():
        print(f"{name:<18} {value:>10}")
    print(json.dumps(figures))


def _run(
    target: str, requests: list[Request], seconds: float, expected: int
) -> tuple[list[float], int, float]:
    context = multiprocessing.get_context("fork")
    results: Any = context.Queue()
    until = time.monotonic() + seconds
    processes = [
        context.Process(target=_client, args=(target, request, until, expected, results))
        for request in requests
    ]
    started = time.monotonic()
    for process in processes:
        process.start()
    latencies: list[float] = []
    refused = 0
    for _process in processes:
        taken, not_taken = results.get()
        latencies += taken
        refused += not_taken
    elapsed = time.monotonic() - started
    for process in processes:
        process.join()
    return latencies, refused, elapsed


def _client(target: str, request: Request, until: float, expected: int, results: Any) -> None:
    address = urlsplit(target)
    place = (address.hostname or "", address.port or 80)
    latencies, refused, number = [], 0, 0
    connection: socket.socket | None = None
    while time.monotonic() < until:
        sent = request(number)
        number += 1
        started = time.perf_counter()
        if connection is None:
            connection = socket.create_connection(place)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(sent)
        status, is_kept = _answer(connection)
        if status == expected:
            latencies.append(time.perf_counter() - started)
        else:
            refused += 1
        if not is_kept:
            connection.close()
            connection = None
    results.put((latencies, refused))


def _answer(connection: socket.socket) -> tuple[int, bool]:
    """Status, and whether the connection stays open. Reads the whole answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return 0, False
        received += chunk
    head, _blank, body = received.partition(b"\r\n\r\n")
    lowered = head.lower()
    length = int(lowered.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        chunk = connection.recv(65536)
        if not chunk:
            break
        body += chunk
    return int(head[9:12]), b"connection: close" not in lowered


def _postmaster() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        backend = cursor.fetchone()[0]
    parent = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
    connection.close()
    return parent


def _cpu(root: int) -> float:
    """CPU seconds of a process, its living descendants and the dead ones it reaped."""
    children: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        used[int(entry.name)] = sum(map(int, fields[11:15]))
    pending, total = [root], 0
    while pending:
        process = pending.pop()
        total += used.get(process, 0)
        pending += children.get(process, [])
    return total / TICKS
