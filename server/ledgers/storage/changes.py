"""Marks of entries that changed: added by folds, taken by what is computed from the ledgers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date

from server.core.clock import office_day
from server.ledgers.storage.database import execute, query


def mark_changed(entries: Mapping[str, Collection[str]]) -> None:
    """Mark entries (family → uuids) as changed, in one statement, in the caller's transaction."""
    families = [family for family, uuids in entries.items() for _uuid in uuids]
    if families:
        uuids = [uuid for uuids in entries.values() for uuid in uuids]
        execute(
            "insert into ledgers_changedentry (family, entry)"
            " select * from unnest(%s::text[], %s::uuid[])",
            (families, uuids),
        )


def take_changed(limit: int) -> dict[str, set[str]]:
    """Take up to `limit` marks, the oldest first: family → entries; empty when there is none.

    The marks are gone when the caller's transaction commits. Two takers never take the same mark.
    """
    taken: dict[str, set[str]] = defaultdict(set)
    for family, entry in query(
        "delete from ledgers_changedentry where id in ("
        " select id from ledgers_changedentry order by id limit %s for update skip locked)"
        " returning family, entry::text",
        (limit,),
    ):
        taken[family].add(entry)
    return taken


def first_days(entries: Collection[str]) -> dict[str, date]:
    """Entry → the day of the first record that says anything of it: since when the ledgers know it."""
    days = query(
        "select entry::text, min(observed_at) from ledgers_contribution"
        " where entry = any(%s::uuid[]) group by entry",
        (list(entries),),
    )
    return {entry: office_day(first) for entry, first in days}
