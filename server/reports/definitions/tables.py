"""What a report is: its columns in groups, its rows, and the balances that hold of them. Pure but for conditions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from server.core.labels import Label
from server.reports.definitions.indicators import Indicator


class Rows(StrEnum):
    """What the rows of a report are."""

    AREAS = "areas"  # the divisions inside the area, and their total
    CATEGORIES = "categories"  # assistance categories, and all cases
    CODES = "codes"  # the codes of a list, what has none of them, and their total


class Unit(StrEnum):
    """How often a report is made."""

    MONTH = "month"
    QUARTER = "quarter"


class Measure(StrEnum):
    """How a number follows from two others of the same row."""

    PERCENT = "percent"
    RATIO = "ratio"
    DIFFERENCE = "difference"


_UNITS: Final = {
    Measure.PERCENT: Label("%", "%"),
    Measure.RATIO: Label("倍", "times"),
    Measure.DIFFERENCE: Label("人", "persons"),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """A percentage, a ratio or the difference of two numbers of the same row; never summed or averaged."""

    name: str
    label: Label
    words: Label
    over: tuple[str, ...]  # summed
    under: tuple[str, ...]  # summed
    measure: Measure = Measure.PERCENT

    @property
    def unit(self) -> Label:
        """The unit of the number."""
        return _UNITS[self.measure]

    @property
    def has_decimals(self) -> bool:
        """Whether the number has two decimals."""
        return self.measure is not Measure.DIFFERENCE


Column = Indicator | Rate
"""A column of a report."""


@dataclass(frozen=True, slots=True)
class Group:
    """Columns under one heading."""

    label: Label
    columns: Sequence[Column]


@dataclass(frozen=True, slots=True)
class Balance:
    """What must hold in each row: the sum of `left` equals that of `right`, or is at most so large.

    Names with a minus sign are subtracted.
    """

    label: Label
    left: Sequence[str]
    right: Sequence[str]
    is_at_most: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A table of its own that a report prescribes for the whole area, made of numbers of its last row.

    `lines` are a name and the columns whose numbers stand beside it, "" where there is none. With
    `ranked_by`, the place of a number in the line, only the lines with a positive number are shown,
    the largest first and at most ten; `is_least` takes the negative ones, the lowest first.
    """

    label: Label
    heads: Sequence[Label]
    lines: Sequence[tuple[Label, Sequence[str]]]
    ranked_by: int | None = None
    is_least: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A table that offices send in."""

    code: str  # R2
    title: Label
    clause: str
    unit: Unit
    rows: Rows
    groups: Sequence[Group]
    balances: Sequence[Balance] = ()
    codes: str = (
        ""  # the list of the rows, where these are codes; facts have the code as `category`
    )
    annex: Sequence[str] = ()
    """The columns whose entries the workbook lists by name on a second sheet."""
    forms: Sequence[Form] = ()

    def columns(self) -> Iterator[Column]:
        """All columns from left to right."""
        for group in self.groups:
            yield from group.columns

    @property
    def width(self) -> int:
        """How many columns it has."""
        return sum(1 for _column in self.columns())

    def indicators(self) -> list[Indicator]:
        """The columns that count facts."""
        return [column for column in self.columns() if isinstance(column, Indicator)]


def terms(names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The names of a balance with their signs."""
    for name in names:
        yield name.removeprefix("-"), -1 if name.startswith("-") else 1
