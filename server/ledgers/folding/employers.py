"""Folding employers (L6). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from server.ledgers.definitions.codes import EmployerSize
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.normalise import org_code_in
from server.ledgers.definitions.vocabulary import (
    ContributionFlag,
    ExceptionKind,
    Family,
    Ledger,
)
from server.ledgers.folding.merge import Decision
from server.ledgers.folding.places import best_place
from server.ledgers.folding.row import (
    RowBuilder,
    fold_columns,
    has_values,
    is_void,
    observations_by_column,
    start_row,
)

_SMALLEST_STAFF = (
    (300, EmployerSize.FROM_300),
    (50, EmployerSize.UNDER_300),
    (10, EmployerSize.UNDER_50),
)
_USCC_LENGTH = 18
_PARTS = (
    "n_local",
    "n_rural",
    "n_female",
    "n_4050",
    "n_disabled",
    "contracts_signed",
    "insured_n",
)
"""The numbers of an employer's workers that cannot be greater than their whole number."""


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
        row.setdefault("org_code", org_code_in(uscc))
    staff = row.get("n_staff")
    if staff is not None:
        row["scale"] = size_class(staff)
        for name in _PARTS:
            part = row.get(name)
            if part is not None and part > staff:
                cause = observations[name][-1].contribution
                builder.raise_exception(
                    ExceptionKind.ARITHMETIC, cause, name, part=part, whole=staff
                )
    for contribution in contributions:
        if ContributionFlag.BAD_USCC in contribution.flags:
            builder.raise_exception(ExceptionKind.BAD_ID, contribution, "uscc")
    return builder


def size_class(staff: int) -> EmployerSize:
    """The size class of so many staff; a number below zero, which a form may send, counts as the smallest."""
    sizes = (size for smallest, size in _SMALLEST_STAFF if staff >= smallest)
    return next(sizes, EmployerSize.UNDER_10)
