"""What readers without the restricted role see of a ledger value (security.md, Restricted facts). Pure.

Some columns are restricted as a whole. Other columns are open and hold codes that are
restricted (core/restricted_codes.csv): a disability is a fact whatever column states it.
Every renderer and every filter asks here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from server.core.codes import restricted_codes
from server.ledgers.definitions.columns import Column, Kind, Sensitivity
from server.ledgers.definitions.ledgers import COLUMNS

RESTRICTED_CATEGORIES: Final = frozenset(restricted_codes("AC"))
"""The assistance categories that only the restricted role sees: they disclose disability, custody or illness."""

FIVE_CLEAR: Final[Mapping[str, Column]] = {
    "family": COLUMNS["person"]["relation"],
    "reason": COLUMNS["spell"]["unemp_reason"],
    "skills": COLUMNS["person"]["skill_grade"],  # its code where nobody put the skills in words
    "training": COLUMNS["person"]["training_wish"],
    "wish": COLUMNS["person"]["wish_job"],
}
"""The five facts of a case (五清), each with the column that it is taken from."""

_DOCUMENTS: Final[Mapping[str, Mapping[str, Column]]] = {"five_clear": FIVE_CLEAR, "followup": {}}
"""JSON column → its members that hold codes, each with the column whose codes they are."""


def has_restricted(column: Column) -> bool:
    """Whether the column, or some value that it may hold, is for the restricted role alone."""
    if column.kind is Kind.JSON:
        return any(map(has_restricted, _DOCUMENTS.get(column.name, {}).values()))
    return column.sensitivity is Sensitivity.RESTRICTED or bool(restricted_codes(column.codes))


def unrestricted(column: Column, value: Any) -> Any:
    """A column's value as readers without the restricted role see it; None where nothing is left to see."""
    if column.sensitivity is Sensitivity.RESTRICTED:
        return None
    match column.kind:
        case Kind.CODE:
            return unrestricted_code(column.codes, value)
        case Kind.CODES if value is not None:
            return unrestricted_codes(column.codes, value)
        case Kind.JSON if isinstance(value, dict):
            inside = _DOCUMENTS.get(column.name, {})
            return {
                name: _member(inside[name], part) if name in inside else part
                for name, part in value.items()
            }
    return value


def unrestricted_code(list_name: str, code: str | None) -> str | None:
    """A code as readers without the restricted role see it: itself, the code shown instead, or None."""
    restricted = restricted_codes(list_name)
    if code is None or code not in restricted:
        return code
    return restricted[code] or None


def unrestricted_codes(list_name: str, codes: Iterable[str]) -> list[str]:
    """The codes that readers without the restricted role see, each once."""
    shown = (unrestricted_code(list_name, code) for code in codes)
    return list(dict.fromkeys(code for code in shown if code is not None))


def _member(column: Column, value: Any) -> Any:
    if isinstance(value, list):
        return unrestricted_codes(column.codes, value)
    return unrestricted_code(column.codes, value) if isinstance(value, str) else value
