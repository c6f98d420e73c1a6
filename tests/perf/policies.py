"""What row-level security costs pages and lists, door by door, and the plans behind them.

    python tests/perf/policies.py [--households 60000] [--submissions 200000] [--rounds 15] [--plans]

Makes a database of its own beside the one of DATABASE_URL and drops it again: ten streets with so many
households, as many persons, an open case each, and so many records, put straight into the tables.
Then asks pages as staff of a street, of two streets, of the county and of everywhere, and sends the
statements of each again, as the role of the web processes, which policies bind, and as the owner of
the tables, which has none. Prints a table of milliseconds (each statement's quickest round), then
one JSON object; `--plans` prints the plan of each request's slowest statement under policies.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.perf import tiles  # noqa: E402

STREETS = 10
READERS = {
    "street": (("street", "440106003"),),
    "two streets": (("street", "440106003"), ("street", "440106005")),
    "county": (("county", "440106"),),
    "everywhere": (("county", ""),),
}
ADDRESSES = {
    "persons, first page": "/api/v1/persons/?page_size=50",
    "persons by name": "/api/v1/persons/?page_size=50&search=欧阳0001",
    "persons by name, console": "/persons?search=欧阳0001",
    "households, first page": "/api/v1/households/?page_size=50",
    "households by address": "/api/v1/households/?page_size=50&search=荣景花园",
    "households in a box": "/api/v1/households/?page_size=50&in_bbox={box}",
    "cases, first page": "/api/v1/cases/?page_size=50",
    "records, first page": "/api/v1/submissions/?page_size=50",
    "records to review, console": "/submissions",
    "tile, zoom 12": "/tiles/assisted/{z12}",
    "tile, zoom 15": "/tiles/assisted/{z15}",
}
RECORDS = """
insert into submissions_submission
       (form_id, instance_id, current_version_id, review_state, submitter_id, received_at, observed_at,
        area_code, title, located_area, flags, processed_at)
select form.id, 'uuid:' || gen_random_uuid(), n, 'received', keeper.id,
       now() - n * interval '3 minutes', now() - n * interval '3 minutes',
       community.code, '示范路' || n || '号', community.code, '[]', now()
  from generate_series(1, %s) n
  join (select row_number() over (order by code) - 1 as place, code from
         (select distinct area_code as code from ledgers_household) codes) community
    on community.place = n %% (select count(distinct area_code) from ledgers_household)
 cross join (select min(id) as id from forms_form) form
 cross join (select min(id) as id from accounts_user) keeper
"""
SPREAD = """
update {table} set area_code = '44010600' || {street} || substr(area_code, 10)
 where {street} <> 3
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--households", type=int, default=60_000)
    parser.add_argument("--submissions", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--plans", action="store_true")
    options = parser.parse_args()
    import django

    django.setup()
    from django.conf import settings
    from django.test.utils import setup_test_environment

    setup_test_environment()
    settings.RUHU_GUESSES_HOSTS = False
    with tiles.own_database():
        fill(options.households, options.submissions)
        figures = measure(options.rounds, plans=options.plans)
    table(figures)
    print(json.dumps(figures, ensure_ascii=False))


def fill(households: int, submissions: int) -> None:
    """Insert the rows of all streets, and the users who ask."""
    from django.db import connection

    from server.accounts.models import RoleGrant, User
    from server.forms.models import Form

    tiles.fill(households, 0.3)
    Form.objects.create(form_id="household_survey", title="入户调查")
    for name, grants in READERS.items():
        user = User.objects.create(username=name, name=name, password="!")
        for role, area in grants:
            RoleGrant.objects.create(user=user, role=role, area=area)
    digit = "(hashtext(substr({id}::text, 1, 8)) & 1023) % 10"
    with connection.cursor() as cursor:
        for name, column in (("household", "id"), ("person", "household_id")):
            street = digit.format(id=column)
            cursor.execute(SPREAD.format(table=f"ledgers_{name}", street=street))
        cursor.execute(
            "update ledgers_assistancecase held set area_code = person.area_code"
            " from ledgers_person person where person.id = held.subject_person_id"
        )
        cursor.execute(RECORDS, [submissions])
        cursor.execute("vacuum analyze")


def measure(rounds: int, *, plans: bool) -> dict[str, dict[str, list[float]]]:
    """Reader → request → [with policies, without]: milliseconds of its statements, each the quickest of the rounds."""
    from django.conf import settings
    from django.test import Client

    from server.accounts.access import Access
    from server.accounts.models import User
    from server.geo.selectors import extent

    settings.RUHU_WEB_ROLE = "ruhu_web"
    west, south, east, north = extent(Access(user_id=1, grants=READERS["street"])) or (0, 0, 0, 0)
    middle = ((west + east) / 2, (south + north) / 2)
    words = {
        "box": f"{middle[0]},{middle[1]},{middle[0] + 0.002},{middle[1] + 0.002}",
        **{f"z{z}": "{}/{}/{}".format(z, *tiles.tile_at(*middle, z)) for z in (12, 15)},
    }
    figures: dict[str, dict[str, list[float]]] = {}
    for reader, grants in READERS.items():
        client = Client()
        client.force_login(User.objects.get(username=reader))
        areas = tuple(area for _role, area in grants)
        figures[reader] = {}
        for what, address in ADDRESSES.items():
            statements = asked(client, address.format(**words))
            figures[reader][what] = quickest(statements, areas, rounds)
            if plans:
                print(f"\n## {reader}: {what}")
                explain(statements, areas)
    return figures


def asked(client: Any, address: str) -> list[str]:
    """The statements that read for a request, with their values."""
    from django.db import connection

    statements: list[str] = []
    run = psycopg.Cursor.execute

    def note(way: Any) -> Any:
        def noted(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
            text = query if isinstance(query, str) else ""
            if text.lstrip()[:6].lower() in ("select", "with m") and "set_config" not in text[:20]:
                with psycopg.ClientCursor(self.connection) as client_cursor:
                    statements.append(client_cursor.mogrify(text, params) if params else text)
            return way(self, query, params, **options)

        return noted

    with (
        patch.object(psycopg.Cursor, "execute", note(run)),
        connection.execute_wrapper(
            lambda follow, sql, params, many, context: (
                statements.append(psycopg.ClientCursor(connection.connection).mogrify(sql, params))
                if sql.lstrip()[:6].lower() == "select"
                else None,
                follow(sql, params, many, context),
            )[1]
        ),
    ):
        answer = client.get(address)
        answer.getvalue()
    assert answer.status_code == 200, (address, answer.status_code)
    return statements


def quickest(statements: list[str], areas: tuple[str, ...], rounds: int) -> list[float]:
    sums = []
    for role in ("ruhu_web", ""):
        took: list[list[float]] = [[] for _statement in statements]
        with as_reader(areas, role) as cursor:
            for _round in range(rounds):
                for place, statement in enumerate(statements):
                    began = time.perf_counter()
                    cursor.execute(statement)
                    cursor.fetchall()
                    took[place].append((time.perf_counter() - began) * 1000)
        sums.append(round(sum(min(times) for times in took), 1))
    return sums


@contextmanager
def as_reader(areas: tuple[str, ...], role: str) -> Iterator[Any]:
    """A cursor in a transaction that has the areas, as the role."""
    from django.conf import settings
    from django.db import connection, transaction

    from server.core import row_security

    settings.RUHU_WEB_ROLE = role
    with row_security.entered(), transaction.atomic(), connection.cursor() as cursor:
        row_security.read_as(areas, 1)
        cursor.execute("select 1")
        yield cursor
    settings.RUHU_WEB_ROLE = "ruhu_web"


def explain(statements: list[str], areas: tuple[str, ...]) -> None:
    """Print the plan of the slowest statement under policies."""
    with as_reader(areas, "ruhu_web") as cursor:
        slowest, plan = 0.0, ""
        for statement in statements:
            cursor.execute("explain (analyze, costs off, timing off) " + statement)
            lines = [line for (line,) in cursor.fetchall()]
            took = float(lines[-1].split()[2])
            if took > slowest:
                slowest, plan = took, "\n".join([statement[:300], *(line[:220] for line in lines)])
    print(plan)


def table(figures: dict[str, dict[str, list[float]]]) -> None:
    print(f"\n{'reader':<12} {'request':<28} {'policies':>9} {'without':>9}")
    for reader, rows in figures.items():
        for what, (bound, free) in rows.items():
            print(f"{reader:<12} {what:<28} {bound:>9} {free:>9}")


if __name__ == "__main__":
    main()
