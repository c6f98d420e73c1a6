"""Computes positions of vector tiles (Web Mercator, XYZ) and the SQL that every tile query begins with. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.geo.models import Level
from server.geo.problems import NoSuchTile

_HALF_WORLD: Final = 20037508.342789244  # metres from the map's centre to its edge
MAX_ZOOM: Final = 22
PIXELS: Final = 256  # on a tile's side, by the definition of zoom levels
_PADDING: Final = (
    1 / 16
)  # of the side, so that lines and circles do not break at the edge of a tile


@dataclass(frozen=True, slots=True)
class Tile:
    """The square z/x/y of the map."""

    z: int
    x: int
    y: int

    @classmethod
    def at(cls, z: int, x: int, y: int) -> Tile:
        """The tile at this address. Raises NoSuchTile when it lies outside the map."""
        if not 0 <= z <= MAX_ZOOM or not (0 <= x < 2**z and 0 <= y < 2**z):
            raise NoSuchTile(z=z, x=x, y=y)
        return cls(z, x, y)

    @property
    def side(self) -> float:
        """The length of a side in projected metres."""
        return 2 * _HALF_WORLD * 0.5**self.z

    @property
    def pixel(self) -> float:
        """The size of a pixel in projected metres."""
        return self.side / PIXELS

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in EPSG:3857."""
        west = -_HALF_WORLD + self.x * self.side
        north = _HALF_WORLD - self.y * self.side
        return west, north - self.side, west + self.side, north

    @property
    def bounds_sql(self) -> str:
        """The common table expression `bounds(tile, padded)`, built from numbers only."""
        west, south, east, north = self.bounds
        box = f"st_makeenvelope({west!r}, {south!r}, {east!r}, {north!r}, 3857)"
        return f"""bounds as materialized (
              select {box} as tile, st_expand({box}, {self.side * _PADDING!r}) as padded)"""


def levels_drawn(zoom: int) -> list[Level]:
    """The division levels drawn at a zoom: those whose outlines are neither specks nor larger than the screen."""
    if zoom < 6:
        return [Level.PROVINCE]
    if zoom < 8:
        return [Level.PROVINCE, Level.CITY]
    if zoom < 10:
        return [Level.CITY, Level.COUNTY]
    if zoom < 12:
        return [Level.COUNTY, Level.STREET]
    return [Level.COUNTY, Level.STREET, Level.COMMUNITY]
