"""The revisions of the entity lists: counters by which phones know that a list has changed.

There is one for each list and community (openrosa.md, Entity lists).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from server.ledgers.definitions.vocabulary import EntityList
from server.ledgers.storage.database import execute, query
from server.ledgers.storage.selections import in_areas


class ListRevision(NamedTuple):
    """How often the rows of a list in a community have changed."""

    area_code: str
    revision: int


def list_revisions(name: EntityList, areas: Iterable[str]) -> list[ListRevision]:
    """The revisions of a list in these areas, by community."""
    return query(
        "select area_code, revision from ledgers_entitylistrevision"  # noqa: S608 digits only
        f" where list = %s and {in_areas('area_code', areas)} order by area_code",
        (name,),
        row=ListRevision,
    )


def raise_revisions(changed: Iterable[tuple[str, str]]) -> None:
    """Raise the revisions of these (list, community), where a row that phones see changed, came or went.

    They are locked in one order until the end of the caller's transaction.
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
