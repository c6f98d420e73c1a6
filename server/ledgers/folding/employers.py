"""Folding employers (L6) and vacancies (L7). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from server.ledgers.definitions.codes import EmployerSize, VacancySource
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.machines import VACANCY
from server.ledgers.definitions.vocabulary import (
    OPEN_VACANCY_STATES,
    ContributionFlag,
    ExceptionKind,
    Family,
    Ledger,
    VacancyState,
)
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.merge import Decision, Observation
from server.ledgers.folding.places import best_place
from server.ledgers.folding.row import (
    RowBuilder,
    fold_columns,
    fold_state,
    has_values,
    is_void,
    observations_by_column,
    readable_number,
    start_row,
)

_SMALLEST_STAFF = (
    (300, EmployerSize.FROM_300),
    (50, EmployerSize.UNDER_300),
    (10, EmployerSize.UNDER_50),
)
_USCC_LENGTH = 18
_ORG_CODE_IN_USCC = slice(8, 17)
"""Characters 9–17 of a unified social credit code are the organisation code (GB 32100)."""


def fold_employer(entry: str, contributions: Sequence[Contribution]) -> RowBuilder | None:
    """The employer out of its contributions, which are in fold order; None when there is nothing or staff voided it."""
    if is_void(contributions) or not has_values(contributions):
        return None
    builder = start_row(Family.EMPLOYER, entry, contributions)
    row, columns = builder.row, COLUMNS[Ledger.EMPLOYER]
    observations = observations_by_column(contributions)
    fold_columns(builder, columns, observations, skip=frozenset({"loc", "scale"}))
    place = best_place(observations.get("loc", ()))
    if place is not None:
        builder.set_column(columns["loc"], Decision(place.value, (place.contribution,)))
    uscc = row.get("uscc")
    if uscc and len(uscc) == _USCC_LENGTH:
        row.setdefault("org_code", uscc[_ORG_CODE_IN_USCC])
    staff = row.get("n_staff")
    if staff is not None:
        row["scale"] = size_class(staff)
    for contribution in contributions:
        if ContributionFlag.BAD_USCC in contribution.flags:
            builder.raise_exception(ExceptionKind.BAD_ID, contribution, "uscc")
    return builder


def size_class(staff: int) -> EmployerSize:
    """The size class of so many staff; a number below zero, which a form may send, counts as the smallest."""
    sizes = (size for smallest, size in _SMALLEST_STAFF if staff >= smallest)
    return next(sizes, EmployerSize.UNDER_10)


def fold_vacancy(
    entry: str,
    contributions: Sequence[Contribution],
    employer: str | None,
    as_of: date,
    rules: Rules,
) -> RowBuilder | None:
    """The vacancy as of a day, out of its contributions, which are in fold order.

    After its last day an open vacancy is expired. None when there is nothing or staff
    voided it.
    """
    if is_void(contributions) or not has_values(contributions):
        return None
    builder = start_row(Family.VACANCY, entry, contributions)
    row = builder.row
    observations = observations_by_column(contributions)
    fold_columns(
        builder,
        COLUMNS[Ledger.VACANCY],
        observations,
        skip=frozenset({"state", "employer", "vacancy_no"}),
    )
    row["employer_id"] = employer
    row["vacancy_no"] = readable_number(row["area_code"], entry)
    row["n_filled"] = 0  # counted from the offers (L8), which no form fills yet
    row.setdefault("source", VacancySource.DOOR)
    row.setdefault("is_public_welfare", False)
    _fold_vacancy_state(builder, observations.get("state", ()), contributions[-1].day, as_of, rules)
    return builder


def _fold_vacancy_state(
    builder: RowBuilder,
    states: Sequence[Observation],
    last_stated: date,
    as_of: date,
    rules: Rules,
) -> None:
    """Set state, last day and the day after it, on which an open vacancy expires."""
    row = builder.row
    if "expires_on" in row:
        expires = date.fromisoformat(row["expires_on"])
    else:
        days = rules.number("vacancy_days", row["area_code"], last_stated)
        expires = last_stated + timedelta(days=days)
        row["expires_on"] = expires.isoformat()
    state = fold_state(builder, "state", VACANCY, states).state
    if state in OPEN_VACANCY_STATES:
        if as_of > expires:
            state = VacancyState.EXPIRED
        else:
            row["refold_on"] = expires + timedelta(days=1)
    row["state"] = state
