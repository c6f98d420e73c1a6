"""Values of ledger columns as readers see them: what is protected is masked (security.md, Masks).

Three things are masked. Sealed columns always, until somebody reveals them. Dates that are
or give back a day of birth, for readers without the reveal right: the year of a birth, the
month of what is computed from a birthday. Personal numbers that somebody typed into a text.
Every door that renders a column takes its value from here.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.db import models

from server.core.masking import first_day, mask, mask_all, mask_numbers, without_day
from server.core.sealing import UnknownKey, unseal_text
from server.ledgers.definitions.columns import Column, Kind, Reading

_NUMBERS_OF_OFFICES: Final = frozenset({Reading.USCC})
"""Texts that may be all digits and are public."""


def plain(entry: models.Model, column: str) -> str | None:
    """The value of a sealed column; None when it is empty. Raises UnknownKey. Only for this room and for `reveal`."""
    sealed = getattr(entry, column)
    return None if sealed is None else unseal_text(sealed, column)


def shown(entry: models.Model, column: str, *, is_whole: bool = False) -> str:
    """A sealed column as screens show it: masked; "" when it is empty, asterisks when its key is not here.

    `is_whole` shows it in plain, for exports that a permit allows.
    """
    try:
        opened = plain(entry, column)
    except UnknownKey:
        return "*" * 8
    if opened is None:
        return ""
    return opened if is_whole else mask(opened)


def hides_day(entry: Any, column: Column) -> bool:
    """Whether a date of this entry is, or gives back, a day of birth."""
    if column.rounded is None:
        return False
    condition = column.rounded.when
    if condition is None:
        return True
    held = getattr(entry, condition.column)
    return any(value in condition.values for value in (held if isinstance(held, list) else [held]))


def rounded(entry: Any, column: Column) -> date | None:
    """A date for programs, without the day it hides: the first of its year or month."""
    value: date | None = getattr(entry, column.name)
    if value is None or column.rounded is None or not hides_day(entry, column):
        return value
    return first_day(value, column.rounded.to)


def dated(entry: Any, column: Column, *, sees_days: bool) -> date | str | None:
    """A date for people: 1966 or 2026-03 for those who may not see the day it hides."""
    value: date | None = getattr(entry, column.name)
    if value is None or sees_days or column.rounded is None or not hides_day(entry, column):
        return value
    return without_day(value, column.rounded.to)


def holds_text(column: Column) -> bool:
    """Whether people may have typed numbers into the column."""
    is_text = column.kind in (Kind.TEXT, Kind.IMAGE, Kind.JSON)
    return is_text and column.reads not in _NUMBERS_OF_OFFICES


def is_maskable(column: Column) -> bool:
    """Whether readers may be shown less of the column than its value."""
    return column.kind is Kind.SEALED or column.rounded is not None or holds_text(column)


def without_numbers(value: Any) -> Any:
    """A text column's value with the personal numbers in it masked."""
    return mask_numbers(value) if isinstance(value, str) else mask_all(value)


def is_masked(entry: Any, column: Column, *, sees_days: bool) -> bool:
    """Whether a reader is shown less than the value, and may reveal it with the right to."""
    if column.kind is Kind.SEALED:
        return getattr(entry, column.name) is not None
    if column.kind is Kind.DATE:
        is_there = getattr(entry, column.name) is not None
        return is_there and not sees_days and hides_day(entry, column)
    if holds_text(column):
        value = getattr(entry, column.name)
        return value is not None and without_numbers(value) != value
    return False
