"""Employers (L6) and vacancies (L7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from server.ledgers.definitions.contribution import Said
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.household import best_place, number
from server.ledgers.folding.merge import Decision, walk
from server.ledgers.folding.row import Fold, begin, fold_columns, gather, is_void, says_anything

_SIZES = ((300, "4"), (50, "3"), (10, "2"), (0, "1"))  # SZ
REPORTED, VERIFIED, PUBLISHED, PART_FILLED, FILLED, EXPIRED, WITHDRAWN = "1234567"
_VACANCY_MOVES = {
    REPORTED: frozenset({VERIFIED, PUBLISHED, WITHDRAWN, FILLED, PART_FILLED}),
    VERIFIED: frozenset({PUBLISHED, WITHDRAWN, FILLED, PART_FILLED}),
    PUBLISHED: frozenset({PART_FILLED, FILLED, EXPIRED, WITHDRAWN}),
    PART_FILLED: frozenset({FILLED, EXPIRED, WITHDRAWN}),
    EXPIRED: frozenset({PUBLISHED, WITHDRAWN}),
}
_OPEN = frozenset({REPORTED, VERIFIED, PUBLISHED, PART_FILLED})


def fold_employer(entry: str, said: Sequence[Said]) -> Fold | None:
    """The employer, or None when nothing was said or the desk voided it."""
    if is_void(said) or not says_anything(said):
        return None
    fold = begin("employer", entry, said)
    seen = gather(said)
    columns = COLUMNS["employer"]
    fold_columns(fold, columns, seen, skip=frozenset({"loc", "scale"}))
    place = best_place(seen.get("loc", ()))
    if place is not None:
        fold.give(columns["loc"], Decision(place.value, (place.said,)))
    code = fold.row.get("uscc")
    if code and len(code) == 18:
        fold.row.setdefault("org_code", code[8:17])
    staff = fold.row.get("n_staff")
    if staff is not None:
        fold.row["scale"] = next(size for least, size in _SIZES if staff >= least)
    for one in said:
        if "bad_uscc" in one.flags:
            fold.raise_for("bad_id", one, "uscc")
    return fold


def fold_vacancy(
    entry: str, said: Sequence[Said], employer: str | None, as_of: date, rules: Rules
) -> Fold | None:
    """The vacancy as of a day: past its last day it is expired, unless filled or withdrawn."""
    if is_void(said) or not says_anything(said):
        return None
    fold = begin("vacancy", entry, said)
    row, area = fold.row, fold.row["area_code"]
    seen = gather(said)
    fold_columns(
        fold, COLUMNS["vacancy"], seen, skip=frozenset({"state", "employer", "vacancy_no"})
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
    state, mover, illegal = walk(_VACANCY_MOVES, REPORTED, seen.get("state", []))
    if mover is not None:
        fold.origins.setdefault(mover.id, []).append("state")
    for one in illegal:
        fold.raise_for("illegal_move", one, "state")
    if state in _OPEN:
        if as_of > expires:
            state = EXPIRED
        else:
            row["refold_on"] = expires + timedelta(days=1)
    row["state"] = state
    return fold
