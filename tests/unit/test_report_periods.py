"""Periods of reports: their days, on the first and on other boundaries; and where a community belongs."""

from __future__ import annotations

from datetime import date

import pytest

from server.reports.counting import child_of
from server.reports.definitions.periods import period_named
from server.reports.problems import BadPeriod


@pytest.mark.parametrize(
    ("name", "starts_on", "first", "last", "before"),
    [
        ("2026Q1", 1, date(2026, 1, 1), date(2026, 3, 31), "2025Q4"),
        ("2026-02", 1, date(2026, 2, 1), date(2026, 2, 28), "2026-01"),
        ("2026", 1, date(2026, 1, 1), date(2026, 12, 31), "2025"),
        ("2026-01", 21, date(2025, 12, 21), date(2026, 1, 20), "2025-12"),
        ("2026Q1", 21, date(2025, 12, 21), date(2026, 3, 20), "2025Q4"),
        ("2026", 26, date(2025, 12, 26), date(2026, 12, 25), "2025"),
    ],
)
def test_a_period_has_its_days_and_the_one_before_ends_where_it_begins(
    name, starts_on, first, last, before
):
    period = period_named(name, starts_on)
    assert (period.name, period.first, period.last) == (name, first, last)
    assert (period.before.name, period.before.last) == (before, period.begin)


@pytest.mark.parametrize("name", ["", "2026Q5", "2026-13", "2026-1", "26", "2026Q1 ", "1066"])
def test_what_names_no_period_is_refused(name):
    with pytest.raises(BadPeriod):
        period_named(name)


@pytest.mark.parametrize("starts_on", [0, 29])
def test_a_period_begins_on_a_day_that_every_month_has(starts_on):
    with pytest.raises(BadPeriod):
        period_named("2026", starts_on)


@pytest.mark.parametrize(
    ("area", "child"),
    [
        ("", "440000000000"), ("44", "440100000000"), ("4401", "440106000000"),
        ("440106", "440106003000"), ("440106003", "440106003001"),
        ("440106003001", "440106003001"),
    ],
)  # fmt: skip
def test_a_community_counts_for_the_division_right_below_the_area(area, child):
    assert child_of(area, "440106003001") == child


def test_a_city_without_counties_has_its_streets_right_below_it():
    assert child_of("4419", "441900006001") == "441900006000"
