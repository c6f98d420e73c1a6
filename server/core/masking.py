"""How a protected value is shown to whoever has not asked to see it (security.md, Masks).

A mask is safe only together with what stands beside it: sex, year of birth and hukou are
open, and the last character of an ID number follows from the others. So a mask never shows
the end of a long number, and of its beginning the province and city only. With the year of
birth and the sex, more than 100,000 numbers fit what is left.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, Final

from server.core import personal_numbers

_LONG: Final = 15  # an ID number, or a longer number that begins with one
_MIDDLE: Final = 9  # a phone, a passport


class Precision(StrEnum):
    """How far a date is shown to those who may not see its day."""

    YEAR = "year"
    MONTH = "month"


def mask(plain: str) -> str:
    """The value with asterisks for what it hides, as long as before.

    Of 15 characters and more the first four are shown, of 9 to 14 the first three and the
    last two, of shorter ones nothing. At least 10,000 values fit what is shown.
    """
    if len(plain) >= _LONG:
        return plain[:4] + "*" * (len(plain) - 4)
    if len(plain) >= _MIDDLE:
        return plain[:3] + "*" * (len(plain) - 5) + plain[-2:]
    return "*" * len(plain)


def mask_numbers(text: str) -> str:
    """The text with every personal number in it masked."""
    return personal_numbers.replace(text, mask)


def mask_all(value: Any) -> Any:
    """A JSON value with the personal numbers in all its texts masked."""
    if isinstance(value, str):
        return mask_numbers(value)
    if isinstance(value, dict):
        return {name: mask_all(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [mask_all(inner) for inner in value]
    return value


def first_day(day: date, precision: Precision) -> date:
    """The first day of its year or month: a masked date for programs, which expect a date."""
    return day.replace(day=1) if precision is Precision.MONTH else day.replace(month=1, day=1)


def last_day(day: date, precision: Precision) -> date:
    """The last day of its year or month."""
    following = first_day(day, precision).toordinal()
    following += 366 if precision is Precision.YEAR else 31
    return date.fromordinal(first_day(date.fromordinal(following), precision).toordinal() - 1)


def without_day(day: date, precision: Precision) -> str:
    """A masked date for people: 1966, or 2026-03."""
    return f"{day:%Y}" if precision is Precision.YEAR else f"{day:%Y-%m}"
