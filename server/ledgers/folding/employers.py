"""Employers (L6) and vacancies (L7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

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
from server.ledgers.folding.household import best_place, number
from server.ledgers.folding.merge import Decision, run_machine
from server.ledgers.folding.row import (
    RowBuilder,
    fold_columns,
    has_values,
    is_void,
    observations_by_column,
    start_row,
)

_SIZES = ((300, "4"), (50, "3"), (10, "2"), (0, "1"))  # SZ


def fold_employer(entry: str, said: Sequence[Contribution]) -> RowBuilder | None:
    """The employer, or None when nothing was said or the desk voided it."""
    if is_void(said) or not has_values(said):
        return None
    fold = start_row(Family.EMPLOYER, entry, said)
    seen = observations_by_column(said)
    columns = COLUMNS[Ledger.EMPLOYER]
    fold_columns(fold, columns, seen, skip=frozenset({"loc", "scale"}))
    place = best_place(seen.get("loc", ()))
    if place is not None:
        fold.set_column(columns["loc"], Decision(place.value, (place.contribution,)))
    code = fold.row.get("uscc")
    if code and len(code) == 18:
        fold.row.setdefault("org_code", code[8:17])
    staff = fold.row.get("n_staff")
    if staff is not None:
        fold.row["scale"] = next(size for least, size in _SIZES if staff >= least)
    for one in said:
        if ContributionFlag.BAD_USCC in one.flags:
            fold.raise_exception(ExceptionKind.BAD_ID, one, "uscc")
    return fold


def fold_vacancy(
    entry: str, said: Sequence[Contribution], employer: str | None, as_of: date, rules: Rules
) -> RowBuilder | None:
    """The vacancy as of a day: past its last day it is expired, unless filled or withdrawn."""
    if is_void(said) or not has_values(said):
        return None
    fold = start_row(Family.VACANCY, entry, said)
    row, area = fold.row, fold.row["area_code"]
    seen = observations_by_column(said)
    fold_columns(
        fold, COLUMNS[Ledger.VACANCY], seen, skip=frozenset({"state", "employer", "vacancy_no"})
    )
    row["employer_id"] = employer
    row["vacancy_no"] = number(area, entry)
    row["n_filled"] = 0  # counted from L8, which no form fills yet
    row.setdefault("source", "2")
    row.setdefault("is_public_welfare", False)
    last_said = said[-1].day
    if "expires_on" in row:
        expires = date.fromisoformat(row["expires_on"])
    else:
        expires = last_said + timedelta(days=rules.number("vacancy_days", area, last_said))
        row["expires_on"] = expires.isoformat()
    state, mover, illegal = run_machine(VACANCY, seen.get("state", []))
    if mover is not None:
        fold.origins.setdefault(mover.id, []).append("state")
    for one in illegal:
        fold.raise_exception(ExceptionKind.ILLEGAL_MOVE, one, "state")
    if state in OPEN_VACANCY_STATES:
        if as_of > expires:
            state = VacancyState.EXPIRED
        else:
            row["refold_on"] = expires + timedelta(days=1)
    row["state"] = state
    return fold
