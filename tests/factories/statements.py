"""Counts the statements sent to PostgreSQL, including prepared ones, which Django does not count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
