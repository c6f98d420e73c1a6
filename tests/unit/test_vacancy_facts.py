"""What follows from a vacancy: whatever happens to it, the places that are free change by what came and went."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.reports.facts.records import Event, HireRecord, MarketState, RecordState, VacancyRecord
from server.reports.facts.vacancies import vacancy_facts
from tests.factories.ledgers import COMMUNITY

BEGUN = date(2026, 4, 1)
DAY = timedelta(days=1)
DAYS = st.integers(0, 60).map(lambda days: BEGUN + days * DAY)


def vacancy(**values) -> VacancyRecord:
    """A vacancy for two people, valid throughout April."""
    stated = {
        "id": "v", "area_code": COMMUNITY, "begun_on": BEGUN,
        "history": {"state": [[BEGUN.isoformat(), "1", 1, "stated"]]}, "wanted": 2,
        "expires_on": date(2026, 4, 30), "category": "4", "categories": (), "hires": (), **values,
    }  # fmt: skip
    return VacancyRecord(**stated)


def flows(record):
    """(in or out, day, why, how many)."""
    return [
        (row.kind.rpartition("_")[2], row.day, str(row.reason), int(row.quantity))
        for row in vacancy_facts(record)
        if isinstance(row, Event) and row.kind.startswith("vacancy")
    ]


def steps(values):
    return [[day.isoformat(), value, 1, "stated"] for day, value in values]


@settings(max_examples=80, deadline=None)
@example(  # a record gives the vacancy twice: over and for one person, valid and for two
    [], [(BEGUN, 1), (BEGUN, 2)], [(BEGUN, BEGUN - DAY), (BEGUN, BEGUN + 9 * DAY)], []
)
@given(
    st.lists(st.tuples(DAYS, st.sampled_from("134567")), max_size=4).map(sorted),
    st.lists(st.tuples(DAYS, st.integers(0, 4)), max_size=3).map(sorted),
    st.lists(st.tuples(DAYS, DAYS), max_size=3).map(sorted),
    st.lists(st.tuples(DAYS, st.none() | DAYS), max_size=4),
)
def test_free_places_and_their_changes_agree_on_every_day(states, wanted, expiries, hires):
    history = {
        "state": steps([(BEGUN, "1"), *states]),
        **({"n_wanted": steps(wanted)} if wanted else {}),
        **({"expires_on": steps((day, last.isoformat()) for day, last in expiries)} if expiries else {}),
    }  # fmt: skip
    record = vacancy(
        history=history,
        hires=[HireRecord(f"o{n}", *hire, is_assisted=False) for n, hire in enumerate(hires)],
    )
    rows = vacancy_facts(record)
    assert len(set(rows)) == len(rows), "equal rows are stored once"
    held = [row for row in rows if isinstance(row, RecordState)]
    assert [row.until for row in held] == [*(row.since for row in held[1:]), None]
    free = 0
    for day in (BEGUN + n * DAY for n in range(70)):
        free += sum(
            many if direction == "in" else -many
            for direction, on, _reason, many in flows(record)
            if on == day
        )
        (state,) = [
            row for row in held if row.since <= day and not (row.until and row.until <= day)
        ]
        assert (state.quantity, state.is_open) == (free, free > 0)


def test_a_vacancy_expires_on_the_day_after_its_last():
    assert flows(vacancy()) == [
        ("in", BEGUN, "received", 2),
        ("out", date(2026, 5, 1), "expired", 2),
    ]
    renewed = {"expires_on": steps([(BEGUN, "2026-04-30"), (date(2026, 5, 1), "2026-05-31")])}
    assert flows(vacancy(history={**vacancy().history, **renewed}))[1:] == [
        ("out", date(2026, 6, 1), "expired", 2)
    ]


@pytest.mark.parametrize(
    ("state", "why", "expected"),
    [
        ("7", "stated", [("out", BEGUN + DAY, "withdrawn", 2)]),
        ("5", "decided", [("out", BEGUN + DAY, "filled", 2)]),
        ("5", "filled", [("out", date(2026, 5, 1), "expired", 2)]),
        ("6", "expired", [("out", date(2026, 5, 1), "expired", 2)]),
    ],
)
def test_a_state_that_the_fold_derived_counts_by_what_it_was_derived_from(state, why, expected):
    history = {"state": [*vacancy().history["state"], [str(BEGUN + DAY), state, None, why]]}
    assert flows(vacancy(history=history))[1:] == expected


def test_who_leaves_frees_a_place_and_a_replacement_of_the_day_takes_it_at_once():
    left = HireRecord("a", BEGUN + DAY, BEGUN + 5 * DAY, is_assisted=True)
    came = HireRecord("b", BEGUN + 5 * DAY, None, is_assisted=False)
    assert flows(vacancy(hires=[left, came]))[1:-1] == [
        ("out", BEGUN + DAY, "filled", 1),
        ("in", BEGUN + 5 * DAY, "freed", 1),
        ("out", BEGUN + 5 * DAY, "filled", 1),
    ]


def asked(record):
    """(day, how many, since when over) of the places asked for."""
    return [
        (row.since, int(row.quantity), row.ended_on)
        for row in vacancy_facts(record)
        if isinstance(row, MarketState) and row.is_new
    ]


def test_places_in_force_again_say_since_when_they_were_not_and_further_ones_are_asked_for_beside():
    over = date(2026, 5, 1)
    history = {
        **vacancy().history,
        "n_wanted": steps([(BEGUN, 2), (over + DAY, 5)]),
        "expires_on": steps([(BEGUN, "2026-04-30"), (over + 2 * DAY, "2026-06-30")]),
    }
    left = HireRecord("a", BEGUN + DAY, over + 3 * DAY, is_assisted=False)
    record = vacancy(history=history, hires=[left])
    assert asked(record) == [(BEGUN, 2, None), (over + 2 * DAY, 1, over), (over + 2 * DAY, 3, None)]
    assert flows(record)[2:-1] == [
        ("out", over, "expired", 1),
        ("in", over + 2 * DAY, "renewed", 1),
        ("in", over + 2 * DAY, "more", 3),
        ("in", over + 3 * DAY, "freed", 1),
    ]


def test_places_that_stand_free_are_those_of_the_states():
    hire = HireRecord("a", BEGUN + DAY, None, is_assisted=False)
    record = vacancy(industry="C", hires=[hire])
    free = [row for row in vacancy_facts(record) if isinstance(row, MarketState) and not row.is_new]
    assert [(row.since, row.until, int(row.quantity), row.industry) for row in free] == [
        (BEGUN, BEGUN + DAY, 2, "C"), (BEGUN + DAY, date(2026, 5, 1), 1, "C"),
    ]  # fmt: skip
