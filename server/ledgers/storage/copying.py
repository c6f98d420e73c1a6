"""Rows of a ledger as lines of CSV, by `COPY` (decision 0367)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from server.core import row_security

_AT_ONCE: Final = 300
"""Lines that are made at once: about what the socket holds of the next meanwhile."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Expressions for the rows of a query, whose values at `paths` are `entry.c0`, `entry.c1` …

    `seen` is the select list of what `expressions` name `seen`, and `masked` stands in `hidden.masked`. Only names and
    literals of declarations are put into them, and areas of the reader.
    """

    paths: tuple[str, ...]
    seen: str
    masked: str
    expressions: tuple[str, ...]


def copied(
    rows: QuerySet[Any], keys: Iterable[str], cells: Cells, made: Callable[[list[bytes]], bytes]
) -> Iterator[bytes]:
    """What `made` makes of the lines of the rows with these keys, by key: of some hundreds while the database writes the next.

    Whoever takes it has to take all of it at once: it is one transaction, which has the settings of the reader's areas.
    """
    among = RawSQL("select unnest(%s::uuid[])", [f"{{{','.join(keys)}}}"])
    wanted = rows.order_by().filter(pk__in=among).values_list(*cells.paths)
    inner, parameters = wanted.query.sql_with_params()
    named = ", ".join(f"c{place}" for place in range(len(cells.paths)))
    statement = (
        f"copy (select {', '.join(cells.expressions)}"  # noqa: S608 of Django and of declarations
        f" from ({inner} offset 0) as entry ({named}),"
        f" lateral (select {cells.seen} offset 0) as seen,"
        f" lateral (select {cells.masked} as masked offset 0) as hidden"
        f" order by entry.c{cells.paths.index('id')}) to stdout (format csv)"
    )
    with transaction.atomic(), connection.wrap_database_errors:
        connection.ensure_connection()
        raw: Any = connection.connection
        with raw.cursor() as cursor:
            if settings := row_security.due(raw):
                cursor.execute(settings)
            with cursor.copy(statement, parameters) as lines:
                remaining = iter(lines)
                while some := [bytes(line) for line in islice(remaining, _AT_ONCE)]:
                    yield made(some)
