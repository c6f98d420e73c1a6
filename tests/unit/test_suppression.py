"""Withheld numbers of a table: no small one can be computed from what is shown."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from server.reports.suppression import SMALL, column_flows, fixed, table_flows, withheld

NUMBERS = st.integers(0, 6)


def small_of(flows):
    return {place for place, flow in flows.items() if flow.number < SMALL}


@st.composite
def tables(draw):
    width = draw(st.integers(1, 3))
    rows = st.lists(NUMBERS, min_size=width, max_size=width)
    return draw(st.lists(rows, min_size=1, max_size=3))


def other_tables(flows, places, most):
    """Every choice of numbers up to `most` at the withheld places with which all sums hold, by trying all."""
    order = sorted(places)
    for numbers in product(range(most + 1), repeat=len(order)):
        chosen = dict(zip(order, numbers, strict=True))
        balance: dict = {}
        for place, flow in flows.items():
            number = chosen.get(place, flow.number)
            balance[flow.tail] = balance.get(flow.tail, 0) - number
            balance[flow.head] = balance.get(flow.head, 0) + number
        if not any(balance.values()):
            yield chosen


@given(tables())
def test_no_withheld_number_of_a_table_follows_from_those_shown(rows):
    flows = table_flows(rows)
    places = withheld(flows, small_of(flows))
    assert small_of(flows) <= places
    assert list(fixed(flows, places)) == []


@given(st.lists(NUMBERS, min_size=1, max_size=4))
def test_whoever_tries_all_numbers_of_a_column_finds_two_for_each_that_is_withheld(numbers):
    column = {**dict(enumerate(numbers)), len(numbers): sum(numbers)}
    flows = column_flows(column, len(numbers))
    places = withheld(flows, small_of(flows))
    choices = (
        list(other_tables(flows, places, most=max(column.values()) + 1)) if len(places) < 5 else []
    )
    for place in places if choices else ():
        assert len({choice[place] for choice in choices}) > 1


@given(st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=2), min_size=1, max_size=2))
def test_what_is_said_to_be_fixed_is_what_trying_all_numbers_finds(rows):
    flows = table_flows(rows)
    places = set(sorted(small_of(flows))[:4])
    choices = list(other_tables(flows, places, most=5))
    found = {place for place in places if len({choice[place] for choice in choices}) == 1}
    assert set(fixed(flows, places)) == found


def test_the_smallest_other_number_is_withheld_beside_a_lonely_one():
    assert withheld(column_flows({"a": 1, "b": 9, "c": 5, "total": 15}, "total"), {"a"}) == {
        "a",
        "c",
    }


def test_two_that_must_both_be_none_do_not_hide_each_other():
    flows = column_flows({"a": 0, "b": 0, "c": 7, "total": 7}, "total")
    assert list(fixed(flows, {"a", "b"})) != []
    assert withheld(flows, {"a", "b"}) > {"a", "b"}


def test_a_table_without_small_numbers_is_shown_whole():
    flows = table_flows([[3, 4], [5, 6]])
    assert withheld(flows, small_of(flows)) == set()
