"""One SQL statement, prepared once a connection, its parameters bound by the server.

For the few paths that are counted in microseconds. Django's own cursor writes every
parameter into the text of the statement (a document of 10 KB becomes 20 KB of hex, parsed
and planned anew each time) and asks `SELECT 1` first, to see whether the connection lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper


def run(statement: LiteralString, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Run a statement that returns rows on Django's connection: the first of them, if any.

    Takes part in the surrounding transaction; outside one it commits by itself. There, a
    connection that the server has closed (restart, failover) is replaced and the
    statement sent once more: it must be one that may run twice. psycopg's errors come
    through as they are.
    """
    wrapper = connections[DEFAULT_DB_ALIAS]
    try:
        return _send(wrapper, statement, parameters)
    except psycopg.OperationalError:
        if wrapper.in_atomic_block or not _is_lost(wrapper):
            raise
        wrapper.close()
        return _send(wrapper, statement, parameters)


def _send(
    wrapper: BaseDatabaseWrapper, statement: LiteralString, parameters: Mapping[str, Any]
) -> tuple[Any, ...] | None:
    if wrapper.connection is None:
        wrapper.ensure_connection()
    cursor = _cursor_of(wrapper)
    cursor.execute(statement, parameters, prepare=True)
    return cursor.fetchone()


def _cursor_of(wrapper: BaseDatabaseWrapper) -> psycopg.Cursor[tuple[Any, ...]]:
    """One plain cursor a connection; making one costs as much as sending a statement."""
    raw = wrapper.connection
    cursor: psycopg.Cursor[tuple[Any, ...]] | None = getattr(wrapper, "_plain_cursor", None)
    if cursor is None or cursor.connection is not raw or cursor.closed:
        if raw.prepare_threshold is None:  # Django switches prepared statements off
            raw.prepare_threshold = 0
        cursor = psycopg.Cursor(raw)
        wrapper._plain_cursor = cursor  # type: ignore[attr-defined]
    return cursor


def _is_lost(wrapper: BaseDatabaseWrapper) -> bool:
    raw = wrapper.connection
    return raw is not None and bool(raw.closed or raw.broken)
