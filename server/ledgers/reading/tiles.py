"""The map of assisted households as vector tiles; a point carries no more than the map shows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from server.accounts.access import RESTRICTED, Access
from server.core import clock
from server.core.codes import code_lists
from server.geo.tiles import Tile
from server.ledgers.definitions.sensitivity import RESTRICTED_CATEGORIES
from server.ledgers.storage.tiles import TileQuery, assisted_households_tile

DETAIL_ZOOM: Final = 15  # from here on each household is a point of its own
FEW: Final = 300  # so many households are drawn one by one at any zoom
MANY: Final = 3_000  # more than this are clustered at any zoom
_CELLS: Final = 8  # clusters a tile's side, 32 screen pixels apart


def assisted_tile(
    access: Access,
    z: int,
    x: int,
    y: int,
    *,
    categories: Collection[str] | None = None,
    q: str | None = None,
) -> bytes:
    """One tile of the households with an open assistance case. One query.

    Layer `clusters` (point_count, categories) where there are many: households counted on
    the server by cells of a grid. Layer `households` (id, hh_no, address, categories,
    due: overdue, due, soon, later or none) from DETAIL_ZOOM on, or where there are few.
    Never a name, an ID number or a phone.

    Categories that need the restricted role are left out where the user does not hold it;
    a household that has no others is not on the map. `categories` keeps those having one
    of them, `q` those whose address, number or members' names contain the text.
    Raises NoSuchTile.
    """
    tile = Tile.at(z, x, y)
    west, south, east, north = tile.bounds
    wanted = set(categories) if categories else set(code_lists()["AC"].codes)
    return assisted_households_tile(
        TileQuery(
            west=west,
            south=south,
            east=east,
            north=north,
            cell=tile.side / _CELLS,
            areas=[f"{area}%" for area in access.areas()],
            restricted_areas=[f"{area}%" for area in access.areas(RESTRICTED)],
            categories=sorted(wanted),
            unrestricted_categories=sorted(wanted - RESTRICTED_CATEGORIES),
            restricted_categories=sorted(RESTRICTED_CATEGORIES),
            max_single=MANY if z >= DETAIL_ZOOM else FEW,
            text=f"%{_literal(q.strip())}%" if q and q.strip() else None,
            today=clock.today(),
        )
    )


def _literal(text: str) -> str:
    """The text as itself inside a LIKE pattern."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
