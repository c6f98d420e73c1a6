"""Visits (L5): each is what one submission says, and how far from the known place it was said."""

from __future__ import annotations

from collections.abc import Sequence
from math import asin, cos, radians, sin, sqrt
from typing import Any

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import ContributionFlag, ExceptionKind, Family
from server.ledgers.folding.household import best_place
from server.ledgers.folding.merge import Observation
from server.ledgers.folding.row import (
    RowBuilder,
    fold_columns,
    has_values,
    is_void,
    observations_by_column,
    start_row,
)

_EARTH_M = 6_371_008.8
_AT_THE_DOOR = "1"


def fold_visit(
    entry: str,
    said: Sequence[Contribution],
    targets: dict[str, str | None],
    place: Sequence[Contribution],
    slack_m: int,
) -> RowBuilder | None:
    """The visit, or None when voided. `place` is what was said of the household visited, in fold order.

    The distance is to the place as known before this visit, so it does not change with
    what is learnt later. Out of range is flagged, never refused (domain §6 F3, §7.1).
    """
    if is_void(said) or not has_values(said):
        return None
    fold = start_row(Family.VISIT, entry, said)
    fold_columns(fold, COLUMNS["visit"], observations_by_column(said), skip=frozenset(targets))
    row = fold.row
    for name, target in targets.items():
        row[name + "_id"] = target
    first = said[0]
    row.setdefault("visited_at", first.observed_at.isoformat())
    here = row.get("loc")
    if ContributionFlag.CLOCK in first.flags:
        fold.raise_exception(ExceptionKind.CLOCK, first)
    if ContributionFlag.OUTSIDE_AREA in first.flags:
        fold.raise_exception(ExceptionKind.LOCATION_MISMATCH, first, "area_code")
    if here is not None:
        known = known_place(place, first)
        if known is not None:
            distance = metres(here, known.value)
            row["loc_distance_m"] = f"{distance:.2f}"
            allowed = slack_m + _accuracy(here) + _accuracy(known.value)
            if distance > allowed and row.get("mode", _AT_THE_DOOR) == _AT_THE_DOOR:
                fold.raise_exception(
                    ExceptionKind.LOCATION_MISMATCH,
                    first,
                    "loc",
                    metres=round(distance),
                    allowed=round(allowed),
                )
    return fold


def known_place(place: Sequence[Contribution], visit: Contribution) -> Observation | None:
    """The household's best place before the visit, from other submissions."""
    return best_place(
        [
            Observation(one, one.values["loc"])
            for one in place
            if "loc" in one.values
            and one.order < visit.order
            and one.submission_id != visit.submission_id
        ]
    )


def metres(one: Sequence[Any], other: Sequence[Any]) -> float:
    """Great-circle distance of two [lon, lat, …] points."""
    lon1, lat1, lon2, lat2 = map(radians, (one[0], one[1], other[0], other[1]))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_M * asin(min(1.0, sqrt(half)))


def _accuracy(point: Sequence[Any]) -> float:
    return float(point[3]) if len(point) > 3 and point[3] is not None else 0.0
