"""Ages, retirement and the rule table, by example (rules.md, Ages)."""

from __future__ import annotations

from datetime import date

import pytest

from server.ledgers.folding.derive.ages import (
    add_months,
    age,
    is_working_age,
    retirement_months,
    retires_on,
    turns,
)
from server.ledgers.folding.derive.rules import NoRule, Rule, Rules, rules

STREET = "440106003001"


@pytest.mark.parametrize(
    ("birth", "day", "years"),
    [
        (date(1990, 6, 15), date(2026, 6, 14), 35),
        (date(1990, 6, 15), date(2026, 6, 15), 36),  # the birthday counts
        (date(2000, 2, 29), date(2026, 2, 27), 25),
        (date(2000, 2, 29), date(2026, 2, 28), 26),
        (date(2000, 2, 29), date(2028, 2, 28), 27),
    ],
)
def test_age(birth, day, years):
    assert age(birth, day) == years
    assert (turns(birth, years) <= day) is True
    assert turns(birth, years + 1) > day


@pytest.mark.parametrize(
    ("birth", "sex", "women_at", "years", "months"),
    [
        (date(1964, 12, 31), "1", 50, 60, 0),
        (date(1965, 1, 1), "1", 50, 60, 1),
        (date(1965, 4, 30), "1", 50, 60, 1),
        (date(1965, 5, 1), "1", 50, 60, 2),
        (date(1976, 9, 1), "1", 50, 63, 0),
        (date(1990, 1, 1), "1", 50, 63, 0),
        (date(1975, 2, 1), "2", 50, 50, 1),
        (date(1975, 3, 1), "2", 50, 50, 2),
        (date(1974, 12, 31), "2", 50, 50, 0),
        (date(1990, 1, 1), "2", 50, 55, 0),
        (date(1970, 1, 1), "2", 55, 55, 1),
        (date(1985, 1, 1), "2", 55, 58, 0),
    ],
)
def test_retirement_after_the_reform(birth, sex, women_at, years, months):
    assert retirement_months(birth, sex, women_at, reformed=True) == years * 12 + months


def test_retirement_before_the_reform_knows_no_delay():
    man = date(1965, 1, 15)
    assert retires_on(man, "1", STREET, date(2024, 12, 31), rules()) == date(2025, 1, 15)
    assert retires_on(man, "1", STREET, date(2025, 1, 1), rules()) == date(2025, 2, 15)


def test_months_end_with_the_month():
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert add_months(date(2026, 3, 31), -1) == date(2026, 2, 28)


def test_working_age_differs_by_purpose():
    woman, day = date(1974, 6, 1), date(2026, 1, 1)
    assert is_working_age(woman, "2", "stat", STREET, day, rules())
    assert not is_working_age(woman, "2", "registration", STREET, day, rules())


def test_the_narrower_area_and_the_day_decide_a_rule():
    table = Rules(
        [
            Rule("limit", "", date(2005, 1, 1), date(2020, 1, 1), "1"),
            Rule("limit", "", date(2020, 1, 1), None, "2"),
            Rule("limit", "4401", date(2020, 1, 1), None, "3"),
        ]
    )
    assert table.value("limit", "440106", date(2019, 12, 31)) == "1"
    assert table.value("limit", "440106", date(2020, 1, 1)) == "3"
    assert table.value("limit", "4403", date(2020, 1, 1)) == "2"
    assert table.next_change(date(2019, 6, 1)) == date(2020, 1, 1)
    assert table.next_change(date(2020, 1, 1)) is None
    with pytest.raises(NoRule):
        table.value("limit", "44", date(2004, 1, 1))
