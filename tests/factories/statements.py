"""Counts the statements sent to PostgreSQL, including prepared ones, which Django does not count, and what they read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch


def _goes_along(query: Any) -> bool:
    """Whether these are the settings of row-level security, which share the next statement's round trip."""
    return isinstance(query, str) and query.startswith("select set_config(") and ";" not in query


@contextmanager
def counted() -> Iterator[list[object]]:
    """The statements sent to PostgreSQL inside the block, over a connection that is open already."""
    import psycopg
    from django.db import connection

    from server.core import statements

    connection.ensure_connection()
    sent: list[object] = []
    through_cursor, through_libpq = psycopg.Cursor.execute, statements.execute_prepared

    def execute(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        if not _goes_along(query):
            sent.append(query)
        return through_cursor(self, query, *args, **kwargs)

    def execute_prepared(connection: Any, name: bytes, *args: Any) -> Any:
        sent.append(name)
        return through_libpq(connection, name, *args)

    with (
        patch.object(psycopg.Cursor, "execute", execute),
        patch.object(statements, "execute_prepared", execute_prepared),
    ):
        yield sent


@dataclass(slots=True)
class Explained:
    """What a statement read from tables and indexes."""

    statement: str
    buffers: int  # pages of 8 KB
    plan: str

    @property
    def handled(self) -> int:
        """Rows that went through the node of the plan that had most, those it rejected among them."""
        most, loops = 0, 1
        for line in self.plan.splitlines():
            if node := _ROWS.search(line):
                rows, loops = (int(part) for part in node.groups())
                most = max(most, rows * loops)
            elif rejected := _REJECTED.search(line):
                most = max(most, int(rejected[1]) * loops)
        return most

    def __str__(self) -> str:
        return f"{self.buffers} buffers\n{self.statement}\n{self.plan}"


_READS = re.compile(r"\s*(select|insert|update|delete|with)\b", re.IGNORECASE)
_BUFFERS = re.compile(r"Buffers: shared (?:hit=(\d+))?(?: ?read=(\d+))?")

_ROWS = re.compile(r"\(actual rows=(\d+) loops=(\d+)\)")
_REJECTED = re.compile(r"Rows Removed by (?:Join )?Filter: (\d+)")


@contextmanager
def explained() -> Iterator[list[Explained]]:
    """The statements sent inside the block, each run twice: first explained and undone, then for its result.

    Statements that `core.statements` prepares are left out.
    """
    import psycopg
    from django.db import connection

    connection.ensure_connection()
    seen: list[Explained] = []
    through = psycopg.Cursor.execute

    def execute(self: Any, query: Any, params: Any = None, **kwargs: Any) -> Any:
        if isinstance(query, str) and _READS.match(query):
            seen.append(_explained(self.connection, query, params))
        return through(self, query, params, **kwargs)

    def _explained(link: Any, query: str, params: Any) -> Explained:
        cursor = psycopg.Cursor(link)
        through(cursor, "savepoint before_explaining")
        through(cursor, "explain (analyze, buffers, timing off) " + query, params)
        lines = [str(line) for (line,) in cursor.fetchall()]
        through(cursor, "rollback to savepoint before_explaining")
        through(cursor, "release savepoint before_explaining")
        body = "\n".join(lines).partition("Planning:")[0]
        whole = _BUFFERS.search(body)
        buffers = sum(int(part or 0) for part in whole.groups()) if whole else 0
        return Explained(query, buffers, body)

    with patch.object(psycopg.Cursor, "execute", execute):
        yield seen
