"""How fast whole ledgers are given out as files, what processor time and memory it takes.

    python tests/perf/ledger_exports.py [--ledger persons] [--rows 50000] [--formats csv xlsx] [--role street]

Reads the ledgers of the database of DATABASE_URL (`./ruhu demo` makes some), the rows copied until
there are as many as asked for; everything is rolled back. Prints one JSON object. Processor time is
that of this process and, apart, of the database's process that serves it.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", default="persons")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--formats", nargs="+", default=["csv"])
    parser.add_argument("--role", default="street")
    options = parser.parse_args()
    import django

    django.setup()
    from django.db import transaction

    with transaction.atomic():
        answer = measured(options.ledger, options.rows, options.formats, options.role)
        print(json.dumps(answer, indent=1))
        transaction.set_rollback(True)


def measured(path: str, n_rows: int, formats: list[str], role: str) -> dict[str, Any]:
    from django.db import connection
    from django.test import Client

    from server.accounts.models import RoleGrant, User
    from server.accounts.passwords import log_in
    from server.ledgers.definitions.ledgers import DEFINITIONS

    model = next(ledger.model for ledger in DEFINITIONS.values() if ledger.path == path)
    columns = ", ".join(
        f'"{field.column}"' for field in model._meta.concrete_fields if not field.primary_key
    )
    table, rows = model._meta.db_table, model._default_manager
    with connection.cursor() as cursor:
        while 0 < rows.count() < n_rows:
            cursor.execute(
                f"insert into {table} (id, {columns}) select gen_random_uuid(), {columns}"
                f" from {table} limit %s",
                [n_rows - rows.count()],
            )
        cursor.execute(f"analyze {table}")
        cursor.execute("select pg_backend_pid()")
        (backend,) = cursor.fetchone()
    user = User(username="exports.perf", name="exports.perf")
    user.set_password(user.username)
    user.save()
    RoleGrant.objects.create(user=user, role=role, area="")
    log_in(user.username, user.username, address="127.0.0.1")
    proof = base64.b64encode(f"{user.username}:{user.username}".encode()).decode()
    client = Client(SERVER_NAME="localhost", headers={"authorization": f"Basic {proof}"})
    answer: dict[str, Any] = {"rows": rows.count(), "MB before": _peak_mb()}
    client.get(f"/api/v1/{path}/?page_size=1")
    for format in formats:
        start, cpu, database = time.perf_counter(), time.process_time(), _seconds_of(backend)
        size, heads = 0, []
        answered = client.get(f"/api/v1/{path}/?format={format}")
        assert answered.status_code == 200, answered.content
        for piece in answered:
            if len(heads) < 2:
                heads.append(round((time.perf_counter() - start) * 1000, 1))
            size += len(piece)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        answer[format] = {
            "ms to the head and the first rows": heads,
            "s": round(seconds, 2),
            "MB sent": round(size / 1e6, 1),
            "rows/s": round(n_rows / seconds),
            "ms of Python a thousand rows": round(cpu / n_rows * 1e6, 1),
            "ms of the database a thousand rows": round(
                (_seconds_of(backend) - database) / n_rows * 1e6, 1
            ),
            "MB at most": _peak_mb(),
        }
    return answer


def _seconds_of(process: int) -> float:
    """Processor time of a process of this machine."""
    times = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


if __name__ == "__main__":
    main()
