"""Whether a worker's areas have more households than a phone's list holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from server.ledgers.entity_lists.lists import MAX_ROWS
from server.ledgers.storage.households import count_households


def is_crowded(areas: Collection[str], households: Mapping[str, int]) -> bool:
    """Whether these areas have more households than a phone's list; `households` is by area."""
    widest = {
        area
        for area in areas
        if not any(area != wider and area.startswith(wider) for wider in areas)
    }
    return sum(households[area] for area in widest) > MAX_ROWS


def households_by_area(areas: Iterable[str]) -> dict[str, int]:
    """Area → its households, counted no further than one more than a list holds. One query."""
    return count_households(areas, MAX_ROWS + 1)
