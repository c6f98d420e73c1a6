"""Seals columns that were stored in the clear, for migrations: in batches, each committed by itself (decision 0315).

A column `x` goes to `x_sealed`, which the migration before adds and the next one renames. The
old value is emptied in the same statement, so that a migration that was killed goes on where
it stopped, and no row holds the clear text any more when the old column is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db import connections, transaction

from server.core.masking import mask_numbers
from server.core.sealed_fields import opened_text, sealed_json, sealed_text

_BATCH: Final = 2000
_NUMBER: Final = 10
"""Digits of the shortest personal number."""


def seal_columns(
    alias: str, table: str, *, texts: Sequence[str] = (), documents: Sequence[str] = ()
) -> None:
    """Seal texts and JSON documents of a table into the columns beside them. Not in a transaction."""
    nullable = _nullable(alias, table)
    wanted = [*texts, *documents]
    held = {name: "''" if name in texts else "'{}'" for name in wanted}
    filled = " or ".join(
        f'("{name}" is not null and "{name}"::text <> {held[name]})' for name in wanted
    )
    cleared = {name: "null" if nullable[name] else held[name] for name in wanted}
    setting = ", ".join(
        f'"{name}_sealed" = coalesce(anew."{name}", "{name}_sealed"), "{name}" = {cleared[name]}'
        for name in wanted
    )

    def sealed(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
        columns: list[list[Any]] = [[row[0] for row in rows]]
        for place, name in enumerate(wanted, start=1):
            purpose = f"{table}.{name}"
            if name in texts:
                columns.append([sealed_text(row[place] or "", purpose) or None for row in rows])
            else:
                columns.append(
                    [sealed_json(json.loads(row[place] or "{}"), purpose) or None for row in rows]
                )
        return columns

    names = ", ".join(f'"{name}"::text' for name in wanted)
    _in_batches(alias, table, names, filled, sealed, setting, [(name, "bytea") for name in wanted])


def open_columns(alias: str, table: str, *, texts: Sequence[str]) -> None:
    """Put sealed texts back into the columns in the clear beside them: what `seal_columns` did, undone. In one transaction."""
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        for name in texts:
            purpose = f"{table}.{name}"
            cursor.execute(f'select id, "{name}_sealed" from {table}')  # noqa: S608 names in migrations
            cursor.executemany(
                f'update {table} set "{name}" = %s where id = %s',  # noqa: S608 names in migrations
                [(opened_text(bytes(sealed), purpose), key) for key, sealed in cursor.fetchall()],
            )


def mask_columns(
    alias: str, table: str, columns: Sequence[str], *, masked: Mapping[str, Callable[[str], str]]
) -> None:
    """Mask the personal numbers in searched columns of a table, and keep the whole texts sealed. Not in a transaction.

    `masked` are columns that are masked in another way than others.
    """
    digits = "regexp_replace(concat_ws(' ', {}), '[^0-9０-９]', '', 'g')".format(
        ", ".join(f'"{name}"' for name in columns)
    )

    def sealed(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
        anew: list[list[Any]] = [[] for _ in range(len(columns) + 2)]
        for key, *texts in rows:
            shown = [
                text and masked.get(name, mask_numbers)(text)
                for name, text in zip(columns, texts, strict=True)
            ]
            whole = {
                name: text
                for name, text, after in zip(columns, texts, shown, strict=True)
                if text != after
            }
            if whole:
                values = [key, sealed_json(whole, f"{table}.whole_texts"), *shown]
                for column, value in zip(anew, values, strict=True):
                    column.append(value)
        return anew

    setting = ", ".join(
        ["whole_texts = anew.whole_texts", *(f'"{name}" = anew."{name}"' for name in columns)]
    )
    names = ", ".join(f'"{name}"' for name in columns)
    types = [("whole_texts", "bytea"), *((name, "text") for name in columns)]
    where = f"whole_texts is null and length({digits}) >= {_NUMBER}"
    _in_batches(alias, table, names, where, sealed, setting, types)


def _in_batches(
    alias: str,
    table: str,
    names: str,
    where: str,
    sealed: Callable[[list[tuple[Any, ...]]], list[list[Any]]],
    setting: str,
    types: Sequence[tuple[str, str]],
) -> None:
    connection, after = connections[alias], None
    with connection.cursor() as cursor:
        cursor.execute(
            "select data_type from information_schema.columns"
            " where table_schema = current_schema() and table_name = %s and column_name = 'id'",
            [table],
        )
        ((key_type,),) = cursor.fetchall()
        arrays = ", ".join(f"%s::{kind}[]" for kind in (key_type, *(kind for _, kind in types)))
        columns = ", ".join(["key", *(f'"{name}"' for name, _ in types)])
        while True:
            with transaction.atomic(using=alias):
                cursor.execute(
                    f"select id::text, {names} from {table}"  # noqa: S608 names in migrations
                    f" where (%(after)s::{key_type} is null or id > %(after)s::{key_type})"
                    f" and ({where}) order by id limit %(limit)s for update",
                    {"after": after, "limit": _BATCH},
                )
                rows = cursor.fetchall()
                if not rows:
                    return
                cursor.execute(
                    f"update {table} set {setting}"  # noqa: S608 names in migrations
                    f"  from unnest({arrays}) as anew ({columns}) where {table}.id = anew.key",
                    sealed(rows),
                )
                after = rows[-1][0]


def _nullable(alias: str, table: str) -> dict[str, bool]:
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "select column_name, is_nullable = 'YES' from information_schema.columns"
            " where table_schema = current_schema() and table_name = %s",
            [table],
        )
        return dict(cursor.fetchall())
