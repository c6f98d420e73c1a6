"""Points: the best known place of a household or employer, their accuracy and the distance between them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import asin, cos, inf, radians, sin, sqrt
from typing import Any

from server.ledgers.definitions.vocabulary import Level
from server.ledgers.folding.merge import Observation

Point = Sequence[Any]
"""[longitude, latitude, altitude, accuracy in metres]; the last two may be missing."""

_EARTH_RADIUS_M = 6_371_008.8
_UNKNOWN_ACCURACY = inf
"""Sorts after every accuracy a phone gives."""


def best_place(observations: Sequence[Observation]) -> Observation | None:
    """The place that holds out of a column's observations, which are in fold order (rules.md, Coordinates).

    Points observed in person or better (V2) come before others, then the more accurate,
    then the later. What office staff decide replaces everything before it.
    """
    best: Observation | None = None
    best_rank: tuple[bool, float] | None = None
    for observation in observations:
        rank = (observation.contribution.level >= Level.IN_PERSON, -_accuracy(observation))
        is_decided = observation.contribution.is_desk_act
        if best_rank is None or is_decided or rank >= best_rank:
            best, best_rank = observation, rank
    return best


def accuracy_text(place: Observation) -> str | None:
    """A place's accuracy in metres with two decimals, None when unknown."""
    accuracy = _accuracy(place)
    return None if accuracy == _UNKNOWN_ACCURACY else f"{accuracy:.2f}"


def accuracy_m(point: Point) -> float:
    """The accuracy a point itself carries; 0 when it carries none."""
    return float(point[3]) if len(point) > 3 and point[3] is not None else 0.0


def distance_m(point: Point, other: Point) -> float:
    """The great-circle distance of two points in metres."""
    lon1, lat1, lon2, lat2 = map(radians, (point[0], point[1], other[0], other[1]))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_RADIUS_M * asin(min(1.0, sqrt(half)))


def _accuracy(observation: Observation) -> float:
    """The accuracy given with the point, else in the answer beside it."""
    point: Point = observation.value
    if len(point) > 3 and point[3] is not None:
        return float(point[3])
    beside = observation.contribution.values.get("loc_accuracy")
    return _UNKNOWN_ACCURACY if beside is None else float(beside)
