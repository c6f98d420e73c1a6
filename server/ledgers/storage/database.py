"""Running SQL for the ledgers: rows come by name, values are bound by the server.

    @dataclass(slots=True)
    class Opening:
        case_id: str
        opened_on: date

    def openings(households: Iterable[str]) -> list[Opening]:
        return query(
            "select id::text as case_id, opened_on from ledgers_assistancecase"
            " where subject_household_id = any(%s::uuid[])",
            (list(households),),
            row=Opening,
        )

How to add a statement
----------------------
* A statement stands in a module of this package, inside a function that has a name,
  typed arguments and a typed result. Callers import that function, never `query`
  (tests/contracts/test_sql.py).
* Every result column has a name (`as …`); the names are the fields of the row class, or
  the keyword arguments of a function that builds something else from them.
  `query_values` is for statements with a single column, `execute` for those whose rows
  nobody reads.
* Codes, kinds and families are members of definitions/vocabulary.py, written into the
  text of the statement with an f-string or `words()`, never literals. Everything that
  comes from outside is a parameter.

Which way to run SQL
--------------------
* The ORM, for anything it can say in one query: pages, REST, single rows.
* This module, for the ledgers' bulk statements, which read and write whole batches of
  entries. The server plans each anew, because a rebuild hides tables behind temporary
  ones of the same names, which a prepared plan would not notice.
* `core.statements.run`, for the few statements of a request that are counted in
  microseconds: it prepares the statement once a connection and gives back one row.
* `connection.cursor()`, for the rest outside the ledgers; it writes the values into the
  text of the statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar, overload

import psycopg
from django.db import connection
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.rows import BaseRowFactory, kwargs_row, scalar_row, tuple_row

from server.core import plain, row_security
from server.core.statements import execute_after

T = TypeVar("T")
Parameters = Sequence[Any] | Mapping[str, Any]


@overload
def query(statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]: ...
@overload
def query(statement: str, parameters: Parameters = (), *, row: Callable[..., T]) -> list[T]: ...
def query(
    statement: str, parameters: Parameters = (), *, row: Callable[..., Any] | None = None
) -> list[Any]:
    """Run a statement; each row is `row` called with the columns by name.

    A NamedTuple with the columns in the statement's order is the fastest row. Without
    `row`, plain tuples: only for rows that are passed on whole. Takes part in the caller's
    transaction.
    """
    cursor = _run(statement, parameters, tuple_row if row is None else _named(row))
    return cursor.fetchall() if cursor.description else []


def query_values(statement: str, parameters: Parameters = ()) -> list[Any]:
    """Run a statement with one column; its value in each row."""
    return _run(statement, parameters, scalar_row).fetchall()


def execute(statement: str, parameters: Parameters = ()) -> int:
    """Run a statement that gives no rows; how many rows it inserted, changed or deleted."""
    return _run(statement, parameters, tuple_row).rowcount


def _run(statement: str, parameters: Parameters, rows: BaseRowFactory[Any]) -> psycopg.Cursor[Any]:
    connection.ensure_connection()
    cursor: psycopg.Cursor[Any] = psycopg.Cursor(connection.connection, row_factory=rows)
    cursor.adapters.register_loader("timestamptz", _InstantLoader)
    settings = row_security.due(connection.connection)
    execute_after(settings, cursor, statement, parameters, prepare=False)
    return cursor


class _InstantLoader(Loader):
    """Reads an instant as PostgreSQL writes it in the session's zone, UTC; Django's loader is several times slower."""

    def load(self, data: Buffer) -> datetime:
        return datetime.fromisoformat(bytes(data).decode())


def _named(row: Callable[..., Any]) -> BaseRowFactory[Any]:
    """Rows by name; those of a NamedTuple with the same columns in the same order without a dict in between."""
    fields = getattr(row, "_fields", None)
    by_name = kwargs_row(row)

    def factory(cursor: Any) -> Callable[[Sequence[Any]], Any]:
        if cursor.description and fields == tuple(column.name for column in cursor.description):
            return row._make  # type: ignore[attr-defined, no-any-return]
        return by_name(cursor)

    return factory


def words(members: Iterable[StrEnum]) -> str:
    """Members of an enum as the inside of `in (…)`."""
    return ", ".join(f"'{member}'" for member in members)


def dumps(rows: Any) -> str:
    """Rows as one JSON document, for json_populate_recordset."""
    return plain.dumps(rows, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
