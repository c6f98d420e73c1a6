"""Synthetic outlines of the demo street and its communities. Pure.

Communities lie in rows. Neighbours share every vertex of their border, so that the
outlines fit without gaps or overlaps at any zoom.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from math import isqrt, pi, sin
from random import Random
from typing import Any, Final

from server.ops.demo import names

STREET: Final = "440106003"
_WEST, _SOUTH = 113.3412, 23.1118  # Tianhe, Guangzhou; WGS 84
_CELL_WIDTH, _CELL_HEIGHT = 0.0072, 0.0058  # about 740 m by 640 m
_STEPS: Final = 60  # vertices along a row's border
_RUNGS: Final = 8  # vertices along the border between neighbours in a row
_INSET: Final = 0.12  # how far from its border a community has buildings

Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Community:
    """A community: its code, its name, its outline, and places inside it."""

    code: str
    former_code: str  # its code before a recoding; "" if its code never changed
    name: str
    name_en: str
    outline: tuple[Position, ...] = field(repr=False)
    _south: tuple[Position, ...] = field(repr=False)
    _north: tuple[Position, ...] = field(repr=False)

    def point(self, rng: Random) -> Position:
        """A random position inside the outline, away from the border."""
        last = len(self._south) - 1
        at = round(rng.uniform(_INSET, 1 - _INSET) * last)
        up = rng.uniform(_INSET, 1 - _INSET)
        (west, south), (east, north) = self._south[at], self._north[at]
        return round(west + (east - west) * up, 7), round(south + (north - south) * up, 7)

    def code_on(self, day: date, recoded_on: date) -> str:
        """The code the community had on a day."""
        return self.former_code if self.former_code and day < recoded_on else self.code


@dataclass(frozen=True, slots=True)
class Street:
    """The street with its communities, from west to east and south to north."""

    communities: tuple[Community, ...]
    outline: tuple[Position, ...] = field(repr=False)
    recoded_on: date  # when the moved communities got their present codes

    def feature_collection(self) -> dict[str, Any]:
        """The divisions as GeoJSON, as `./ruhu divisions import` reads them."""
        features = [
            _feature("44", "广东省", "Guangdong"),
            _feature("4401", "广州市", "Guangzhou"),
            _feature("440106", "天河区", "Tianhe"),
            _feature(STREET, *names.STREET_NAME, outline=self.outline),
        ]
        for community in self.communities:
            begins = {"valid_from": self.recoded_on.isoformat()} if community.former_code else {}
            features.append(
                _feature(
                    community.code,
                    community.name,
                    community.name_en,
                    outline=community.outline,
                    **begins,
                )
            )
            if community.former_code:
                features.append(
                    _feature(
                        community.former_code,
                        f"{community.name}(旧)",
                        f"{community.name_en} (former)",
                        outline=community.outline,
                        valid_to=self.recoded_on.isoformat(),
                        successors=[community.code],
                    )
                )
        return {"type": "FeatureCollection", "features": features}


def street(*, seed: int, communities: int, recoded_on: date, moved: int) -> Street:
    """A street with that many communities; the last `moved` of them had other codes before."""
    rng = Random(f"street {seed}")  # noqa: S311 a demo must repeat itself
    rows = max(1, isqrt(communities))
    in_row = [communities // rows + (row < communities % rows) for row in range(rows)]
    width = _CELL_WIDTH * max(in_row)
    lines = [_row_line(rng, width, _SOUTH + _CELL_HEIGHT * row) for row in range(rows + 1)]
    laid_out: list[Community] = []
    outer_west: list[Position] = []
    outer_east: list[Position] = []
    for row, count in enumerate(in_row):
        cuts = [round(number * _STEPS / count) for number in range(count + 1)]
        rungs = [_rung(rng, lines[row][cut], lines[row + 1][cut], width / count) for cut in cuts]
        outer_west += rungs[0]
        outer_east += rungs[-1]
        for column in range(count):
            south = lines[row][cuts[column] : cuts[column + 1] + 1]
            north = lines[row + 1][cuts[column] : cuts[column + 1] + 1]
            ring = _joined(south, rungs[column + 1], north[::-1], rungs[column][::-1])
            number = len(laid_out)
            name, name_en = names.community_name(number)
            has_moved = number >= communities - moved
            laid_out.append(
                Community(
                    code=f"{STREET}{number + 1:03d}",
                    former_code=f"{STREET}{number + 101:03d}" if has_moved else "",
                    name=name,
                    name_en=name_en,
                    outline=ring,
                    _south=tuple(south),
                    _north=tuple(north),
                )
            )
    outline = _joined(lines[0], outer_east, lines[-1][::-1], outer_west[::-1])
    return Street(tuple(laid_out), outline, recoded_on)


def _row_line(rng: Random, width: float, south: float) -> list[Position]:
    phase, swing = rng.uniform(0, 2 * pi), rng.uniform(0.08, 0.16) * _CELL_HEIGHT
    slant = rng.uniform(-0.1, 0.1) * _CELL_HEIGHT
    line = []
    for step in range(_STEPS + 1):
        along = step / _STEPS
        wave = sin(phase + along * 9) + 0.4 * sin(phase * 2 + along * 23)
        line.append(_rounded(_WEST + width * along, south + swing * wave + slant * along))
    return line


def _rung(rng: Random, foot: Position, head: Position, cell: float) -> list[Position]:
    """The border between two neighbours, bulging a little; its ends lie on the rows' lines."""
    bulge, twist = rng.uniform(-0.06, 0.06) * cell, rng.uniform(1, 2.4)
    rung = [foot]
    for step in range(1, _RUNGS):
        up = step / _RUNGS
        lon = foot[0] + (head[0] - foot[0]) * up + bulge * sin(pi * up) * sin(pi * up * twist)
        rung.append(_rounded(lon, foot[1] + (head[1] - foot[1]) * up))
    return [*rung, head]


def _joined(*lines: list[Position] | tuple[Position, ...]) -> tuple[Position, ...]:
    """A closed ring of lines that meet end to end."""
    ring: list[Position] = []
    for line in lines:
        ring += [position for position in line if not ring or position != ring[-1]]
    return (*ring, ring[0]) if ring[0] != ring[-1] else tuple(ring)


def _rounded(lon: float, lat: float) -> Position:
    return round(lon, 7), round(lat, 7)


def _feature(
    code: str, name: str, name_en: str, *, outline: tuple[Position, ...] = (), **properties: Any
) -> dict[str, Any]:
    geometry = (
        {"type": "Polygon", "coordinates": [[list(position) for position in outline]]}
        if outline
        else None
    )
    properties = {"code": code, "name": name, "name_en": name_en, **properties}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
