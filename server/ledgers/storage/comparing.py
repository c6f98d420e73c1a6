"""Comparing the tables that a rebuild filled (`pg_temp.…`) with the running ones (`public.…`), and putting these right.

Compared are the entries that the rebuild made and those that the same contributions or
submissions belong to in the running ledgers: `choose_compared_entries` notes them in the
temporary table `compared`, which everything else here reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import models

from server.ledgers.definitions.vocabulary import FOLDED_KINDS, ExceptionKind
from server.ledgers.storage.database import execute, query, query_values, words

_OWNERS = {
    "ledgers_spell": ("person_id",),
    "ledgers_assistancecase": ("subject_person_id", "subject_household_id"),
    "ledgers_membership": ("household_id",),
    "ledgers_contribution": ("entry",),
    "ledgers_identitykey": ("entry",),
}
"""Table → the columns that name the entry a row belongs to; a row of another table is its own entry."""


@dataclass(frozen=True, slots=True)
class ComparedTable:
    """What is compared of one table."""

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]  # the columns beside the key
    owners: tuple[str, ...]
    is_versioned: bool  # has row_version, which counts changes and is not compared

    @classmethod
    def of(cls, model: type[models.Model]) -> ComparedTable:
        """The table of a model, with every stored column that is not generated."""
        name = model._meta.db_table
        columns = [
            str(column.column) for column in model._meta.concrete_fields if not column.generated
        ]
        key = tuple(str(column.column) for column in model._meta.pk_fields)
        return cls(
            name=name,
            key=key,
            values=tuple(name for name in columns if name not in (*key, "row_version")),
            owners=_OWNERS.get(name, ("id",)),
            is_versioned="row_version" in columns,
        )


@dataclass(frozen=True, slots=True)
class TableComparison:
    """How a running table differs from the rebuilt one."""

    missing: int  # rows that only the rebuild has
    superfluous: int  # rows that only the running table has
    different: dict[str, int] = field(default_factory=dict)
    """Column → rows in which it differs; columns that are equal everywhere are not there."""


def choose_compared_entries() -> None:
    """Note the entries to compare."""
    execute("create temporary table compared (entry uuid primary key) on commit drop")
    execute(
        "insert into compared select entry from pg_temp.ledgers_contribution"
        " union select running.entry from public.ledgers_contribution running"
        "  join pg_temp.ledgers_contribution rebuilt on rebuilt.id = running.id"
        " union select running.entry from public.ledgers_contribution running"
        " where running.submission_id in (select submission_id from pg_temp.ledgers_contribution)"
    )
    execute("analyze compared")


def count_rebuilt(table: str) -> int:
    """How many rows the rebuild made in a table."""
    (count,) = query_values(f"select count(*) from pg_temp.{table}")  # noqa: S608 a model's table
    return int(count)


def _compared_rows(table: ComparedTable) -> str:
    """The condition for the rows of a running table that belong to the compared entries."""
    return " or ".join(f"{owner} in (select entry from compared)" for owner in table.owners)  # noqa: S608 names of columns


_MISSING, _SUPERFLUOUS = "missing rows", "superfluous rows"  # no column has such a name


def compare_table(table: ComparedTable) -> TableComparison:
    """Compare a running table with the rebuilt one, row by row and column by column."""
    first = table.key[0]
    different = ", ".join(
        f'count(*) filter (where running."{first}" is not null and rebuilt."{first}" is not null'
        f' and running."{name}" is distinct from rebuilt."{name}") as "{name}"'
        for name in table.values
    )
    key = ", ".join(f'"{name}"' for name in table.key)
    (counts,) = query(
        f"""
        select count(*) filter (where running."{first}" is null) as "{_MISSING}",
               count(*) filter (where rebuilt."{first}" is null) as "{_SUPERFLUOUS}",
               {different}
          from (select * from public.{table.name} where {_compared_rows(table)}) running
          full join pg_temp.{table.name} rebuilt using ({key})
        """,  # noqa: S608 names of tables and columns
        row=_counts_by_name,
    )
    return TableComparison(
        missing=counts.pop(_MISSING),
        superfluous=counts.pop(_SUPERFLUOUS),
        different={column: rows for column, rows in counts.items() if rows},
    )


def _counts_by_name(**columns: int) -> dict[str, int]:
    return columns


def put_table_right(table: ComparedTable) -> None:
    """Make the compared rows of a running table what the rebuild made; row_version counts on where a row changes."""
    same_key = " and ".join(f'rebuilt."{name}" = running."{name}"' for name in table.key)
    execute(
        f"delete from public.{table.name} running where ({_compared_rows(table)})"  # noqa: S608 names of tables and columns
        f" and not exists (select from pg_temp.{table.name} rebuilt where {same_key})"
    )
    names = ", ".join(f'"{name}"' for name in (*table.key, *table.values))
    setting = ", ".join(f'"{name}" = excluded."{name}"' for name in table.values)
    stored = ", ".join(f'running."{name}"' for name in table.values)
    rebuilt = ", ".join(f'excluded."{name}"' for name in table.values)
    version, first, bump = "", "", ""
    if table.is_versioned:
        version, first = ", row_version", ", 1"
        bump = ", row_version = running.row_version + 1"
    execute(
        f"""
        insert into public.{table.name} as running ({names}{version})
        select {names}{first} from pg_temp.{table.name}
            on conflict ({", ".join(f'"{name}"' for name in table.key)})
            do update set {setting}{bump} where row({stored}) is distinct from row({rebuilt})
        """  # noqa: S608 names of tables and columns
    )


_COMPARED_KINDS = words(sorted(FOLDED_KINDS | {ExceptionKind.POSSIBLE_DUPLICATE}))
"""Exceptions of entity claims are facts of arrival, which no rebuild makes again."""

_EXCEPTIONS = f"""
    with running as (
        select kind, "column", contribution, other, entry from public.ledgers_ledgerexception
         where resolved_at is null and entry in (select entry from compared)
           and kind in ({_COMPARED_KINDS})
           and (other is null or other in (select entry from compared))
    ), rebuilt as (
        select kind, "column", contribution, other, entry from pg_temp.ledgers_ledgerexception new
         where kind in ({_COMPARED_KINDS}) and not exists (
               select from public.ledgers_ledgerexception old
                where old.resolved_at is not null
                  and (old.kind, old."column", old.contribution) =
                      (new.kind, new."column", new.contribution)
                  and old.other is not distinct from new.other)
    ), missing as (
        table rebuilt except table running
    ), superfluous as (
        table running except table rebuilt
    )
"""  # noqa: S608 members of an enum
"""What differs between the open exceptions; one that somebody resolved is not missing."""


def compare_exceptions() -> TableComparison:
    """Compare the open exceptions, without their details."""
    (comparison,) = query(
        f"""
        {_EXCEPTIONS}
        select (select count(*) from missing) as missing,
               (select count(*) from superfluous) as superfluous
        """,  # noqa: S608 as above
        row=TableComparison,
    )
    return comparison


def put_exceptions_right() -> None:
    """Make the open exceptions of the compared entries those that the rebuild raised."""
    execute(
        f"""
        {_EXCEPTIONS}
        delete from public.ledgers_ledgerexception stored using superfluous
         where (stored.kind, stored."column", stored.contribution, stored.entry)
               = (superfluous.kind, superfluous."column", superfluous.contribution,
                  superfluous.entry)
           and stored.other is not distinct from superfluous.other and stored.resolved_at is null
        """  # noqa: S608 as above
    )
    execute(
        f"""
        {_EXCEPTIONS}
        insert into public.ledgers_ledgerexception
               (kind, family, entry, "column", contribution, other, area_code, detail, opened_at,
                resolution)
        select new.kind, new.family, new.entry, new."column", new.contribution, new.other,
               new.area_code, new.detail, new.opened_at, ''
          from pg_temp.ledgers_ledgerexception new
          join missing on (new.kind, new."column", new.contribution, new.entry)
                        = (missing.kind, missing."column", missing.contribution, missing.entry)
                      and new.other is not distinct from missing.other
            on conflict (kind, "column", contribution, other)
            do update set entry = excluded.entry, area_code = excluded.area_code
        """  # noqa: S608 as above
    )
