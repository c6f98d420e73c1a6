"""Ages, retirement and working age, and the days on which they change (rules.md, Ages). Pure."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from server.ledgers.definitions.codes import Sex
from server.ledgers.folding.derive.rules import Rules

MONTHS_A_YEAR: Final = 12
SHORTEST_MONTH: Final = 28  # days


class Purpose(StrEnum):
    """What working age is asked for; the rule table has an upper end for each."""

    STATISTICS = "stat"
    REGISTRATION = "registration"
    ASSISTANCE = "assistance"
    ZERO_EMPLOYMENT = "zero_emp"


class Retirement(NamedTuple):
    """A retirement age and how the reform of 2025 delays it (rules.md, Retirement)."""

    years: int
    first_birth: date  # born earlier: no delay
    months_a_step: int  # so many months of birth after `first_birth` delay by one month more
    most_months: int


_MEN = Retirement(60, date(1965, 1, 1), 4, 36)
_WOMEN_AT_55 = Retirement(55, date(1970, 1, 1), 4, 36)
_WOMEN_AT_50 = Retirement(50, date(1975, 1, 1), 2, 60)
_REFORM_IN_FORCE = "1"
_AT_RETIREMENT = "retirement"


def age(birth: date, day: date) -> int:
    """Full years on a day; the birthday itself counts, and 29 February is 28 February in common years."""
    return day.year - birth.year - (day < _birthday(birth, day.year))


def turns(birth: date, years: int) -> date:
    """The day a person becomes so many years old."""
    return _birthday(birth, birth.year + years)


def _birthday(birth: date, year: int) -> date:
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month if it is shorter."""
    year, month = divmod(day.year * MONTHS_A_YEAR + day.month - 1 + months, MONTHS_A_YEAR)
    if day.day <= SHORTEST_MONTH:
        return date(year, month + 1, day.day)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def retirement_months(birth: date, sex: str, women_at: int, *, reformed: bool) -> int:
    """The age of retirement in months (rules.md, Retirement).

    Women retire at 50 or 55 by `women_at`; every sex but male counts as women, so that
    the earlier age holds where the sex is unknown.
    """
    if sex == Sex.MALE:
        retirement = _MEN
    else:
        retirement = _WOMEN_AT_55 if women_at == _WOMEN_AT_55.years else _WOMEN_AT_50
    delay = 0
    if reformed and birth >= retirement.first_birth:
        first = retirement.first_birth
        months = (birth.year - first.year) * MONTHS_A_YEAR + birth.month - first.month
        delay = min(retirement.most_months, months // retirement.months_a_step + 1)
    return retirement.years * MONTHS_A_YEAR + delay


def retires_on(birth: date, sex: str, area: str, day: date, rules: Rules) -> date:
    """The day a person reaches retirement age by the rules in force on `day`."""
    months = retirement_months(
        birth,
        sex,
        rules.number("retirement_of_women", area, day),
        reformed=rules.find("retirement_reform", area, day) == _REFORM_IN_FORCE,
    )
    return add_months(birth, months)


def working_ages(
    birth: date, sex: str, purpose: Purpose, area: str, day: date, rules: Rules
) -> tuple[date, date]:
    """The first day of working age and the first day after it, by the rules in force on `day`."""
    first = turns(birth, rules.number("working_age_from", area, day))
    until = rules.value(f"working_age_until.{purpose}.{_rule_letter(sex)}", area, day)
    if until == _AT_RETIREMENT:
        return first, retires_on(birth, sex, area, day, rules)
    return first, turns(birth, int(until))


def is_working_age(
    birth: date, sex: str, purpose: Purpose, area: str, day: date, rules: Rules
) -> bool:
    """Whether a person is of working age on a day (rules.md, Working age)."""
    first, end = working_ages(birth, sex, purpose, area, day, rules)
    return first <= day < end


def ages_4050(birth: date, sex: str, area: str, day: date, rules: Rules) -> tuple[date, date]:
    """The first day of the age of 4050 (women 40, men 50) and the first day after it (rules.md, 4050)."""
    years = rules.number(f"older.{_rule_letter(sex)}", area, day)
    return turns(birth, years), retires_on(birth, sex, area, day, rules)


def _rule_letter(sex: str) -> str:
    """The end of a rule's key that differs by sex: f, or m for everybody else."""
    return "f" if sex == Sex.FEMALE else "m"
