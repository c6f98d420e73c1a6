"""How long a tile of the map takes, zoom by zoom.

    python tests/perf/tiles.py [--households 30000] [--assisted 1.0] [--rounds 3]

Makes a database of its own beside the one of DATABASE_URL and drops it again: a street of
fifteen communities with so many households, a share of them assisted, each with a member
and an open case, put straight into the tables. Then asks for every tile over the street (at most 30 a
zoom) as a street office would, through the same functions the map's views call.
Prints a table, then one JSON object.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper
    from django.db.models import Model

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")

ZOOMS = range(10, 18)
MOST_TILES = 30

HOUSEHOLD = """
    'id', gen_random_uuid(), 'hh_no', lpad(n::text, 6, '0'),
    'area_code', community.code,
    'address', format('棠荫路%%s号荔景花园%%s栋%%s', n %% 180, n %% 18, n %% 900),
    'loc', st_asewkt(st_setsrid(st_makepoint(
        st_xmin(outline) + random() * (st_xmax(outline) - st_xmin(outline)),
        st_ymin(outline) + random() * (st_ymax(outline) - st_ymin(outline))), 4326), 7),
    'assisted_categories', case when random() < %(assisted)s then
        ('[["B01"], ["B04"], ["B01", "B07"], ["B03"], ["B02", "B07"], ["B09"]]'::jsonb) -> (n %% 6)
        else '[]' end
"""
HOUSEHOLDS_OF = """
    generate_series(1, %(households)s) as n
    join (select row_number() over (order by division_id) - 1 as place,
                 division_id as code, outline
            from geo_boundary where division_id not like '%%000') as community
      on community.place = n %% 15
"""
MEMBER = """
    'id', gen_random_uuid(), 'area_code', home.area_code, 'household_id', home.id,
    'name', '欧阳' || home.hh_no
"""
CASE = """
    'id', gen_random_uuid(), 'area_code', person.area_code, 'subject_person_id', person.id,
    'next_due', current_date - 30 + (random() * 90)::int
"""
ASSISTED = """
    ledgers_person person
    join ledgers_household home on home.id = person.household_id
     and home.assisted_categories <> '{}'
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--households", type=int, default=30_000)
    parser.add_argument("--assisted", type=float, default=1.0, help="share with an open case")
    parser.add_argument("--rounds", type=int, default=3, help="how often each tile is asked for")
    options = parser.parse_args()
    import django

    django.setup()
    with own_database():
        assisted = fill(options.households, options.assisted)
        figures = measure(options.rounds)
    report = {"households": options.households, "cases": assisted, **figures}
    table(report)
    print(json.dumps(report))


@contextmanager
def own_database() -> Iterator[None]:
    """A migrated scratch database on the same server, gone afterwards."""
    from django.core.management import call_command
    from django.db import connection

    name, scratch = connection.settings_dict["NAME"], f"ruhu_tiles_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"create database {scratch}")
    connection.close()
    connection.settings_dict["NAME"] = scratch
    try:
        call_command("migrate", verbosity=0, skip_checks=True)
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        with connection.cursor() as cursor:
            cursor.execute(f"drop database if exists {scratch} with (force)")


def fill(households: int, assisted: float) -> int:
    """Insert the street, its households, members and cases; how many are assisted."""
    from datetime import date

    from django.db import connection

    from server.core import clock
    from server.geo.services import import_divisions
    from server.ledgers.models import AssistanceCase, Household, Person
    from server.ops.demo import boundaries

    street = boundaries.street(seed=1, communities=15, recoded_on=date(2026, 1, 1), moved=0)
    import_divisions(street.feature_collection())
    sizes = {"households": households, "assisted": assisted}
    common = {"observed_at": clock.now(), "verified_level": 2}
    with connection.cursor() as cursor:
        cursor.execute("select setseed(0.5)")
        multiply(cursor, Household(**common), HOUSEHOLD, HOUSEHOLDS_OF, sizes)
        multiply(cursor, Person(**common), MEMBER, "ledgers_household home", {})
        multiply(cursor, AssistanceCase(**common, state="6"), CASE, ASSISTED, {})
        cursor.execute("vacuum analyze ledgers_household, ledgers_person, ledgers_assistancecase")
        cursor.execute("select count(*) from ledgers_assistancecase")
        return int(cursor.fetchone()[0])


def multiply(
    cursor: CursorWrapper, template: Model, columns: str, rows: str, values: dict[str, Any]
) -> None:
    """Copy a ledger row over and over in the database, with some columns of its own in each."""
    table = template._meta.db_table
    template.pk = uuid.UUID(int=0)
    template.save(force_insert=True)
    names = ", ".join(f.column for f in template._meta.concrete_fields if not f.generated)
    cursor.execute(
        f"""
        with template as materialized (select * from {table} where id = %(template)s)
        insert into {table} ({names})
        select {", ".join(f"copied.{name.strip()}" for name in names.split(","))}
          from {rows}
         cross join lateral jsonb_populate_record(
             (select template::{table} from template), jsonb_build_object({columns})) as copied
        """,
        {**values, "template": template.pk},
    )
    template.delete()


def measure(rounds: int) -> dict[str, Any]:
    """Milliseconds and bytes per zoom of both tile sets, and the statements one tile takes."""
    from server.accounts.access import Access
    from server.geo.selectors import division_tile, extent
    from server.ledgers.reading.tiles import assisted_tile
    from tests.factories.statements import counted

    access = Access(user_id=1, grants=(("street", "440106003"),))
    box = extent(access)
    assert box is not None
    asked: dict[str, Callable[[int, int, int], bytes]] = {
        "assisted": lambda z, x, y: assisted_tile(access, z, x, y),
        "search by name": lambda z, x, y: assisted_tile(access, z, x, y, q="欧阳0001"),
        "divisions": lambda z, x, y: division_tile(access, z, x, y),
    }
    figures: dict[str, Any] = {}
    for name, ask in asked.items():
        with counted() as statements:
            ask(*next(tiles_over(box, 14)))
        rows = {zoom: of_zoom(ask, box, zoom, rounds) for zoom in ZOOMS}
        every = [ms for row in rows.values() for ms in row.pop("_all")]
        figures[name] = {
            "round_trips": len(statements),
            **spread(every),
            "zooms": rows,
        }
    return figures


def of_zoom(
    ask: Callable[[int, int, int], bytes],
    box: tuple[float, float, float, float],
    zoom: int,
    rounds: int,
) -> dict[str, Any]:
    addresses = list(tiles_over(box, zoom))
    random.Random(1).shuffle(addresses)
    took, sizes = [], []
    for address in addresses[:MOST_TILES] * rounds:
        start = time.perf_counter()
        tile = ask(*address)
        took.append((time.perf_counter() - start) * 1000)
        sizes.append(len(tile))
    return {
        **spread(took),
        "tiles": len(addresses),
        "largest_kb": round(max(sizes) / 1024, 1),
        "_all": took,
    }


def tiles_over(box: tuple[float, float, float, float], zoom: int) -> Iterator[tuple[int, int, int]]:
    west, south, east, north = box
    left, top = tile_at(west, north, zoom)
    right, bottom = tile_at(east, south, zoom)
    for x in range(left, right + 1):
        for y in range(top, bottom + 1):
            yield zoom, x, y


def tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    turns = 2**zoom
    northing = math.asinh(math.tan(math.radians(lat))) / math.pi
    return int((lon + 180) / 360 * turns), int((1 - northing) / 2 * turns)


def spread(took: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(took, n=20, method="inclusive") if len(took) > 1 else took * 19
    return {
        "p50_ms": round(statistics.median(took), 1),
        "p95_ms": round(cuts[-1], 1),
        "max_ms": round(max(took), 1),
    }


def table(report: dict[str, Any]) -> None:
    print(f"{report['households']:,} households, {report['cases']:,} assisted")
    print(
        f"{'tiles':<14} {'zoom':>5} {'tiles':>6} {'p50 ms':>8} {'p95 ms':>8} {'max ms':>8} {'KB':>7}"
    )
    for name, figures in report.items():
        if not isinstance(figures, dict):
            continue
        for zoom, row in figures["zooms"].items():
            print(
                f"{name:<14} {zoom:>5} {row['tiles']:>6} {row['p50_ms']:>8} {row['p95_ms']:>8}"
                f" {row['max_ms']:>8} {row['largest_kb']:>7}"
            )
        print(
            f"{name:<14} {'all':>5} {'':>6} {figures['p50_ms']:>8} {figures['p95_ms']:>8}"
            f" {figures['max_ms']:>8}   {figures['round_trips']} round trip(s)"
        )


if __name__ == "__main__":
    main()
