"""What somebody sees who has a dump of the database, or the folder of the stored files."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import connection


def as_stored() -> str:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
        tables = [name for (name,) in cursor.fetchall() if name != "spatial_ref_sys"]
        rows = []
        for name in tables:
            cursor.execute(f'select stored::text from "{name}" as stored')
            rows += [f"{name} {row}" for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def on_disk() -> bytes:
    """The names and bytes of all stored files."""
    files = [path for path in Path(settings.BLOB_ROOT).rglob("*") if path.is_file()]
    assert files
    return b"\n".join(str(path).encode() + b"\n" + path.read_bytes() for path in files)
