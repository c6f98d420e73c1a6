"""How many submissions a second a worker process merges into the ledgers, and the CPU time of each.

    python tests/perf/merge.py [--communities 5] [--households 1000] [--batch 200] [--last 600]
                               [--everything] [--profile FILE]

Uses the database of DATABASE_URL (migrated if need be): publishes xlsforms/, and makes the demo
street there unless there is one. Form by form (FORMS), takes what the last records contribute out of the
ledgers, and merges these records again, in the worker's batches, with one commit each. With --everything the
ledgers are emptied first, and all records merged. The ledgers are the same afterwards. Prints a
table, then one JSON object; with --profile, cProfile's statistics go to a file.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")
TICKS = os.sysconf("SC_CLK_TCK")
FORMS = ("household_survey", "home_visit", "quick_change")
"""F1, F3 and F9: what phones send most."""


def main() -> None:
    options = _options()
    _prepare(options)
    from server.ledgers.definitions.ledgers import LEDGERS
    from server.ledgers.storage.database import query_values

    statements = _count_statements()
    profile = cProfile.Profile() if options.profile else None
    figures: dict[str, Any] = {"batch": options.batch}
    parts = {form: _last_of(form, options.last) for form in FORMS}
    if options.everything:
        parts = {"all": _empty_ledgers()} | parts
    for part, submissions in parts.items():
        if not submissions:
            continue
        _take_out(submissions)
        with profile or nullcontext():
            measured = _merged(submissions, options.batch, statements)
        figures |= {f"{part}.{name}": value for name, value in measured.items()}
    for name, model in LEDGERS.items():
        (figures[f"rows_{name}"],) = query_values(f"select count(*) from {model._meta.db_table}")
    if profile is not None:
        profile.dump_stats(options.profile)
    for name, value in figures.items():
        print(f"{name:<42} {value:>10}")
    print(json.dumps(figures))


def _merged(ids: Sequence[int], size: int, statements: list[int]) -> dict[str, Any]:
    """Merge the submissions in batches; the figures of that."""
    from server.core import clock
    from server.ledgers.services import merge_submissions
    from server.ledgers.storage.database import query_values

    (backend,) = query_values("select pg_backend_pid()")
    counted, before, own = statements[0], _cpu(backend), time.process_time()
    latencies = []
    for start in range(0, len(ids), size):
        started = time.perf_counter()
        merge_submissions(submission_ids=ids[start : start + size], as_of=clock.today())
        latencies.append(time.perf_counter() - started)
    own, count = time.process_time() - own, len(ids)
    counted = statements[0] - counted
    fifth = len(latencies) // 5 or 1
    return {
        "submissions": count,
        "merged_per_second": round(count / sum(latencies)),
        "first_fifth_per_second": round(fifth * size / sum(latencies[:fifth])),
        "worker_cpu_ms": round(own * 1000 / count, 3),
        "postgres_cpu_ms": round((_cpu(backend) - before) * 1000 / count, 3),
        "sql_per_batch": round(counted / len(latencies), 1),
        "sql_per_submission": round(counted / count, 2),
        "slowest_batch_ms": round(max(latencies) * 1000),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--communities", type=int, default=5)
    parser.add_argument("--households", type=int, default=1000, help="in each community")
    parser.add_argument("--quarters", type=int, default=2)
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--last", type=int, default=600, help="records of each form")
    parser.add_argument("--everything", action="store_true", help="empty the ledgers first")
    parser.add_argument("--profile", default="", metavar="FILE")
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


def _take_out(submissions: Sequence[int]) -> None:
    """Take what these submissions contribute out of the ledgers."""
    from django.db import transaction

    from server.core import clock
    from server.ledgers.refolding.refold import replace_contributions
    from server.ledgers.storage.contributions import contributions_of_submissions
    from server.ledgers.storage.database import execute
    from server.ledgers.storage.locks import take_merge_lock
    from server.ledgers.storage.naming import load_naming

    with transaction.atomic():
        take_merge_lock()
        load_naming()
        standing = contributions_of_submissions(submissions)
        execute("create temporary table noted on commit drop as table ledgers_withdrawnkey")
        replace_contributions(standing, [], clock.today())
        execute(
            "delete from ledgers_withdrawnkey where (key, submission_id)"
            " not in (select key, submission_id from noted)"
        )


def _last_of(form: str, count: int) -> list[int]:
    """The last submissions of a form, oldest first."""
    from server.ledgers.storage.database import query_values

    newest_first = query_values(
        "select submission.id from submissions_submission submission"
        "  join forms_form form on form.id = submission.form_id"
        " where form.form_id = %s order by submission.received_at desc, submission.id desc limit %s",
        (form, count),
    )
    return newest_first[::-1]


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
