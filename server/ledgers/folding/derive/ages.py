"""Ages and the days on which they change something (domain §4)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from server.ledgers.folding.derive.rules import Rules

MALE, FEMALE = "1", "2"


def age(birth: date, day: date) -> int:
    """Full years; the birthday itself counts, and 29 February is 28 February in common years."""
    return day.year - birth.year - (day < _birthday(birth, day.year))


def turns(birth: date, years: int) -> date:
    """The day someone becomes so many years old."""
    return _birthday(birth, birth.year + years)


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def retirement_months(birth: date, sex: str, women_at: int, *, reformed: bool) -> int:
    """The age of retirement in months: 60, 55 or 50 years, and the delay of the 2025 reform.

    Men and women retiring at 55 wait one month more for every four months they were
    born after the base, up to 36; women retiring at 50 one for every two, up to 60.
    """
    years, base, step, most = (
        (60, date(1965, 1, 1), 4, 36)
        if sex == MALE
        else (55, date(1970, 1, 1), 4, 36)
        if women_at == 55
        else (50, date(1975, 1, 1), 2, 60)
    )
    delay = 0
    if reformed and birth >= base:
        since_base = (birth.year - base.year) * 12 + birth.month - base.month
        delay = min(most, since_base // step + 1)
    return years * 12 + delay


def retires_on(birth: date, sex: str, area: str, day: date, rules: Rules) -> date:
    """The day retirement age is reached, by the rules in force on `day`."""
    months = retirement_months(
        birth,
        sex,
        rules.number("retirement_of_women", area, day),
        reformed=rules.find("retirement_reform", area, day) == "1",
    )
    return add_months(birth, months)


def working_ages(
    birth: date, sex: str, purpose: str, area: str, day: date, rules: Rules
) -> tuple[date, date]:
    """First day, and first day no longer, of working age for a purpose: stat, registration, assistance, zero_emp."""
    first = turns(birth, rules.number("working_age_from", area, day))
    letter = "f" if sex == FEMALE else "m"
    until = rules.value(f"working_age_until.{purpose}.{letter}", area, day)
    if until == "retirement":
        return first, retires_on(birth, sex, area, day, rules)
    return first, turns(birth, int(until))


def is_working_age(birth: date, sex: str, purpose: str, area: str, day: date, rules: Rules) -> bool:
    first, end = working_ages(birth, sex, purpose, area, day, rules)
    return first <= day < end


def _birthday(birth: date, year: int) -> date:
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
