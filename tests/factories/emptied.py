"""Empties the tables after a test of whole transactions."""

from __future__ import annotations

from typing import Any, Final

from django.db import connection, transaction

_TABLES: Final = """
    select relname from pg_class
     where relkind = 'r' and relnamespace = current_schema()::regnamespace
       and relname not in ('django_migrations', 'django_content_type', 'auth_permission', 'spatial_ref_sys')
"""
_FIRST: Final = ("procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs")
"""Tables of the queue in the order in which their rows may go; other references are checked at the end."""
_NEVER_DELETED: Final = "audit_entry"


def empty_tables(_case: Any = None) -> None:
    """Delete all rows that the test left, the queue's too; one transaction.

    Django would truncate every table, and fill again those which it fills itself: half a second
    for each test. Here only tables that have rows are touched, and Django's own stay as they are.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = sorted((name for (name,) in cursor.fetchall()), key=_order)
        cursor.execute(
            " union all ".join(
                f"select {place} where exists (select from {table})"
                for place, table in enumerate(tables)
            )
        )
        for table in [tables[place] for (place,) in cursor.fetchall()]:
            way = "truncate" if table == _NEVER_DELETED else "delete from"
            cursor.execute(f"{way} {table}")


def _order(table: str) -> tuple[int, str]:
    return (_FIRST.index(table) if table in _FIRST else len(_FIRST), table)
