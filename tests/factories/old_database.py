"""A database's rows as a file, to be loaded again into the tables of the same migrations.

The first line names the migrations (app → the last one) and the sealing keys, every other
line is one row: {"table": …, "row": {…}}. Left out are tables that Django and the queue
fill by themselves. A file for the upgrade test is written by the code whose schema it has:

    python -c "from tests.factories.old_database import write; write('rows.jsonl')"
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

LEFT_OUT = ("auth_%", "django_%", "procrastinate_%", "spatial_ref_sys")

_TABLES = """
    select relname from pg_class
     where relkind = 'r' and relnamespace = current_schema()::regnamespace
       and not relname like any(%s) order by relname
"""
_COLUMNS = """
    select string_agg(format('%%I', attname), ', ' order by attnum) from pg_attribute
     where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''
"""
_SEQUENCES = """
    select pg_get_serial_sequence(quote_ident(table_name), column_name), table_name, column_name
      from information_schema.columns
     where table_schema = current_schema()
       and pg_get_serial_sequence(quote_ident(table_name), column_name) is not null
"""


def write(path: str | Path) -> None:
    """Write every row of the connected database."""
    import django

    django.setup()
    graph = MigrationExecutor(connection).loader.graph
    ours = {app.label for app in apps.get_app_configs() if app.name.startswith("server.")}
    head = {
        "migrations": {app: name for app, name in sorted(graph.leaf_nodes()) if app in ours},
        "keys": os.environ["RUHU_SECRET_KEYS"],
    }
    with open(path, "w", encoding="utf-8") as file, connection.cursor() as cursor:
        file.write(json.dumps(head) + "\n")
        for table in _values(cursor, _TABLES, [list(LEFT_OUT)]):
            (columns,) = _values(cursor, _COLUMNS, [table])
            cursor.execute(
                f"select row_to_json(kept) from (select {columns} from {table} order by 1, 2) kept"
            )
            for (row,) in cursor.fetchall():
                row = json.loads(row) if isinstance(row, str) else row
                line = json.dumps({"table": table, "row": row}, ensure_ascii=False)
                file.write(line + "\n")


def head_of(path: Path) -> dict[str, Any]:
    """The migrations and keys that a file was written with."""
    with path.open(encoding="utf-8") as file:
        head: dict[str, Any] = json.loads(next(file))
    return head


def load(path: Path) -> None:
    """Insert the rows of a file; one transaction, in which references are checked at the end."""
    rows: dict[str, list[Any]] = {}
    with path.open(encoding="utf-8") as file:
        next(file)
        for line in file:
            stored = json.loads(line)
            rows.setdefault(stored["table"], []).append(stored["row"])
    with connection.cursor() as cursor:
        for table, of_table in rows.items():
            (columns,) = _values(cursor, _COLUMNS, [table])
            cursor.execute(
                f"insert into {table} ({columns}) overriding system value select {columns}"
                f" from json_populate_recordset(null::{table}, %s)",
                [json.dumps(of_table)],
            )
        cursor.execute(_SEQUENCES)
        for sequence, table, column in cursor.fetchall():
            cursor.execute(f"select setval('{sequence}', greatest(max({column}), 1)) from {table}")


def _values(cursor: Any, statement: str, parameters: list[Any]) -> list[Any]:
    cursor.execute(statement, parameters)
    return [value for (value,) in cursor.fetchall()]
