"""Periods of reports: months, quarters and years, which begin on the first or on another day of a month. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from server.ledgers.folding.derive.ages import add_months
from server.reports.problems import BadPeriod

LATEST_START: Final = 28
"""The latest day of a month on which periods may begin: every month has it."""
_MONTHS_A_QUARTER: Final = 3
_MONTHS_A_YEAR: Final = 12
_NAME: Final = re.compile(r"(?P<year>\d{4})(-(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4]))?")


@dataclass(frozen=True, slots=True)
class Period:
    """A month ("2026-09"), a quarter ("2026Q3") or a year ("2026"), both days included.

    Where periods begin on the 21st, September runs from 21 August to 20 September.
    """

    name: str
    first: date
    last: date
    starts_on: int  # day of the month

    @property
    def begin(self) -> date:
        """The day whose end the period begins with: the last day before it."""
        return self.first - timedelta(days=1)

    @property
    def before(self) -> Period:
        """The period of the same length before it."""
        return _of_months(self._month_of(self.first, -self._months), self._months, self.starts_on)

    @property
    def _months(self) -> int:
        if "Q" in self.name:
            return _MONTHS_A_QUARTER
        return 1 if "-" in self.name else _MONTHS_A_YEAR

    def _month_of(self, first: date, shift: int) -> date:
        month = add_months(first.replace(day=1), shift)
        return month if self.starts_on == 1 else add_months(month, 1)


def period_named(name: str, starts_on: int = 1) -> Period:
    """The period of a name. Raises BadPeriod."""
    match = _NAME.fullmatch(name)
    if match is None or not 1 <= starts_on <= LATEST_START or not 1900 < int(match["year"]) < 2999:
        raise BadPeriod(name=name[:20])
    year, month, quarter = (int(match[part] or 0) for part in ("year", "month", "quarter"))
    if quarter:
        return _of_months(date(year, quarter * 3 - 2, 1), _MONTHS_A_QUARTER, starts_on)
    if month:
        return _of_months(date(year, month, 1), 1, starts_on)
    return _of_months(date(year, 1, 1), _MONTHS_A_YEAR, starts_on)


def quarter_before(day: date) -> Period:
    """The last calendar quarter that was over on a day."""
    first = date(day.year, day.month - (day.month - 1) % _MONTHS_A_QUARTER, 1)
    return _of_months(add_months(first, -_MONTHS_A_QUARTER), _MONTHS_A_QUARTER, 1)


def _of_months(month: date, months: int, starts_on: int) -> Period:
    """The period of so many months from the named month on."""
    shift = 0 if starts_on == 1 else -1
    first = add_months(month, shift).replace(day=starts_on)
    last = add_months(first, months) - timedelta(days=1)
    if months == _MONTHS_A_YEAR:
        name = f"{month.year}"
    elif months == _MONTHS_A_QUARTER:
        name = f"{month.year}Q{(month.month + 2) // _MONTHS_A_QUARTER}"
    else:
        name = f"{month:%Y-%m}"
    return Period(name, first, last, starts_on)
