"""How many household submissions a second the accept path takes, and what each costs.

    python tests/perf/accept.py [--processes 4] [--seconds 10] [--clients 16] [--photo-kb 0]

Uses the database of DATABASE_URL (migrated if need be; fsync must be on for the figures to
mean anything), publishes xlsforms/household_survey.xlsx, makes a worker, starts gunicorn as
`./ruhu up` does, and sends the demo's households of about three members, each under new
instanceIDs, from blocking sockets, one process a client. Prints a table, then one JSON
object. `--url BASE` measures a server that runs already (BASE is a worker's Collect
address) with generated instances of 9 KB; the form must be published there.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import secrets
import socket
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")

from server.ops.setup.serving import WEB_SERVER  # noqa: E402
from tests.factories.submissions import VERSION, household_instance, instance_id  # noqa: E402

BOUNDARY = b"ruhu-load-7d1c0a"
VARIANTS = 200
MARK = "00000000-0000-4000-8000-000000000000"  # where each request's own id goes
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Template:
    """A request but for its instanceID, which has always 41 characters."""

    head: bytes
    tail: bytes

    def with_id(self, instance_id: bytes) -> bytes:
        return self.head + instance_id + self.tail


def main() -> None:
    options = _options()
    target, server, pids = options.url, None, {}
    if target:
        documents = [_generated(number, options.form) for number in range(VARIANTS)]
    else:
        _django()
        documents, token = _prepare()
        target = f"http://127.0.0.1:{options.port}/key/{token}"
        server = _serve(options)
        pids = {"web": [server.pid], "postgres": [_postmaster()]}
    try:
        templates = _templates(target, documents, options.photo_kb)
        _drive(target, templates, options.clients, 1.0)  # warm: connections, prepared statements
        before = {name: sum(map(_cpu, roots)) for name, roots in pids.items()}
        latencies, refused, elapsed = _drive(target, templates, options.clients, options.seconds)
        after = {name: sum(map(_cpu, roots)) for name, roots in pids.items()}
    finally:
        if server:
            server.terminate()
            server.wait()
    count = len(latencies)
    figures: dict[str, Any] = {
        "accepted": count,
        "refused": refused,
        "seconds": round(elapsed, 2),
        "per_second": round(count / elapsed),
        "document_bytes": sum(map(len, documents)) // len(documents),
        "photo_kb": options.photo_kb,
        "processes": options.processes,
        "clients": options.clients,
        **{
            f"p{share}_ms": round(_percentile(latencies, share) * 1000, 1) for share in (50, 95, 99)
        },
        **{
            f"{name}_cpu_ms": round((after[name] - before[name]) * 1000 / max(count, 1), 3)
            for name in pids
        },
    }
    if server:
        figures["sql_round_trips"] = _round_trips(target, templates[0])
    for name, value in figures.items():
        print(f"{name:<18} {value:>10}")
    print(json.dumps(figures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=int, default=4, help="gunicorn processes")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--photo-kb", type=int, default=0, help="send a photo of this size too")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--url", default="", help="a worker's Collect address on a running server")
    parser.add_argument("--form", default="household_survey", help="with --url: the form's id")
    return parser.parse_args()


def _django() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)


def _prepare() -> tuple[list[bytes], str]:
    from server.forms.services import publish
    from server.geo.models import Division, Level
    from tests.factories.submissions import make_phone

    Division.objects.get_or_create(
        code="440106003001", defaults={"level": Level.COMMUNITY, "name": "示范一社区"}
    )
    workbook = ROOT / "xlsforms" / "household_survey.xlsx"
    version = publish(
        workbook=workbook.read_bytes(), filename=workbook.name, publisher=None, validate=False
    )
    return _households(bytes(version.xform)), make_phone(f"load-{secrets.token_hex(4)}").token


def _households(xform: bytes) -> list[bytes]:
    """What the demo's census says of its households of two members and more."""
    from server.ops.demo import boundaries
    from server.ops.demo.instances import Template
    from server.ops.demo.plan import Calendar, Plan
    from server.ops.demo.population import population

    calendar = Calendar(until=date(2026, 11, 1), quarters=2)
    street = boundaries.street(seed=1, communities=2, recoded_on=calendar.recoded_on, moved=0)
    people = population(
        seed=1, communities=street.communities, households=3 * VARIANTS, on=calendar.begins
    )
    people.homes[:] = [home for home in people.homes if 2 <= len(home.members) <= 4]
    plan = Plan(
        seed=1,
        street=street,
        people=people,
        calendar=calendar,
        workers={one.code: "wang" for one in street.communities},
        list_uuid=lambda code: uuid.uuid5(uuid.NAMESPACE_URL, code),
    )
    template = Template(xform)
    surveys = [sent for sent in plan.census() if sent.form_id == "household_survey"]
    filled = [
        template.fill(sent.say(Random(number)), instance_id=uuid.UUID(MARK), instance_name="入户")
        for number, sent in enumerate(surveys)
    ]
    return sorted(filled, key=len)[-VARIANTS:]


def _generated(number: int, form_id: str) -> bytes:
    document = household_instance(number, form_id=form_id, version=VERSION)
    return document.replace(instance_id(number).encode(), f"uuid:{MARK}".encode())


def _serve(options: argparse.Namespace) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-W", "ignore", *WEB_SERVER,
        "--bind", f"127.0.0.1:{options.port}", "--workers", str(options.processes),
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=ROOT)
    for _attempt in range(100):
        try:
            socket.create_connection(("127.0.0.1", options.port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return server
    server.kill()
    raise SystemExit("gunicorn does not answer")


def _templates(target: str, documents: list[bytes], photo_kb: int) -> list[Template]:
    address = urlsplit(target)
    made = []
    for document in documents:
        body = _part("xml_submission_file", "住户 2026-11-20.xml", b"text/xml", document)
        if photo_kb:
            photo = secrets.token_bytes(photo_kb * 1024)
            body += _part("1763600000000.jpg", "1763600000000.jpg", b"image/jpeg", photo)
        body += b"--" + BOUNDARY + b"--\r\n"
        head = (
            f"POST {address.path}/submission?deviceID=collect%3Aload HTTP/1.1\r\n"
            f"Host: {address.netloc}\r\nX-OpenRosa-Version: 1.0\r\n"
            "User-Agent: org.odk.collect.android/v2026.2.0 Dalvik/2.1.0\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n"
            f"Content-Length: {len(body)}\r\nAccept-Encoding: gzip\r\n\r\n"
        ).encode()
        before, _mark, after = body.partition(f"uuid:{MARK}".encode())
        made.append(Template(head + before, after))
    return made


def _part(name: str, filename: str, content_type: bytes, content: bytes) -> bytes:
    disposition = f'form-data; name="{name}"; filename="{filename}"'.encode()
    return b"".join(
        (b"--", BOUNDARY, b"\r\nContent-Disposition: ", disposition, b"\r\nContent-Type: ",
         content_type, b"\r\n\r\n", content, b"\r\n")
    )  # fmt: skip


def _drive(
    target: str, templates: list[Template], clients: int, seconds: float
) -> tuple[list[float], int, float]:
    """All clients at once; (latency of each accepted request, refused requests, seconds)."""
    context = multiprocessing.get_context("fork")
    results: Any = context.Queue()
    until = time.monotonic() + seconds
    processes = [
        context.Process(target=_client, args=(target, templates[number::clients], until, results))
        for number in range(clients)
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


def _client(target: str, templates: list[Template], until: float, results: Any) -> None:
    address = urlsplit(target)
    place = (address.hostname or "", address.port or 80)
    latencies, refused, turn = [], 0, 0
    connection: socket.socket | None = None
    while time.monotonic() < until:
        request = templates[turn % len(templates)].with_id(f"uuid:{uuid.uuid4()}".encode())
        turn += 1
        started = time.perf_counter()
        if connection is None:
            connection = socket.create_connection(place)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request)
        status, is_kept = _answer(connection)
        if status == 201:
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


def _round_trips(target: str, template: Template) -> int:
    """Statements sent to PostgreSQL for one submission, counted at the driver."""
    import psycopg
    from django.test import Client

    request = template.with_id(f"uuid:{uuid.uuid4()}".encode())
    body = request.partition(b"\r\n\r\n")[2]
    path = urlsplit(target).path + "/submission"
    content_type = f"multipart/form-data; boundary={BOUNDARY.decode()}"
    sent = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        sent.append(query)
        return execute(self, query, *args, **kwargs)

    Client().generic("POST", path, b"", content_type=content_type)  # connects
    psycopg.Cursor.execute = counted  # type: ignore[method-assign,assignment]
    try:
        answer = Client().generic("POST", path, body, content_type=content_type)
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]
    assert answer.status_code == 201, answer.content
    return len(sent)


def _percentile(values: list[float], share: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)] if ordered else 0.0


if __name__ == "__main__":
    main()
