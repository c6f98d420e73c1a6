"""How many submissions a second a worker process merges into the ledgers, and the CPU time of each.

    python tests/perf/merge.py [--communities 5] [--households 1000] [--batch 200]

Uses the database of DATABASE_URL (migrated if need be): publishes xlsforms/, makes the demo
street there unless there is one, then merges all its submissions again from nothing, in the
worker's batches, with one commit each. The ledgers are the same afterwards. Prints a
table, then one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    options = _options()
    _prepare(options)
    from django.db import connection

    from server.core import clock
    from server.ledgers.definitions.ledgers import LEDGERS
    from server.ledgers.services import merge_submissions
    from server.ledgers.storage.database import query_values

    ids = _empty_ledgers()
    statements = _count_statements()
    (backend,) = query_values("select pg_backend_pid()")
    latencies, before, began = [], _cpu(backend), time.perf_counter()
    own = time.process_time()
    for start in range(0, len(ids), options.batch):
        started = time.perf_counter()
        merge_submissions(submission_ids=ids[start : start + options.batch], as_of=clock.today())
        latencies.append(time.perf_counter() - started)
    seconds, own = time.perf_counter() - began, time.process_time() - own
    backend_cpu = _cpu(backend) - before
    count = len(ids)
    with connection.cursor() as cursor:
        rows = {}
        for name, model in LEDGERS.items():
            cursor.execute(f"select count(*) from {model._meta.db_table}")
            rows[name] = cursor.fetchone()[0]
    figures: dict[str, Any] = {
        "submissions": count,
        "batch": options.batch,
        "seconds": round(seconds, 2),
        "merged_per_second": round(count / seconds),
        "first_fifth_per_second": _rate(latencies[: len(latencies) // 5 or 1], options.batch),
        "last_fifth_per_second": _rate(
            latencies[-(len(latencies) // 5 or 1) : -1] or latencies, options.batch
        ),
        "worker_cpu_ms": round(own * 1000 / count, 3),
        "postgres_cpu_ms": round(backend_cpu * 1000 / count, 3),
        "sql_per_batch": round(statements[0] / max(len(latencies), 1), 1),
        "slowest_batch_ms": round(max(latencies) * 1000),
        **{f"rows_{name}": rows[name] for name in rows},
    }
    for name, value in figures.items():
        print(f"{name:<24} {value:>10}")
    print(json.dumps(figures))


def _rate(latencies: list[float], batch: int) -> int:
    return round(len(latencies) * batch / sum(latencies))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--communities", type=int, default=5)
    parser.add_argument("--households", type=int, default=1000, help="in each community")
    parser.add_argument("--quarters", type=int, default=2)
    parser.add_argument("--batch", type=int, default=200)
    return parser.parse_args()


def _prepare(options: argparse.Namespace) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)
    call_command("publish", *sorted(str(path) for path in (ROOT / "xlsforms").glob("*.xlsx")))
    call_command(
        "demo",
        communities=options.communities,
        households=options.households,
        quarters=options.quarters,
    )


def _empty_ledgers() -> list[int]:
    """Empty all derived tables; the submissions, oldest first."""
    from server.ledgers.models import ContributionRow, IdentityKey, LedgerException, Membership
    from server.ledgers.storage.database import execute, query_values
    from server.ledgers.storage.tables import TABLES

    derived = [
        model._meta.db_table
        for model in (ContributionRow, IdentityKey, LedgerException, Membership)
    ]
    derived += [table.name for table in TABLES.values()]
    execute(f"truncate {', '.join(derived)}")
    return query_values("select id from submissions_submission order by received_at, id")


def _count_statements() -> list[int]:
    """Count the round trips of the merge: every statement goes through psycopg's cursor."""
    import psycopg

    count, execute = [0], psycopg.Cursor.execute

    def counted(self: Any, *args: Any, **named: Any) -> Any:
        count[0] += 1
        return execute(self, *args, **named)

    psycopg.Cursor.execute = counted  # type: ignore[method-assign]
    return count


def _cpu(pid: int) -> float:
    """Seconds of CPU a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
