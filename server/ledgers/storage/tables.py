"""Bulk reading and writing of contributions and ledger rows: a few statements a batch, whatever its size.

Rows go to the database as one JSON array a table and come out of it as typed records
(json_populate_recordset), so there is one parameter and one plan a statement. Table
names are never qualified: `ledgers.rebuild` runs the same statements against temporary
tables of the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import models

from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.folding.rosters import Membership
from server.ledgers.folding.row import Row
from server.ledgers.models import Membership as MembershipRow
from server.ledgers.storage.database import dumps, query

_APART = frozenset({"row_version", "assisted_categories", "web_point"})
"""Columns that an upsert does not set from the row: counted, or computed in SQL."""


class Changed(NamedTuple):
    """A row that was inserted or really changed, with the areas it is and was in."""

    id: str
    area_code: str
    before: str | None


class Table:
    """One ledger's table and how its plain rows become records."""

    def __init__(self, model: type[models.Model]) -> None:
        self.name = model._meta.db_table
        fields = [one for one in model._meta.concrete_fields if not one.generated]
        self.columns = [one.column for one in fields if one.column not in _APART]
        self._points = [
            str(one.column) for one in fields if one.get_internal_type() == "PointField"
        ]
        self._hashes = [str(one.column) for one in fields if isinstance(one, models.BinaryField)]
        self._lists = [str(one.column) for one in fields if one.column == "earlier_phones"]
        self._upsert = self._statement({str(one.column) for one in fields})

    def _statement(self, every: set[str]) -> str:
        names = ", ".join(f'"{name}"' for name in self.columns)
        setting = ", ".join(f'"{name}" = excluded."{name}"' for name in self.columns[1:])
        mine = ", ".join(f'{self.name}."{name}"' for name in self.columns[1:])
        theirs = ", ".join(f'excluded."{name}"' for name in self.columns[1:])
        extra = [(name, value) for name, value in _INSERTED if name in every]
        bump = f", row_version = {self.name}.row_version + 1" if "row_version" in every else ""
        area = "area_code" if "area_code" in every else "''"
        return f"""
            with incoming as materialized (
                select {names} from json_populate_recordset(null::{self.name}, %s::json)
            ), before as (
                select id, {area} as area_code from {self.name}
                 where id in (select id from incoming)
            ), put as (
                insert into {self.name} ({names}{"".join(f", {name}" for name, _ in extra)})
                select {names}{"".join(f", {value}" for _, value in extra)} from incoming
                    on conflict (id) do update set {setting}{bump}
                    where ({mine}) is distinct from ({theirs})
                returning id, {area} as area_code
            )
            select put.id::text, put.area_code, before.area_code
              from put left join before on before.id = put.id
        """  # noqa: S608 names of fields

    def put(self, rows: Sequence[Row]) -> list[Changed]:
        """Insert rows, update those that differ (row_version + 1), leave the rest alone."""
        if not rows:
            return []
        for row in rows:
            for name in self._points:
                if row.get(name) is not None:
                    row[name] = ewkt(row[name])
            for name in self._hashes:
                if row.get(name) is not None:
                    row[name] = "\\x" + row[name]
            for name in self._lists:
                row.setdefault(name, [])
        return [Changed(*found) for found in query(self._upsert, (dumps(rows),))]

    def delete(self, ids: Iterable[str]) -> list[Changed]:
        """Delete rows by id."""
        wanted = list(ids)
        if not wanted:
            return []
        rows = query(
            f"delete from {self.name} where id = any(%s::uuid[]) returning id::text, area_code",  # noqa: S608
            (wanted,),
        )
        return [Changed(entry, area, None) for entry, area in rows]

    def keep(self, owner: str, owners: Iterable[str], ids: Iterable[str]) -> list[Changed]:
        """Delete rows of these owners but for the ids."""
        wanted = list(owners)
        if not wanted:
            return []
        area = "''" if self.name == MEMBERSHIPS.name else "area_code"
        rows = query(
            f"delete from {self.name} where {owner} = any(%s::uuid[])"  # noqa: S608
            f" and not id = any(%s::uuid[]) returning id::text, {area}",
            (wanted, list(ids)),
        )
        return [Changed(entry, code, None) for entry, code in rows]


_INSERTED = (("row_version", "1"), ("assisted_categories", "'{}'"))

TABLES: dict[str, Table] = {name: Table(model) for name, model in LEDGERS.items()}
MEMBERSHIPS = Table(MembershipRow)


def membership_rows(memberships: Iterable[Membership]) -> list[Row]:
    return [
        {
            "id": one.id,
            "household_id": one.household,
            "person_id": one.person,
            "role": one.role,
            "relation": one.relation,
            "from_on": one.from_on,
            "to_on": one.to_on,
            "contribution": one.contribution,
        }
        for one in memberships
    ]


def ewkt(point: Sequence[Any]) -> str:
    """[lon, lat, …] as PostGIS reads it; height and accuracy are not part of the place."""
    return f"SRID=4326;POINT({point[0]} {point[1]})"
