"""Ages, retirement, working age and the rule table: each day of change, the day before and the day after (rules.md, Ages)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from server.ledgers.folding.derive import rules as rules_module
from server.ledgers.folding.derive.ages import (
    Purpose,
    add_months,
    age,
    ages_4050,
    is_working_age,
    retirement_months,
    retires_on,
    turns,
    working_ages,
)
from server.ledgers.folding.derive.rules import NoRule, Rule, Rules, rules

STREET = "440106003001"
MAN, WOMAN, UNKNOWN = "1", "2", "0"
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("birth", "day", "years"),
    [
        (date(1990, 6, 15), date(2026, 6, 14), 35),
        (date(1990, 6, 15), date(2026, 6, 15), 36),  # the birthday counts
        (date(1990, 6, 15), date(2026, 6, 16), 36),
        (date(1990, 1, 1), date(2025, 12, 31), 35),
        (date(1990, 12, 31), date(2026, 12, 30), 35),
        (date(2000, 2, 29), date(2026, 2, 27), 25),
        (date(2000, 2, 29), date(2026, 2, 28), 26),
        (date(2000, 2, 29), date(2026, 3, 1), 26),
        (date(2000, 2, 29), date(2028, 2, 28), 27),
        (date(2000, 2, 29), date(2028, 2, 29), 28),
        (date(2026, 6, 15), date(2026, 6, 15), 0),
    ],
)
def test_age(birth, day, years):
    assert age(birth, day) == years
    assert turns(birth, years) <= day < turns(birth, years + 1)


@pytest.mark.parametrize(
    ("birth", "years", "day"),
    [
        (date(2000, 2, 29), 16, date(2016, 2, 29)),
        (date(2000, 2, 29), 18, date(2018, 2, 28)),
        (date(2000, 3, 1), 18, date(2018, 3, 1)),
        (date(1999, 12, 31), 60, date(2059, 12, 31)),
    ],
)
def test_turns(birth, years, day):
    assert turns(birth, years) == day


@pytest.mark.parametrize(
    ("birth", "sex", "women_at", "years", "months"),
    [
        # men: from 60 years, one month for every four, at most 36
        (date(1964, 12, 31), MAN, 50, 60, 0),
        (date(1965, 1, 1), MAN, 50, 60, 1),
        (date(1965, 4, 30), MAN, 50, 60, 1),
        (date(1965, 5, 1), MAN, 50, 60, 2),
        (date(1976, 8, 31), MAN, 50, 62, 11),
        (date(1976, 9, 1), MAN, 50, 63, 0),
        (date(1977, 1, 1), MAN, 50, 63, 0),
        (date(1990, 1, 1), MAN, 50, 63, 0),
        # women who retire at 50: one month for every two, at most 60
        (date(1974, 12, 31), WOMAN, 50, 50, 0),
        (date(1975, 1, 1), WOMAN, 50, 50, 1),
        (date(1975, 2, 28), WOMAN, 50, 50, 1),
        (date(1975, 3, 1), WOMAN, 50, 50, 2),
        (date(1984, 10, 31), WOMAN, 50, 54, 11),
        (date(1984, 11, 1), WOMAN, 50, 55, 0),
        (date(1985, 1, 1), WOMAN, 50, 55, 0),
        # women who retire at 55: as men, from 1970
        (date(1969, 12, 31), WOMAN, 55, 55, 0),
        (date(1970, 1, 1), WOMAN, 55, 55, 1),
        (date(1970, 5, 1), WOMAN, 55, 55, 2),
        (date(1981, 8, 31), WOMAN, 55, 57, 11),
        (date(1981, 9, 1), WOMAN, 55, 58, 0),
        (date(1982, 1, 1), WOMAN, 55, 58, 0),
        # an unknown sex counts as the earlier age
        (date(1975, 3, 1), UNKNOWN, 50, 50, 2),
        (date(1975, 3, 1), "9", 50, 50, 2),
    ],
)
def test_retirement_after_the_reform(birth, sex, women_at, years, months):
    assert retirement_months(birth, sex, women_at, reformed=True) == years * 12 + months
    without = 60 if sex == MAN else women_at
    assert retirement_months(birth, sex, women_at, reformed=False) == without * 12


def test_retirement_before_the_reform_knows_no_delay():
    man = date(1965, 1, 15)
    assert retires_on(man, MAN, STREET, date(2024, 12, 31), rules()) == date(2025, 1, 15)
    assert retires_on(man, MAN, STREET, date(2025, 1, 1), rules()) == date(2025, 2, 15)


def test_women_retire_by_the_rule_of_their_area():
    table = Rules(
        [
            Rule("retirement_of_women", "", date(2005, 1, 1), None, "50"),
            Rule("retirement_of_women", "440106", date(2005, 1, 1), None, "55"),
        ]
    )
    woman, day = date(1960, 5, 31), date(2010, 1, 1)
    assert retires_on(woman, WOMAN, "440105", day, table) == date(2010, 5, 31)
    assert retires_on(woman, WOMAN, STREET, day, table) == date(2015, 5, 31)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 30), 1, date(2026, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 2, 1), 1, date(2026, 3, 1)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 2, 28), 1, date(2026, 3, 28)),
        (date(2026, 3, 31), 1, date(2026, 4, 30)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 1), -1, date(2025, 12, 1)),
        (date(2026, 1, 1), 0, date(2026, 1, 1)),
        (date(2026, 11, 1), 1, date(2026, 12, 1)),
    ],
)
def test_months_end_with_the_month(day, months, expected):
    assert add_months(day, months) == expected


@pytest.mark.parametrize(
    ("purpose", "sex", "end"),
    [
        (Purpose.STATISTICS, MAN, date(2030, 3, 1)),
        (Purpose.STATISTICS, WOMAN, date(2025, 3, 1)),
        (Purpose.REGISTRATION, MAN, date(2030, 3, 1)),
        (Purpose.REGISTRATION, WOMAN, date(2020, 3, 1)),
        (Purpose.ZERO_EMPLOYMENT, MAN, date(2030, 3, 1)),
        (Purpose.ZERO_EMPLOYMENT, WOMAN, date(2025, 3, 1)),
        (Purpose.ASSISTANCE, MAN, date(2031, 7, 1)),  # 60 years and 16 months
        (Purpose.ASSISTANCE, WOMAN, date(2020, 3, 1)),  # before the base month: 50 years
        (Purpose.STATISTICS, UNKNOWN, date(2030, 3, 1)),
        (Purpose.ASSISTANCE, UNKNOWN, date(2020, 3, 1)),
    ],
)
def test_working_age_differs_by_purpose(purpose, sex, end):
    birth, first, today = date(1970, 3, 1), date(1986, 3, 1), date(2026, 1, 1)
    assert working_ages(birth, sex, purpose, STREET, today, rules()) == (first, end)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2016, 2, 28), False),
        (date(2016, 2, 29), True),
        (date(2016, 3, 1), True),
        (date(2060, 2, 28), True),
        (date(2060, 2, 29), False),
        (date(2060, 3, 1), False),
    ],
)
def test_working_age_begins_and_ends_on_a_birthday(day, expected):
    birth = date(2000, 2, 29)
    assert is_working_age(birth, MAN, Purpose.STATISTICS, STREET, day, rules()) is expected


@pytest.mark.parametrize(
    ("birth", "sex", "first", "end"),
    [
        (date(1977, 5, 31), MAN, date(2027, 5, 31), date(2040, 5, 31)),  # until 63
        (date(1975, 5, 31), WOMAN, date(2015, 5, 31), date(2025, 8, 31)),  # until 50 and 3 months
        (date(1975, 5, 31), UNKNOWN, date(2025, 5, 31), date(2025, 8, 31)),
    ],
)
def test_the_age_of_4050(birth, sex, first, end):
    assert ages_4050(birth, sex, STREET, date(2026, 1, 1), rules()) == (first, end)


@pytest.fixture
def table():
    return Rules(
        [
            Rule("limit", "", date(2005, 1, 1), date(2020, 1, 1), "1"),
            Rule("limit", "", date(2020, 1, 1), None, "2"),
            Rule("limit", "4401", date(2020, 1, 1), date(2024, 1, 1), "3"),
        ]
    )


@pytest.mark.parametrize(
    ("area", "day", "value"),
    [
        ("440106", date(2019, 12, 31), "1"),
        ("440106", date(2020, 1, 1), "3"),
        ("440106", date(2023, 12, 31), "3"),
        ("440106", date(2024, 1, 1), "2"),
        ("4403", date(2020, 1, 1), "2"),
        ("44", date(2005, 1, 1), "1"),
        ("44", date(2004, 12, 31), None),
    ],
)
def test_the_narrower_area_and_the_day_decide_a_rule(table, area, day, value):
    assert table.find("limit", area, day) == value
    if value is None:
        with pytest.raises(NoRule, match=r"limit 44 2004-12-31"):
            table.value("limit", area, day)
        with pytest.raises(NoRule):
            table.number("limit", area, day)
    else:
        assert table.value("limit", area, day) == value
        assert table.number("limit", area, day) == int(value)


def test_a_further_rule_goes_before_those_of_its_area_from_its_day_on(table):
    day = date(2026, 6, 1)
    before = table.find("limit", STREET, day)
    changed = table.with_rule(Rule("limit", "4401", day, day + 9 * DAY, "77"))
    assert changed.find("limit", STREET, day - DAY) == table.find("limit", STREET, day - DAY)
    assert [changed.find("limit", STREET, day + n * DAY) for n in (0, 8)] == ["77", "77"]
    assert changed.find("limit", STREET, day + 9 * DAY) == before
    assert table.find("limit", STREET, day) == before
    assert changed.of_key("limit")[0].value == "77"
    assert table.of_key("none") == ()
    assert len(changed.all) == len(table.all) + 1


@pytest.mark.parametrize(
    ("after", "change"),
    [
        (date(2004, 12, 31), date(2005, 1, 1)),
        (date(2019, 12, 31), date(2020, 1, 1)),
        (date(2020, 1, 1), date(2024, 1, 1)),
        (date(2023, 12, 31), date(2024, 1, 1)),
        (date(2024, 1, 1), None),
    ],
)
def test_the_next_day_on_which_a_rule_changes(table, after, change):
    assert table.next_change(after, STREET) == change


def test_a_rule_of_another_area_changes_nothing_on_its_day(table):
    elsewhere = table.with_rule(Rule("limit", "4403", date(2021, 5, 1), None, "8"))
    assert elsewhere.next_change(date(2020, 1, 1), STREET) == date(2024, 1, 1)
    assert elsewhere.next_change(date(2020, 1, 1), "440306001001") == date(2021, 5, 1)
    assert elsewhere.without_rule(elsewhere.all[0]).all == table.all


def test_only_rules_on_which_people_rest_change_anything_for_them(table):
    """Entries are queued by the families of a key; a person that no key queues must not wait for its day."""
    later = date(2021, 5, 1)
    for key, change in (("older.m", later), ("place_slack_m", None), ("vacancy_days", None)):
        changed = rules().with_rule(Rule(key, "4401", later, None, "45"))
        before = rules().next_change(later - DAY, STREET)
        assert changed.next_change(later - DAY, STREET) == (change or before), key


def test_the_cache_of_rules_does_not_grow_without_end(monkeypatch):
    monkeypatch.setattr(rules_module, "_MOST_CACHED", 3)
    table = Rules([Rule("limit", "", date(2005, 1, 1), None, "1")])
    sizes = []
    for number in range(7):
        assert table.find("limit", "44", date(2005, 1, 1) + number * DAY) == "1"
        sizes.append(len(table._values))
    assert sizes == [1, 2, 3, 1, 2, 3, 1]
    sizes = []
    for area in range(7):
        assert table.next_change(date(2004, 12, 31), str(area)) == date(2005, 1, 1)
        sizes.append(len(table._days_of_change))
    assert sizes == [1, 2, 3, 1, 2, 3, 1]
