"""Reads a 12-digit division code: province 2 + city 2 + county 2 + street 3 + community 3."""

from __future__ import annotations

import re

from django.db.models import Q

from server.geo.models import PREFIX_LENGTH, Level

_WHOLE_OR_PREFIX = re.compile(r"^\d{2}(\d{2}(\d{2}(\d{3}(\d{3})?)?)?)?$")


def whole_code(text: str) -> str | None:
    """A division code or the prefix of one, filled up to 12 digits; None for other text."""
    text = text.strip()
    if not _WHOLE_OR_PREFIX.match(text) or text.startswith("00"):
        return None
    return text.ljust(12, "0")


def code_prefix(code: str) -> str:
    """440106003000 → 440106003: the digits that every code inside the division begins with."""
    if len(code) != 12:
        return code
    for length in sorted(PREFIX_LENGTH.values()):
        if not code[length:].strip("0"):
            return code[:length]
    return code


def level_of(code: str) -> Level:
    """The level of a 12-digit code: that of its last group of digits that is not all zeros."""
    for level in sorted(PREFIX_LENGTH, reverse=True):
        start = PREFIX_LENGTH[Level(level - 1)] if level > Level.PROVINCE else 0
        if code[start : PREFIX_LENGTH[level]].strip("0"):
            return level
    return Level.PROVINCE


def ancestors_of(code: str) -> list[str]:
    """The codes of the divisions above a division, nearest first.

    A city without counties (Dongguan, Zhongshan) has zeros in the county's place, so its
    streets lie directly below the city.
    """
    level = level_of(code)
    above = [code[: PREFIX_LENGTH[Level(n)]].ljust(12, "0") for n in range(level - 1, 0, -1)]
    return list(dict.fromkeys(above))


def ancestors_of_prefix(prefix: str) -> list[str]:
    """The codes of the divisions above an area, given as any prefix of a code, widest first; without the area itself."""
    return [
        prefix[:length].ljust(12, "0") for length in PREFIX_LENGTH.values() if length < len(prefix)
    ]


def lies_in(area: str, field: str = "area_code") -> Q:
    """A filter for rows whose area begins with the prefix; a whole code is compared, so that an index gives its rows in order."""
    lookup = "exact" if len(area) == PREFIX_LENGTH[Level.COMMUNITY] else "startswith"
    return Q(**{f"{field}__{lookup}": area})
