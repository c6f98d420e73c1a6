"""Households: members and when they leave, head, counts and place (rules.md, Identity of households)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.factories.contributions import History, fold_contributions, row_of
from tests.factories.ledgers import uuid_of
from tests.factories.surveyed import MAN, SEEKS, WORKS, Street

# --- members ---


@pytest.mark.parametrize(
    ("kind", "roles"),
    [
        ("1", ["hukou", "resident"]),
        ("2", ["resident"]),
        ("3", ["hukou"]),
        ("4", ["hukou"]),
        ("5", ["hukou", "resident"]),
        ("", ["resident"]),
    ],
)
def test_the_residence_kind_says_the_roles(kind, roles):
    street = Street().survey("x", "2026-01-10", a={"residence_kind": kind} if kind else {})
    assert [role for role, _from, _to in street.memberships("a")] == roles


@pytest.mark.parametrize(
    ("outcome", "end"),
    [("1", "2026-02-10"), ("", "2026-02-10"), ("2", None), ("3", None), ("9", None)],
)
def test_a_complete_survey_without_a_person_ends_the_membership(outcome, end):
    street = Street().survey("x", "2026-01-10", a={}, b={})
    street.survey("x", "2026-02-10", outcome=outcome, a={})
    assert street.memberships("b") == [("resident", "2026-01-10", end)]
    assert street.memberships("a") == [("resident", "2026-01-10", None)]


def test_a_survey_that_names_nobody_ends_nothing():
    street = Street().survey("x", "2026-01-10", a={}).survey("x", "2026-02-10")
    assert street.memberships("a") == [("resident", "2026-01-10", None)]


def test_a_role_ends_when_it_is_no_longer_stated():
    street = Street().survey("x", "2026-01-10", a={"residence_kind": "1"})
    street.survey("x", "2026-02-10", outcome="2", a={"residence_kind": "3"})
    assert street.memberships("a") == [
        ("hukou", "2026-01-10", None),
        ("resident", "2026-01-10", "2026-02-10"),
    ]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-01-10", []),  # a membership of no day
        ("2026-01-11", [("resident", "2026-01-10", "2026-01-11")]),
    ],
)
def test_a_membership_that_ends_on_its_first_day_never_was(day, expected):
    street = Street().survey("x", "2026-01-10", a={}, b={})
    street.survey("x", day, hour=17, b={})
    assert street.memberships("a") == expected


def test_who_comes_back_is_a_member_again():
    street = Street().survey("x", "2026-01-10", a={}, b={}).survey("x", "2026-02-10", b={})
    street.survey("x", "2026-03-10", a={}, b={})
    assert street.memberships("a") == [
        ("resident", "2026-01-10", "2026-02-10"),
        ("resident", "2026-03-10", None),
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("2", [("hukou", "2026-01-10", None), ("resident", "2026-01-10", "2026-02-10"),
               ("resident", "2026-02-10", None)]),
        ("3", [("hukou", "2026-01-10", None), ("hukou", "2026-02-10", None),
               ("resident", "2026-01-10", None)]),
    ],
)  # fmt: skip
def test_living_elsewhere_ends_living_here_and_not_the_hukou(kind, expected):
    street = Street().survey("x", "2026-01-10", a={"residence_kind": "1"})
    street.survey("y", "2026-02-10", a={"residence_kind": kind})
    assert street.memberships("a") == expected


@pytest.mark.parametrize(("hours", "home"), [({"x": 9, "y": 17}, "y"), ({"x": 17, "y": 9}, "x")])
def test_of_two_surveys_on_one_day_the_later_says_where_a_person_lives(hours, home):
    street = Street()
    for household, hour in hours.items():
        street.survey(household, "2026-01-10", hour=hour, a={})
    assert [item.household for item in street.fold().memberships] == [uuid_of(f"household {home}")]


def test_hukou_in_two_households_is_raised_at_the_later_line():
    street = Street().survey("x", "2026-02-10", a={"residence_kind": "1"})
    assert street.fold().raised == []
    street.survey("y", "2026-01-10", a={"residence_kind": "3"})
    (raised,) = street.fold().raised
    assert (raised.kind, raised.column) == ("two_hukou_households", "household")
    assert raised.contribution.day == date(2026, 2, 10)
    assert raised.detail == {"households": sorted([uuid_of("household x"), uuid_of("household y")])}


def test_members_of_a_void_household_belong_nowhere():
    street = Street().survey("x", "2026-01-10", a={"residence_kind": "1"})
    street.decide("household", "x", "2026-02-10", void=True)
    result = street.fold()
    assert (result.rows["household"], result.memberships) == ([], [])
    assert row_of(result, "person", "a")["household_id"] is None


def test_one_void_household_takes_no_other_with_it():
    street = Street()
    for name in "uvwxyz":
        street.survey(name, "2026-01-10", **{f"of_{name}": {}})
    names = {uuid_of(f"household {name}"): name for name in "uvwxyz"}
    for place, void in enumerate(sorted(names)):
        street.decide("household", names[void], f"2026-02-{place + 10}", void=True)
        left = {row["id"] for row in street.fold().rows["household"]}
        assert left == set(sorted(names)[place + 1 :])


def test_a_void_person_is_no_member():
    street = Street().survey("x", "2026-01-10", a={}, b={})
    street.decide("person", "b", "2026-02-10", void=True)
    assert [item.person for item in street.fold().memberships] == [uuid_of("person a")]


def test_a_household_needs_a_record_or_a_member():
    street = Street().survey("x", "2026-01-10", outcome="", house={})
    assert street.fold().rows["household"] == []
    street.survey("x", "2026-01-11", house={}, a={})
    assert len(street.fold().rows["household"]) == 1


# --- head, counts, place ---


def test_the_head_is_who_was_last_said_to_be():
    street = Street().survey("x", "2026-01-10", a={"relation": "0"}, b={"relation": "1"})
    head = street.household()
    assert head["head_person_id"] == uuid_of("person a")
    assert "head_person" in head["origins"][str(street.contributions[1].id)]
    street.survey("x", "2026-02-10", a={"relation": "1"}, b={"relation": "1"}, c={"relation": "0"})
    assert street.household()["head_person_id"] == uuid_of("person c")
    street.survey("x", "2026-03-10", outcome="2", c={"death_date": "2026-03-01"})
    assert "head_person_id" not in street.household()


def test_of_two_heads_the_later_member_counts():
    street = Street().survey("x", "2026-01-10", a={"relation": "0"}, b={"relation": "1"})
    street.survey("x", "2026-02-10", a={"relation": "0"}, c={"relation": "0"})
    assert street.household()["head_person_id"] == uuid_of("person c")


@pytest.mark.parametrize(
    ("as_of", "of_working_age", "able"),
    [
        ("2030-04-30", 2, 2),
        ("2030-05-01", 1, 1),  # the man turns sixty
        ("2032-06-01", 0, 0),  # the woman turns fifty-five
    ],
)
def test_counts_follow_working_age(as_of, of_working_age, able):
    street = Street().survey(
        "x",
        "2026-01-10",
        a={**MAN, **SEEKS},
        b={**SEEKS, "birth_date": "1977-06-01", "sex": "2", "residence_kind": "2"},
        c={**SEEKS, "residence_kind": "2"},  # of unknown age
        d={**MAN, **WORKS, "death_date": "2026-01-05"},
    )
    row = street.household(as_of=as_of)
    assert (row["n_members"], row["n_working_age"]) == (3, of_working_age)
    assert (row["n_able_willing"], row["n_employed"]) == (able, 0)


def test_the_employed_are_counted_at_any_age():
    street = Street().survey(
        "x", "2026-01-10", a={"emp_status": "10"}, b={"emp_status": "14"}, c=SEEKS
    )
    assert street.household()["n_employed"] == 2


def test_who_is_only_registered_here_is_counted_where_they_live():
    away = {**MAN, **WORKS, "residence_kind": "3"}
    row = Street().survey("x", "2026-01-10", a={**MAN, **SEEKS}, b=away).household()
    assert (row["n_members"], row["n_working_age"], row["n_employed"]) == (1, 1, 0)


def places(*points):
    """The place of a household for which (point, level, accuracy beside it) were given day by day."""
    history = History()
    for place, (point, level, *beside) in enumerate(points):
        values = {"loc": point} | ({"loc_accuracy": beside[0]} if beside else {})
        history.state("household", "x", f"2026-01-{place + 10}", values, level=level)
    row = row_of(fold_contributions(history.contributions, "2026-06-01"), "household", "x")
    return row["loc"][0], row["loc_accuracy"]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([([1, 23, 0, 8.0], 2), ([2, 23, 0, 20.0], 2)], (1, "8.00")),
        ([([1, 23, 0, 8.0], 2), ([2, 23, 0, 8.0], 2)], (2, "8.00")),  # the later of two equals
        ([([1, 23, 0, 8.0], 1), ([2, 23, 0, 20.0], 2)], (2, "20.00")),  # in person
        ([([1, 23, 0, 30.0], 3), ([2, 23, 0, 20.0], 2)], (2, "20.00")),
        ([([1, 23], 2), ([2, 23, 0, 900.0], 2)], (2, "900.00")),  # unknown is the worst
        ([([1, 23], 2)], (1, None)),
        ([([1, 23, 0], 2, "12.5"), ([2, 23, 0, 13.0], 2)], (1, "12.50")),
        ([([1, 23, 0, None], 2, "12.5")], (1, "12.50")),
        ([([1, 23, 0, None], 2)], (1, None)),
        ([([1, 23, None, 9.0], 2)], (1, "9.00")),
    ],
)
def test_the_best_place(points, expected):
    assert places(*points) == expected


def test_a_corrected_place_goes_before_all_that_came_before_it():
    history = History()
    history.state("household", "x", "2026-01-10", {"loc": [1, 23, 0, 5.0]}, level=4)
    history.decide("household", "x", "2026-02-10", loc=[2, 23, 0, 50.0])
    history.state("household", "x", "2026-03-10", {"loc": [3, 23, 0, 60.0]})
    row = row_of(fold_contributions(history.contributions, "2026-06-01"), "household", "x")
    assert row["loc"][0] == 2
    assert row["hh_no"] == f"440106003001-{row['id'][:8].upper()}"
