"""Folding a household (L2): place and family as stated; head, counts and state follow in derive.households. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import Family, Ledger
from server.ledgers.folding.merge import Decision
from server.ledgers.folding.places import accuracy_text, best_place
from server.ledgers.folding.row import (
    RowBuilder,
    fold_columns,
    has_values,
    is_void,
    observations_by_column,
    readable_number,
    start_row,
)

_COLUMNS = COLUMNS[Ledger.HOUSEHOLD]
_SET_HERE = frozenset({"loc", "loc_accuracy", "zero_emp_state", "head_person", "hh_no"})


def fold_household(
    entry: str, contributions: Sequence[Contribution], *, has_roster: bool
) -> RowBuilder | None:
    """The household out of its contributions, which are in fold order.

    None when office staff voided it, or when no submission states a value of it or
    names a member.
    """
    if is_void(contributions) or not (has_roster or has_values(contributions)):
        return None
    builder = start_row(Family.HOUSEHOLD, entry, contributions)
    observations = observations_by_column(contributions)
    fold_columns(builder, _COLUMNS, observations, skip=_SET_HERE)
    place = best_place(observations.get("loc", ()))
    if place is not None:
        giver = (place.contribution,)
        builder.set_column(_COLUMNS["loc"], Decision(place.value, giver))
        builder.set_column(_COLUMNS["loc_accuracy"], Decision(accuracy_text(place), giver))
    builder.row["hh_no"] = readable_number(builder.row["area_code"], entry)
    return builder
