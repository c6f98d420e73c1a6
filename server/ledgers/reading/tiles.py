"""The map of assisted households as vector tiles; a point carries no more than the map shows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import Final

from server.accounts.access import RESTRICTED, Access
from server.core import clock
from server.core.codes import code_lists
from server.geo.codes import code_prefix, whole_code
from server.geo.tiles import Tile
from server.ledgers.definitions.sensitivity import RESTRICTED_CATEGORIES
from server.ledgers.folding.derive.due import SOON
from server.ledgers.storage.tiles import TileQuery, assisted_households_tile

DETAIL_ZOOM: Final = 15  # from here on each household is a point of its own
FEW: Final = 300  # so many households are drawn one by one at any zoom
MANY: Final = 3_000  # more than this are clustered at any zoom
_DUE: Final[dict[str, Callable[[date], tuple[date | None, date | None]]]] = {
    "overdue": lambda day: (None, day - timedelta(days=1)),
    "today": lambda day: (day, day),
    "week": lambda day: (None, day + SOON),
}
_CELLS: Final = 8  # clusters a tile's side, 32 screen pixels apart


def assisted_tile(
    access: Access,
    z: int,
    x: int,
    y: int,
    *,
    categories: Collection[str] | None = None,
    q: str | None = None,
    area: str = "",
    due: str = "",
    worker: int | None = None,
) -> bytes:
    """One tile of the households with an open assistance case. One query.

    Layer `clusters` (point_count, categories) where there are many: households counted on
    the server by cells of a grid. Layer `households` (id, hh_no, address, categories,
    due: overdue, due, soon, later or none) from DETAIL_ZOOM on, or where there are few.
    Never a name, an ID number or a phone.

    Categories that need the restricted role are left out where the user does not hold it;
    a household that has no others is not on the map. `categories` keeps those having one
    of them, `q` those whose address, number or members' names contain the text, `area` those of the
    division with this code, `due` (overdue, today, week) those with a case due then, as lists have it,
    `worker` those with a case of this user's. Raises NoSuchTile.
    """
    tile = Tile.at(z, x, y)
    west, south, east, north = tile.bounds
    day = clock.today()
    due_from, due_to = _DUE[due](day) if due in _DUE else (None, None)
    wanted = set(categories) if categories else set(code_lists()["AC"].codes)
    return assisted_households_tile(
        TileQuery(
            west=west,
            south=south,
            east=east,
            north=north,
            cell=tile.side / _CELLS,
            areas=_patterns(access.areas(), area),
            restricted_areas=_patterns(access.areas(RESTRICTED), area),
            categories=sorted(wanted),
            unrestricted_categories=sorted(wanted - RESTRICTED_CATEGORIES),
            restricted_categories=sorted(RESTRICTED_CATEGORIES),
            max_single=MANY if z >= DETAIL_ZOOM else FEW,
            text=f"%{_literal(q.strip())}%" if q and q.strip() else None,
            today=day,
            due_from=due_from,
            due_to=due_to,
            worker=worker,
        )
    )


def _patterns(areas: Collection[str], chosen: str) -> list[str]:
    """LIKE patterns of the areas, or of what the chosen division has in common with them."""
    whole = whole_code(chosen)
    prefix = code_prefix(whole) if whole else ""
    if not prefix:
        return [f"{area}%" for area in areas]
    if any(prefix.startswith(area) for area in areas):
        return [f"{prefix}%"]
    return [f"{area}%" for area in areas if area.startswith(prefix)]


def _literal(text: str) -> str:
    """The text as itself inside a LIKE pattern."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
