"""What time it is, read once at the door and passed inwards."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

OFFICE = ZoneInfo("Asia/Shanghai")
"""The time zone of every office; days and quarters begin here (domain §7.14)."""


def now() -> datetime:
    """The current instant, aware."""
    return timezone.now()


def today() -> date:
    """The office's current day."""
    return office_day(now())


def office_day(instant: datetime) -> date:
    """The day an instant falls on at the office."""
    return instant.astimezone(OFFICE).date()
