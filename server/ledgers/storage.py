"""Bulk reading and writing of contributions and ledger rows: a few statements a batch, whatever its size.

Rows go to the database as one JSON array a table and come out of it as typed records
(json_populate_recordset), so there is one parameter and one plan a statement. Table
names are never qualified: `ledgers.rebuild` runs the same statements against temporary
tables of the same names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import psycopg
from django.db import connection, models

from server.ledgers.definitions import LEDGERS
from server.ledgers.folds.columns import Row
from server.ledgers.folds.rosters import Membership
from server.ledgers.models import Contribution
from server.ledgers.models import Membership as MembershipRow
from server.ledgers.observation import Said

_CONTRIBUTION = """
    select id, family, entry::text, keys::text[], submission_id, form_version_id, path,
           observed_at, received_at, instance_id, worker_id, level, area_code,
           values::text, links::text, flags
      from ledgers_contribution
"""
_APART = frozenset({"row_version", "assisted_categories", "web_point"})
"""Columns that an upsert does not set from the row: counted, or computed in SQL."""


class Changed(NamedTuple):
    """A row that was inserted or really changed, with the areas it is and was in."""

    id: str
    area_code: str
    before: str | None


def query(statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement with parameters bound by the server; its rows, none if it gives none.

    Never prepared: a prepared plan would not notice that a rebuild's table now hides another.
    """
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    cursor.execute(statement, parameters, prepare=False)
    return cursor.fetchall() if cursor.description else []


def said_of_entries(entries: Iterable[str]) -> list[Said]:
    """Every contribution of these entries."""
    wanted = list(entries)
    return _said("where entry = any(%s::uuid[])", wanted) if wanted else []


def said_in_submissions(submissions: Iterable[int], *, family: str | None = None) -> list[Said]:
    """Every contribution of these submissions, or those of one family."""
    wanted = list(submissions)
    if not wanted:
        return []
    where = "where submission_id = any(%s::bigint[])"
    return _said(f"{where} and family = '{family}'" if family else where, wanted)


def said_with_ids(ids: Iterable[int]) -> list[Said]:
    wanted = list(ids)
    return _said("where id = any(%s::bigint[])", wanted) if wanted else []


def _said(where: str, wanted: list[Any]) -> list[Said]:
    found = []
    for row in query(_CONTRIBUTION + where, (wanted,)):
        (id_, family, entry, keys, submission, version, path, observed, received) = row[:9]
        (instance, worker, level, area, values, links, flags) = row[9:]
        found.append(
            Said(
                id_,
                family,
                tuple(keys),
                submission,
                version,
                path,
                observed,
                received,
                instance,
                worker,
                level,
                area,
                json.loads(values),
                json.loads(links),
                tuple(flags),
                entry,
            )
        )
    return found


def insert_contributions(said: Iterable[Said]) -> None:
    rows = [{name: getattr(one, name) for name in Said.__slots__} for one in said]
    if rows:
        names = _names(Contribution)
        query(
            f"insert into ledgers_contribution ({names}) select {names}"  # noqa: S608 names of fields
            " from json_populate_recordset(null::ledgers_contribution, %s::json)",
            (dumps(rows),),
        )


def delete_contributions(ids: Iterable[int]) -> None:
    wanted = list(ids)
    if wanted:
        query("delete from ledgers_contribution where id = any(%s::bigint[])", (wanted,))


def move_contributions(entries: Mapping[int, str]) -> None:
    """Give contributions another entry."""
    if entries:
        query(
            "update ledgers_contribution set entry = moved.entry"
            " from unnest(%s::bigint[], %s::uuid[]) as moved (id, entry)"
            " where ledgers_contribution.id = moved.id",
            (list(entries), list(entries.values())),
        )


def resolved_keys(keys: Iterable[str]) -> dict[tuple[str, str], str]:
    """(family, key) → entry of the keys that live."""
    return _identity("key", keys)


def keys_of_entries(entries: Iterable[str]) -> dict[tuple[str, str], str]:
    """(family, key) → entry of every key of these entries."""
    return _identity("entry", entries)


def _identity(column: str, wanted: Iterable[str]) -> dict[tuple[str, str], str]:
    uuids = list(wanted)
    if not uuids:
        return {}
    rows = query(
        "select family, key::text, entry::text from ledgers_identitykey"  # noqa: S608 one of two
        f" where {column} = any(%s::uuid[])",
        (uuids,),
    )
    return {(family, key): entry for family, key, entry in rows}


def write_identity(put: Mapping[tuple[str, str], str], gone: Iterable[tuple[str, str]]) -> None:
    """Set where keys lead and drop keys nobody uses."""
    dropped = list(gone)
    if dropped:
        query(
            "delete from ledgers_identitykey using unnest(%s::text[], %s::uuid[]) as gone (f, k)"
            " where family = gone.f and key = gone.k",
            ([family for family, _ in dropped], [key for _, key in dropped]),
        )
    if put:
        query(
            "insert into ledgers_identitykey (family, key, entry)"
            " select * from unnest(%s::text[], %s::uuid[], %s::uuid[])"
            " on conflict (family, key) do update set entry = excluded.entry",
            ([family for family, _ in put], [key for _, key in put], list(put.values())),
        )


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


def dumps(rows: Any) -> str:
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _names(model: type[models.Model]) -> str:
    return ", ".join(f'"{one.column}"' for one in model._meta.concrete_fields)
