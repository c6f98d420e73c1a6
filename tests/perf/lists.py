"""How long a phone's entity lists take: 5,000 households, an unchanged list, an integrity check of 500 ids.

    python tests/perf/lists.py [--households 5000]

Makes the rows in the database of DATABASE_URL (migrated if need be), measures, and rolls
everything back. Prints one JSON object; milliseconds, the median of the runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")
COMMUNITY = "440106003001"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=5_000)
    options = parser.parse_args()
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction

    call_command("migrate", verbosity=0)
    with transaction.atomic():
        print(json.dumps(measured(options.households), indent=1))
        transaction.set_rollback(True)


def measured(households: int) -> dict[str, Any]:
    """Fill the tables inside the caller's transaction and time the lists."""
    from server.accounts.access import Worker
    from server.ledgers.entity_lists import lists as entities
    from server.ledgers.entity_lists import versions
    from server.ledgers.selectors import deleted_entities
    from server.ledgers.storage.database import execute, query_values

    _fill(households)
    began = time.perf_counter()
    versions.update_every_version()
    took = time.perf_counter() - began
    for table in ("household", "person", "visit", "assistancecase", "listedentity"):
        execute(f"analyze ledgers_{table}")
    worker = Worker(1, (COMMUNITY,))
    ids = query_values("select id::text from ledgers_household order by id limit 500")
    csv = b"".join(entities.households.csv(worker))
    return {
        "rows": csv.count(b"\n") - 1,
        "version_ms_per_entry": round(took * 1000 / max(1, households * 2), 3),
        "households_csv_ms": _median(lambda: list(entities.households.csv(worker)), 7),
        "persons_csv_ms": _median(lambda: list(entities.persons.csv(worker)), 7),
        "cases_csv_ms": _median(lambda: list(entities.cases.csv(worker)), 7),
        "unchanged_ms": _median(lambda: entities.households.hash(worker), 50),
        "integrity_500_ids_ms": _median(lambda: deleted_entities(worker, ids), 20),
    }


def _fill(households: int) -> None:
    """Households of two, a visit each, and a case for every second; plain SQL, columns with defaults left out."""
    from server.core.sealing import seal_text
    from server.ledgers.storage.database import execute

    base = "'2026-11-01 02:00+00'::timestamptz"
    common = f"'{COMMUNITY}', {base}, 2, 1, '{{}}'::jsonb, '{{}}'::jsonb"
    names = "area_code, observed_at, verified_level, row_version, origins, history"
    execute(
        f"""
        create temporary table numbered on commit drop as
        select n, gen_random_uuid() as house, gen_random_uuid() as person
          from generate_series(1, {households}) n
        """
    )
    execute(
        f"""
        insert into ledgers_household (id, {names}, address, building, room, head_person_id,
                                       n_members, assisted_categories, loc)
        select house, {common}, '示范路' || n || '号', '3栋', '302', person, 2, '{{}}',
               st_setsrid(st_makepoint(113.35 + n * 1e-6, 23.13), 4326) from numbered
        """
    )
    execute(
        f"""
        insert into ledgers_person (id, {names}, name, id_no, household_id, earlier_phones,
                                    person_status)
        select person, {common}, '测试' || n, %s, house, '{{}}', '1'
          from numbered
        """,
        (seal_text("449901197005010015", "id_no"),),
    )
    execute(
        f"""
        insert into ledgers_visit (id, {names}, household_id, visited_at, outcome)
        select gen_random_uuid(), {common}, house, {base}, '1' from numbered
        """
    )
    execute(
        f"""
        insert into ledgers_assistancecase (id, {names}, subject_person_id, category, state,
                                            next_due, case_no)
        select gen_random_uuid(), {common}, person, '{{A01}}', '1', '2026-12-01', n::text
          from numbered
        """
    )


def _median(measure: Callable[[], object], times: int) -> float:
    taken = []
    for _run in range(times):
        began = time.perf_counter()
        measure()
        taken.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(taken), 2)


if __name__ == "__main__":
    main()
