"""Whether a typed answer fits a question's type, and in which spelling. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from enum import StrEnum


class Fault(StrEnum):
    """Why a correction replaces nothing."""

    UNKNOWN = "unknown"  # names no answer that was sent back
    ELSEWHERE = "elsewhere"  # another sender, or another area than the record's
    EMPTY = "empty"
    TYPE = "type"  # does not fit the question's type
    CHOICE = "choice"  # no choice of the question
    WITHDRAWN = "withdrawn"  # the request was withdrawn before
    GONE = "gone"  # the record has no such answer any more


TYPES = frozenset({"text", "int", "decimal", "date", "select_one", "select_multiple"})
"""The types of questions that can be asked again in a row of a list (forms.xform.Node.type)."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(
    r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(?:[eE][+-]?[0-9]{1,2})?"
)


def misfit(kind: str, value: str, choices: Collection[str]) -> Fault | None:
    """The fault of an answer to a question of this type, None when it fits. `choices` is for selects."""
    if not value:
        return Fault.EMPTY
    match kind:
        case "int":
            fits = _INTEGER.fullmatch(value) is not None
        case "decimal":
            fits = _DECIMAL.fullmatch(value) is not None
        case "date":
            fits = _is_day(value)
        case "select_one":
            return None if value in choices else Fault.CHOICE
        case "select_multiple":
            return None if set(value.split()) <= set(choices) else Fault.CHOICE
        case _:
            fits = True
    return None if fits else Fault.TYPE


def _is_day(value: str) -> bool:
    try:
        return len(value) == len("2026-11-28") and bool(date.fromisoformat(value))
    except ValueError:
        return False
