"""Counters by which phones know that an entity list has changed (openrosa.md §7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from server.ledgers.storage import Changed, query

_MOVED_BY = {
    "household": ("households", "cases"),
    "person": ("households", "cases"),
    "visit": ("households", "cases"),
    "case": ("households", "cases"),
    "employer": ("employers",),
    "vacancy": ("employers",),
}
"""A ledger → the lists that show something of it."""


def move_marks(changed: Mapping[str, Iterable[Changed]]) -> None:
    """Move the marks of every list and community in which a row changed, came or went."""
    moved = {
        (name, area)
        for ledger, rows in changed.items()
        for name in _MOVED_BY.get(ledger, ())
        for row in rows
        for area in (row.area_code, row.before)
        if area
    }
    if moved:
        ordered = sorted(moved)
        query(
            "insert into ledgers_entitylistmark as known (list, area_code, mark)"
            " select list, area, 1 from unnest(%s::text[], %s::text[]) as moved (list, area)"
            " on conflict (list, area_code) do update set mark = known.mark + 1",
            ([name for name, _ in ordered], [area for _, area in ordered]),
        )
