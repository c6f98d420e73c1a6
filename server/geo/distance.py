"""Computes distances on the ground. Pure."""

from __future__ import annotations

from math import asin, cos, hypot, radians, sin, sqrt
from typing import Final

_EARTH_RADIUS: Final = 6_371_008.8  # metres, the mean radius of WGS 84


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle metres between two (longitude, latitude) positions; within 0.5 % of the ellipsoid."""
    lon_a, lat_a, lon_b, lat_b = map(radians, (*a[:2], *b[:2]))
    half = hypot(sin((lat_b - lat_a) / 2), sqrt(cos(lat_a) * cos(lat_b)) * sin((lon_b - lon_a) / 2))
    return 2 * _EARTH_RADIUS * asin(min(1.0, half))
