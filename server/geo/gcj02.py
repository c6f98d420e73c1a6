"""Converts between WGS 84 and GCJ-02, the shifted datum of Chinese consumer maps (rules.md, Coordinates).

All stored coordinates are WGS 84. GCJ-02 serves to display them over tiles that are drawn
in GCJ-02, and to read a position that somebody copied from such a map.
"""

from __future__ import annotations

from math import cos, pi, sin, sqrt
from typing import Final

# The Krassovsky 1940 ellipsoid, on which the shift is defined.
_AXIS: Final = 6378245.0
_ECCENTRICITY: Final = 0.00669342162296594323

Position = tuple[float, float]
"""(longitude, latitude) in degrees."""


def is_shifted(lon: float, lat: float) -> bool:
    """Whether GCJ-02 differs from WGS 84 here: inside the rectangle around mainland China."""
    return 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271


def gcj02_of(lon: float, lat: float) -> Position:
    """The GCJ-02 position of a WGS 84 position."""
    if not is_shifted(lon, lat):
        return lon, lat
    d_lon, d_lat = _shift(lon, lat)
    return lon + d_lon, lat + d_lat


def wgs84_of(lon: float, lat: float) -> Position:
    """The WGS 84 position of a GCJ-02 position, to a millimetre.

    The shift has no closed inverse, but it varies so slowly that subtracting the shift of
    the last guess converges within a few rounds. Positions closer to the rectangle's edge
    than the shift is long have no unique original and may come back shifted.
    """
    if not is_shifted(lon, lat):
        return lon, lat
    guess_lon, guess_lat = lon, lat
    for _round in range(6):
        d_lon, d_lat = _shift(guess_lon, guess_lat)
        guess_lon, guess_lat = lon - d_lon, lat - d_lat
    return guess_lon, guess_lat


def _shift(lon: float, lat: float) -> Position:
    x, y = lon - 105.0, lat - 35.0
    waves = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    latitude = lat / 180.0 * pi
    curve = 1.0 - _ECCENTRICITY * sin(latitude) ** 2
    d_lon = east * 180.0 / (_AXIS / sqrt(curve) * cos(latitude) * pi)
    d_lat = north * 180.0 / (_AXIS * (1.0 - _ECCENTRICITY) / (curve * sqrt(curve)) * pi)
    return d_lon, d_lat
