"""Households (L2): what was said of the place and the family; counts come later (derive.households)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.folding.merge import Decision, Observation
from server.ledgers.folding.row import (
    RowBuilder,
    fold_columns,
    has_values,
    is_void,
    observations_by_column,
    start_row,
)

_COLUMNS = COLUMNS["household"]
_SPECIAL = frozenset({"loc", "loc_accuracy", "zero_emp_state", "head_person", "hh_no"})
_WORST = 1e9


def fold_household(
    entry: str, said: Sequence[Contribution], *, has_roster: bool
) -> RowBuilder | None:
    """The household, or None when nothing was said of it (nor any member named) or the desk voided it."""
    if is_void(said) or not (has_roster or has_values(said)):
        return None
    fold = start_row(Family.HOUSEHOLD, entry, said)
    seen = observations_by_column(said)
    fold_columns(fold, _COLUMNS, seen, skip=_SPECIAL)
    place = best_place(seen.get("loc", ()))
    if place is not None:
        fold.set_column(_COLUMNS["loc"], Decision(place.value, (place.contribution,)))
        fold.set_column(
            _COLUMNS["loc_accuracy"], Decision(accuracy_of(place), (place.contribution,))
        )
    fold.row["hh_no"] = number(fold.row["area_code"], entry)
    return fold


def best_place(seen: Sequence[Observation]) -> Observation | None:
    """The most accurate point heard at V2 or better, else the most accurate of the rest; then the latest (domain §2 L2)."""
    best, rank = None, (False, -_WORST)
    for one in seen:
        here = (one.contribution.level >= 2, -_accuracy(one))
        if best is None or one.contribution.is_desk_act or here >= rank:
            best, rank = one, here
    return best


def accuracy_of(place: Observation) -> str | None:
    """Metres with two decimals, as the phone gave them with the point or beside it."""
    value = _accuracy(place)
    return None if value == _WORST else f"{value:.2f}"


def _accuracy(one: Observation) -> float:
    point: list[Any] = one.value
    if len(point) > 3 and point[3] is not None:
        return float(point[3])
    beside = one.contribution.values.get("loc_accuracy")
    return _WORST if beside is None else float(beside)


def number(area_code: str, entry: str) -> str:
    """A number people can read out, made of area and uuid so that a rebuild gives the same."""
    return f"{area_code or '0' * 12}-{entry[:8].upper()}"
