"""The current time, read once in a door and passed inwards, and the offices' day."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

OFFICE = ZoneInfo("Asia/Shanghai")
"""The time zone of every office, by which days and quarters begin (rules.md, Due dates)."""


def now() -> datetime:
    """The current instant, aware."""
    return timezone.now()


def today() -> date:
    """The current date in the offices' time zone."""
    return office_day(now())


def first_of_quarter(day: date) -> date:
    """The first day of the quarter that the day lies in."""
    return date(day.year, day.month - (day.month - 1) % 3, 1)


def office_day(instant: datetime) -> date:
    """The date of an instant in the offices' time zone."""
    return instant.astimezone(OFFICE).date()
