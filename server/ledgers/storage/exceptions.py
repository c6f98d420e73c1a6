"""The stored exceptions of the ledgers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypedDict

from server.ledgers.definitions.vocabulary import FOLDED_KINDS
from server.ledgers.storage.database import dumps, execute


class Cause(NamedTuple):
    """What tells the exceptions that a fold raises apart."""

    kind: str
    column: str
    contribution: int


class ExceptionRow(TypedDict):
    """An exception that a fold raised, as it is stored."""

    kind: str
    family: str
    entry: str
    column: str
    contribution: int
    area_code: str
    detail: dict[str, Any]
    opened_at: datetime


def delete_open_exceptions(entries: Collection[str], keeping: Iterable[Cause]) -> None:
    """Delete the open exceptions of these entries that a fold raises, except those with a cause to keep.

    Resolved ones stay.
    """
    if not entries:
        return
    causes = list(keeping)
    execute(
        """
        delete from ledgers_ledgerexception
         where entry = any(%s::uuid[]) and resolved_at is null
           and kind = any(%s::text[])
           and not exists (
               select from unnest(%s::text[], %s::text[], %s::bigint[]) as cause (k, c, id)
                where k = kind and c = "column" and id = contribution)
        """,
        (
            list(entries),
            sorted(FOLDED_KINDS),
            [cause.kind for cause in causes],
            [cause.column for cause in causes],
            [cause.contribution for cause in causes],
        ),
    )


def put_exceptions(rows: Sequence[ExceptionRow]) -> None:
    """Store exceptions; of one that is stored already, open or resolved, only entry, area and detail change."""
    if not rows:
        return
    execute(
        """
        insert into ledgers_ledgerexception as stored
               (kind, family, entry, "column", contribution, area_code, detail, opened_at,
                resolution)
        select kind, family, entry, "column", contribution, area_code, detail, opened_at, ''
          from json_populate_recordset(null::ledgers_ledgerexception, %s::json)
            on conflict (kind, "column", contribution, other) do update
           set entry = excluded.entry, area_code = excluded.area_code,
               detail = excluded.detail
         where (stored.entry, stored.area_code, stored.detail)
               is distinct from (excluded.entry, excluded.area_code, excluded.detail)
        """,
        (dumps(rows),),
    )
