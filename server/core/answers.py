"""Reads numbers, places and times as the clients of ODK write them in answers. Pure.

Every room reads answers here, so that none takes for a number what another does not: JSON,
SQL and geometries know neither infinity nor NaN, and Python's own readers take both, and
digits of every script, and underscores.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,6})?", re.ASCII)
_LONGEST: Final = 400  # characters; no double needs as many


@dataclass(frozen=True, slots=True)
class Place:
    """A geopoint: degrees, and metres where the phone knew them."""

    longitude: float
    latitude: float
    altitude: float | None = None
    accuracy: float | None = None


def number(text: str) -> float | None:
    """A finite number in ASCII digits; None for anything else, such as `Infinity`, `NaN`, `1e999`, `1,5`."""
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def exact(text: str) -> Decimal | None:
    """The same as `number`, as a decimal."""
    return None if number(text) is None else Decimal(text)


def place(text: str) -> Place | None:
    """`lat lon [altitude [accuracy]]`; None unless both degrees are on the globe.

    An altitude or accuracy that is no number is as if the phone had not written it.
    """
    parts = text.split()
    if not 2 <= len(parts) <= 4:
        return None
    latitude, longitude, altitude, accuracy = [*map(number, parts), None, None][:4]
    if latitude is None or longitude is None:
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return Place(longitude, latitude, altitude, accuracy)
