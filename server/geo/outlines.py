"""Turns GeoJSON coordinates into a valid outline. Pure.

GEOS builds the geometries from numbers; the reference system is set here. Nothing of the
file reaches GDAL, whose parsers before version 3.9 could be made to open files or network
addresses (Django's check gis.W001).
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.gis.geos import (
    GeometryCollection,
    GEOSException,
    GEOSGeometry,
    LinearRing,
    MultiPolygon,
    Polygon,
)
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_WGS84: Final = 4326


class BadOutline(ValueError):
    """The coordinates are not an outline; `reason` is a translatable sentence."""

    def __init__(self, reason: str | Promise) -> None:
        super().__init__(reason)
        self.reason = reason


def outline_of(geometry: Any) -> tuple[MultiPolygon, bool]:
    """The valid multi-polygon of a GeoJSON Polygon or MultiPolygon, and whether it had to be repaired.

    Unclosed rings, self-crossings and nested shells are repaired. Raises BadOutline for
    everything else that is not valid.
    """
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise BadOutline(_("The geometry must be a Polygon or a MultiPolygon."))
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if geometry["type"] == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons:
        raise BadOutline(_("The geometry has no coordinates."))
    closed = True
    parts = []
    for rings in polygons:
        if not isinstance(rings, list) or not rings:
            raise BadOutline(_("A polygon has no rings."))
        read = [_positions(ring) for ring in rings]
        closed = closed and all(ring[0] == ring[-1] for ring in read)
        parts.append(Polygon(*(_ring(ring) for ring in read), srid=_WGS84))
    outline = MultiPolygon(parts, srid=_WGS84)
    if outline.valid:
        return outline, not closed
    return _repaired(outline), True


def _positions(ring: Any) -> list[tuple[float, float]]:
    if not isinstance(ring, list):
        raise BadOutline(_("A ring must be a list of positions."))
    positions = [_position(position) for position in ring]
    if len(set(positions)) < 3:
        raise BadOutline(_("A ring needs at least three different positions."))
    return positions


def _position(position: Any) -> tuple[float, float]:
    if not isinstance(position, list) or len(position) < 2:
        raise BadOutline(_("A position must be [longitude, latitude]."))
    lon, lat = position[:2]
    if not all(type(number) in (int, float) for number in (lon, lat)):
        raise BadOutline(_("A position must be made of numbers."))
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadOutline(_("A position lies off the globe: coordinates must be WGS 84 degrees."))
    return float(lon), float(lat)


def _ring(positions: list[tuple[float, float]]) -> LinearRing:
    if positions[0] != positions[-1]:
        positions = [*positions, positions[0]]
    return LinearRing(positions)


def _repaired(outline: MultiPolygon) -> MultiPolygon:
    try:
        repaired = outline.make_valid()
    except GEOSException:
        raise BadOutline(
            _("The outline crosses itself in a way that cannot be repaired.")
        ) from None
    polygons = list(_polygons_in(repaired))
    if not polygons:
        raise BadOutline(_("The outline encloses nothing."))
    return MultiPolygon(polygons, srid=_WGS84)


def _polygons_in(geometry: GEOSGeometry) -> list[Polygon]:
    if isinstance(geometry, Polygon):
        return [] if geometry.empty else [geometry]
    if isinstance(geometry, GeometryCollection):  # MultiPolygon is a subclass
        return [polygon for part in geometry for polygon in _polygons_in(part)]
    return []
