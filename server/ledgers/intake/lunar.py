"""Converting a day of the Chinese calendar (农历) to the civil one. Pure."""

from __future__ import annotations

from datetime import date

from borax.calendars.lunardate import LunarDate


def civil_day(lunar: date) -> date | None:
    """The civil day of the lunar year, month and day that `lunar` spells, of the ordinary month where it was repeated.

    None when there was no such day, or the calendar of that year is not known (before 1900).
    """
    try:
        day: date = LunarDate(lunar.year, lunar.month, lunar.day).to_solar_date()
    except ValueError:
        return None
    return day
