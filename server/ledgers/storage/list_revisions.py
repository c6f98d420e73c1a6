"""The revisions of the entity lists: counters by which phones know that a list has changed (openrosa.md, Entity lists)."""

from __future__ import annotations

from collections.abc import Iterable

from server.ledgers.storage.database import execute


def raise_revisions(changed: Iterable[tuple[str, str]]) -> None:
    """Raise the revisions of these (list, community), in which a row that a phone sees changed, came or went.

    Rows are locked in a fixed order; the caller holds the merge lock anyway.
    """
    ordered = sorted({(name, area) for name, area in changed if area})
    if ordered:
        execute(
            "insert into ledgers_entitylistrevision as stored (list, area_code, revision)"
            " select list, area, 1 from unnest(%s::text[], %s::text[]) as changed (list, area)"
            " on conflict (list, area_code) do update set revision = stored.revision + 1",
            ([name for name, _ in ordered], [area for _, area in ordered]),
        )


def raise_every_revision() -> None:
    """Let every phone fetch its lists again. Reaches the running table, also during a rebuild."""
    execute("update public.ledgers_entitylistrevision set revision = revision + 1")
