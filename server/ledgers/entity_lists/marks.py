"""Counters by which phones know that an entity list has changed (openrosa.md §7)."""

from __future__ import annotations

from collections.abc import Iterable

from server.ledgers.storage.database import query


def move_marks(moved: Iterable[tuple[str, str]]) -> None:
    """Move the marks of these (list, community): a row a phone sees there changed, came or went."""
    ordered = sorted({(name, area) for name, area in moved if area})
    if ordered:
        query(
            "insert into ledgers_entitylistmark as known (list, area_code, mark)"
            " select list, area, 1 from unnest(%s::text[], %s::text[]) as moved (list, area)"
            " on conflict (list, area_code) do update set mark = known.mark + 1",
            ([name for name, _ in ordered], [area for _, area in ordered]),
        )
