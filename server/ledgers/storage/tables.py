"""Writing ledger rows: a few statements a batch, whatever its size.

Rows go to the database as one JSON array a table (json_populate_recordset), so there is
one parameter and one plan a statement. Table names are never qualified: a rebuild runs
the same statements against temporary tables of the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from server.core.sealed_fields import OpenedField
from server.ledgers.definitions.columns import column_of, in_the_clear
from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.folding.row import Row
from server.ledgers.models import Membership as MembershipRow
from server.ledgers.storage.database import dumps, execute, query, query_values

_NOT_FOLDED = {"row_version": "1", "assisted_categories": "'{}'"}
"""Columns that no folded row has → what a new row begins with."""


class Table:
    """The table of one ledger, or of the memberships."""

    def __init__(self, model: type[models.Model]) -> None:
        self.name = model._meta.db_table
        fields = [
            field
            for field in model._meta.concrete_fields
            if not field.generated and field.column not in _NOT_FOLDED
        ]
        self.columns = [str(field.column) for field in fields]
        self._points = [
            str(field.column) for field in fields if field.get_internal_type() == "PointField"
        ]
        self._sealed = {
            str(field.column): field for field in fields if isinstance(field, OpenedField)
        }
        self._hashes = [
            str(field.column)
            for field in fields
            if isinstance(field, models.BinaryField) and not isinstance(field, OpenedField)
        ]
        self._searched = [
            column for column in map(column_of, fields) if column is not None and column.is_searched
        ]
        self._lists = [
            str(field.column)
            for field in fields
            if isinstance(field, ArrayField) and not field.null
        ]
        every = {str(field.column) for field in model._meta.concrete_fields}
        self._upsert = self._upserting(
            {name: value for name, value in _NOT_FOLDED.items() if name in every}
        )

    def _upserting(self, defaults: Mapping[str, str]) -> str:
        names = ", ".join(f'"{name}"' for name in self.columns)
        changeable = self.columns[1:]
        setting = ", ".join(f'"{name}" = excluded."{name}"' for name in changeable)
        stored = ", ".join(f'{self.name}."{name}"' for name in changeable)
        incoming = ", ".join(f'excluded."{name}"' for name in changeable)
        more = "".join(f", {name}" for name in defaults)
        values = "".join(f", {value}" for value in defaults.values())
        if "row_version" in defaults:
            setting += f", row_version = {self.name}.row_version + 1"
        return f"""
            insert into {self.name} ({names}{more})
            select {names}{values} from json_populate_recordset(null::{self.name}, %s::json)
                on conflict (id) do update set {setting}
                where ({stored}) is distinct from ({incoming})
            returning id::text
        """  # noqa: S608 names of fields

    def put(self, rows: Sequence[Row]) -> list[str]:
        """Insert rows, update those that differ (row_version + 1), leave the rest alone.

        Returns the ids of the rows inserted or updated. Puts what is sealed, points and hashes
        of the given rows into the form that PostgreSQL reads.
        """
        if not rows:
            return []
        for row in rows:
            self._seal(row)
            for name in self._points:
                if row.get(name) is not None:
                    row[name] = ewkt(row[name])
            for name in self._hashes:
                if row.get(name) is not None:
                    row[name] = "\\x" + row[name]
            for name in self._lists:
                row.setdefault(name, [])
        return query_values(self._upsert, (dumps(rows),))

    def _seal(self, row: Row) -> None:
        """Seal free texts and JSON, and the searched texts that hold personal numbers, which are masked."""
        whole = {}
        for column in self._searched:
            text = row.get(column.name)
            if text is not None and (shown := in_the_clear(column, text)) != text:
                whole[column.name], row[column.name] = text, shown
        if whole:
            row["whole_texts"] = whole
        for name, field in self._sealed.items():
            if row.get(name) is not None:
                row[name] = "\\x" + field.sealed(row[name]).hex()

    def delete(self, ids: Iterable[str]) -> None:
        """Delete the rows with these ids."""
        wanted = list(ids)
        if wanted:
            execute(
                f"delete from {self.name} where id = any(%s::uuid[])",  # noqa: S608 a model's table
                (wanted,),
            )

    def delete_owned(
        self, column: str, owners: Iterable[str], keeping: Iterable[str], *, also: str = ""
    ) -> dict[str, list[str]]:
        """Delete the rows whose `column` is one of the owners, except those to keep.

        Returns deleted id → its value of `column`, and of the column `also` if there is such.
        """
        wanted = list(owners)
        if not wanted:
            return {}
        returned = ", ".join(f"{name}::text" for name in ("id", column, also) if name)
        deleted = query(
            f"delete from {self.name} where {column} = any(%s::uuid[])"  # noqa: S608 names of fields
            f" and not id = any(%s::uuid[]) returning {returned}",
            (wanted, list(keeping)),
        )
        return {row: owners for row, *owners in deleted}

    def due(self, as_of: date, limit: int) -> set[str]:
        """Up to `limit` entries that have to be folded again by this day, the longest due first."""
        return set(
            query_values(
                f"select id::text from {self.name} where refold_on <= %s"  # noqa: S608 a model's table
                " order by refold_on, id limit %s",
                (as_of, limit),
            )
        )


TABLES: dict[str, Table] = {name: Table(model) for name, model in LEDGERS.items()}
MEMBERSHIPS = Table(MembershipRow)


def ewkt(point: Sequence[Any]) -> str:
    """[lon, lat, …] as PostGIS reads it; height and accuracy are not part of the place."""
    return f"SRID=4326;POINT({point[0]} {point[1]})"
