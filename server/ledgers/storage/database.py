"""Statements for the ledgers' tables: parameters bound by the server, rows as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import psycopg
from django.db import connection


def query(statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement with parameters bound by the server; its rows, none if it gives none.

    Never prepared: a prepared plan would not notice that a rebuild's table now hides another.
    """
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    cursor.execute(statement, parameters, prepare=False)
    return cursor.fetchall() if cursor.description else []


def dumps(rows: Any) -> str:
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
