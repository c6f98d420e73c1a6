"""Folding a visit (L5): what one submission states of it, and its distance from the household's known place. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.ledgers.definitions.codes import VisitMode
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import ContributionFlag, ExceptionKind, Family, Ledger
from server.ledgers.folding.merge import Observation
from server.ledgers.folding.places import accuracy_m, best_place, distance_m
from server.ledgers.folding.row import (
    RowBuilder,
    fold_columns,
    has_values,
    is_void,
    observations_by_column,
    start_row,
)


def fold_visit(
    entry: str,
    contributions: Sequence[Contribution],
    targets: Mapping[str, str | None],
    household_contributions: Sequence[Contribution],
    slack_m: int,
) -> RowBuilder | None:
    """The visit out of its contributions, which are in fold order; None when there is nothing or staff voided it.

    `targets` are the entries visited by column: person, household, employer.
    `household_contributions` are those of the household visited, in fold order.
    """
    if is_void(contributions) or not has_values(contributions):
        return None
    builder = start_row(Family.VISIT, entry, contributions)
    fold_columns(
        builder,
        COLUMNS[Ledger.VISIT],
        observations_by_column(contributions),
        skip=frozenset(targets),
    )
    for column, target in targets.items():
        builder.row[column + "_id"] = target
    record = contributions[0]
    builder.row.setdefault("visited_at", record.observed_at.isoformat())
    if ContributionFlag.CLOCK in record.flags:
        builder.raise_exception(ExceptionKind.CLOCK, record)
    if ContributionFlag.OUTSIDE_AREA in record.flags:
        builder.raise_exception(ExceptionKind.LOCATION_MISMATCH, record, "area_code")
    _measure_distance(builder, record, household_contributions, slack_m)
    return builder


def _measure_distance(
    builder: RowBuilder,
    record: Contribution,
    household_contributions: Sequence[Contribution],
    slack_m: int,
) -> None:
    """Set the visit's distance from the household; raise an exception when it was made elsewhere.

    A visit out of range is kept: the exception only asks a person to look
    (rules.md, Visits). Both points may be inaccurate, so the slack grows by their accuracy.
    """
    visited = builder.row.get("loc")
    if visited is None:
        return
    known = known_place(household_contributions, record)
    if known is None:
        return
    distance = distance_m(visited, known.value)
    allowed = slack_m + accuracy_m(visited) + accuracy_m(known.value)
    builder.row["loc_distance_m"] = f"{distance:.2f}"
    mode = builder.row.get("mode", VisitMode.AT_THE_DOOR)
    if distance > allowed and mode == VisitMode.AT_THE_DOOR:
        builder.raise_exception(
            ExceptionKind.LOCATION_MISMATCH,
            record,
            "loc",
            metres=round(distance),
            allowed=round(allowed),
        )


def known_place(
    household_contributions: Sequence[Contribution], visit: Contribution
) -> Observation | None:
    """The household's best place as other submissions had given it before the visit.

    Later points do not count, so that a visit's distance never changes afterwards.
    """
    return best_place(
        [
            Observation(contribution, contribution.values["loc"])
            for contribution in household_contributions
            if "loc" in contribution.values
            and contribution.order < visit.order
            and contribution.submission_id != visit.submission_id
        ]
    )
