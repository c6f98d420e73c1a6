"""How much a worker's phone would have to hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from server.ledgers.entity_lists.lists import MOST
from server.ledgers.storage.database import query


def is_crowded(areas: Collection[str], households: Mapping[str, int]) -> bool:
    """Whether these areas have more households than a phone's list; `households` is by area."""
    widest = {
        area
        for area in areas
        if not any(area != wider and area.startswith(wider) for wider in areas)
    }
    return sum(households[area] for area in widest) > MOST


def households_in(areas: Iterable[str]) -> dict[str, int]:
    """Area → its households, counted no further than one more than a list holds. One query."""
    rows = query(
        """
        select area, (select count(*) from (
                   select from ledgers_household house
                    where house.area_code >= area and house.area_code < area || '~'
                    limit %s) few)
          from unnest(%s::text[]) as area
        """,
        (MOST + 1, sorted(set(areas))),
    )
    return dict(rows)
