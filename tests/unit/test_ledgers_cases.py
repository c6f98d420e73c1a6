"""Assistance cases: entry and states, on the day before, the day and the day after (rules.md, Cases: entry)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.factories.assisted import DAY, MAN, SEEKING, Person
from tests.factories.contributions import History, fold_contributions, row_of
from tests.factories.ledgers import uuid_of

# --- entry ---


@pytest.mark.parametrize(
    ("birth", "opened_on"),
    [
        ("1970-05-01", "2026-03-10"),  # the first statement about the spell
        ("1976-03-10", "2026-03-10"),
        ("1976-03-11", "2026-03-11"),  # the fiftieth birthday
        ("1976-09-15", "2026-09-15"),
    ],
)
def test_a_case_opens_on_the_day_a_category_holds(birth, opened_on):
    day = date.fromisoformat(opened_on)
    person = Person(birth_date=birth)
    assert person.case(day)["opened_on"] == day
    assert person.case(day + DAY)["opened_on"] == day
    if day > date(2026, 3, 10):
        assert person.cases(day - DAY) == []


def test_what_was_so_before_there_were_rules_counts_from_their_first_day():
    history = History()
    values = {**MAN, **SEEKING, "birth_date": "1950-05-01", "spell.unemp_date": "2003-02-01"}
    history.state("person", "a", "2004-03-10", values)
    (case,) = fold_contributions(history.contributions, "2005-02-01").rows["case"]
    assert case["opened_on"] == date(2005, 1, 1)


def test_a_case_of_several_categories_opens_with_the_first():
    person = Person(birth_date="1976-09-15", health="6")
    assert person.case("2026-10-01")["category"] == ["B01", "B02"]
    assert person.case("2026-10-01")["opened_on"] == date(2026, 3, 10)


@pytest.mark.parametrize(("born", "opens"), [("1976-04-04", True), ("1976-04-05", False)])
def test_a_category_may_begin_on_the_last_day_of_the_spell(born, opens):
    person = Person(birth_date=born).record("2026-04-05", emp_status="10")
    assert bool(person.cases("2026-05-01")) is opens
    if opens:
        assert person.case("2026-05-01")["opened_on"] == date(2026, 4, 4)


@pytest.mark.parametrize(
    ("day", "is_open"), [("2031-09-30", True), ("2031-10-01", False), ("2031-10-02", False)]
)
def test_nothing_holds_from_the_day_of_retirement(day, is_open):
    case = Person().case(day)
    assert (case["state"] == "1") is is_open
    assert case["category"] == ["B01", "B07"]  # as long as they held
    assert case.get("closed_on") == (None if is_open else date(2031, 10, 1))


def test_a_spell_of_tomorrow_opens_no_case_today():
    person = Person(spell__unemp_date="2026-03-10")
    assert person.cases("2026-03-09") == []
    assert len(person.cases("2026-03-10")) == 1


@pytest.mark.parametrize(
    ("change", "opens"),
    [
        ({}, True),
        ({"job_willing": False}, False),
        ({"work_capacity": "3"}, False),
        ({"work_capacity": "9"}, False),
        ({"work_capacity": "2"}, True),
        ({"birth_date": "1990-05-01"}, False),  # no category
        ({"birth_date": ""}, False),
        ({"hukou_area": "440106003001"}, True),
        ({"hukou_area": "430100000000"}, False),  # set B asks for Guangdong hukou
    ],
)
def test_a_case_needs_a_category_capacity_and_will(change, opens):
    assert bool(Person(**change).cases("2026-04-01")) is opens


@pytest.mark.parametrize(
    ("change", "days"),
    [
        ({"health": "6"}, {"B02": "2026-03-10"}),
        ({"disability": ["4"]}, {"B02": "2026-03-10"}),
        ({"spell__unemp_reason": "11"}, {"B09": "2026-03-10"}),
        ({"spell__unemp_reason": "10"}, {"B11": "2026-09-01", "B07": "2027-03-01"}),
        ({"spell__unemp_reason": "02"}, {"B07": "2027-03-01"}),
    ],
)
def test_categories_of_2023_begin_on_their_day(change, days):
    person = Person(birth_date="1990-05-01", **change)
    for category, day in days.items():
        first = date.fromisoformat(day)
        held = [
            category in {code for case in person.cases(as_of) for code in case["category"]}
            for as_of in (first - DAY, first, first + DAY)
        ]
        assert held == [False, True, True], category  # and nobody spoke before 10 March


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"birth_date": "1955-05-01"}, "A01"),
        ({"health": "6"}, "A05"),
        ({"emp_status": "22"}, "A07"),
        ({"spell__unemp_reason": "04"}, "A07"),
        ({"spell__unemp_date": "2009-01-01"}, "A08"),
        ({"spell__unemp_reason": "11"}, "A09"),
    ],
)
def test_categories_of_2005(change, category):
    history = History()
    values = {**MAN, **SEEKING, "birth_date": "1980-05-01", "spell__unemp_date": "2010-02-01"}
    values = {key.replace("__", "."): value for key, value in {**values, **change}.items()}
    history.state("person", "a", "2010-03-10", values)
    (case,) = fold_contributions(history.contributions, "2010-04-01").rows["case"]
    assert case["category"] == [category]


@pytest.mark.parametrize(("as_of", "expected"), [("2022-12-31", ["A01"]), ("2023-01-01", ["B01"])])
def test_the_sets_change_on_new_years_day_of_2023(as_of, expected):
    history = History()
    values = {**MAN, **SEEKING, "spell.unemp_date": "2022-12-01"}
    history.state("person", "a", "2022-12-10", values)
    (case,) = fold_contributions(history.contributions, as_of).rows["case"]
    assert case["category"] == expected


def test_a_category_does_not_begin_after_retirement():
    person = Person(birth_date="1965-02-28", spell__unemp_date="2025-03-28")  # retires 2025-03-28
    assert person.cases("2026-04-01") == []
    person = Person(birth_date="1965-03-28", spell__unemp_date="2025-04-27")  # retires 2025-04-28
    assert person.cases("2026-04-01") == []  # retired when the spell was first heard of
    person = Person(birth_date="1966-01-10", spell__unemp_date="2026-03-01")  # 2026-05-10
    case = person.case("2026-06-01")
    assert (case["opened_on"], case["closed_on"]) == (date(2026, 3, 10), date(2026, 5, 10))


def test_will_and_capacity_count_from_the_day_they_are_heard_of():
    person = Person(job_willing=False).record("2026-04-10", job_willing=True)
    assert person.cases("2026-04-09") == []
    assert person.case("2026-04-10")["opened_on"] == date(2026, 4, 10)
    person.record("2026-05-10", job_willing=False)  # ends nothing
    assert person.case("2026-06-01")["state"] == "1"
    late = Person(job_willing=False).record("2026-04-10", emp_status="10")
    late.record("2026-04-10", job_willing=True)  # first heard when the spell was over
    assert late.cases("2026-06-01") == []


@pytest.mark.parametrize(("categories", "level"), [(1, "2"), (2, "1"), (3, "1")])
def test_a_case_of_more_than_one_category_is_key(categories, level):
    more = [{}, {"health": "6"}, {"health": "6", "spell__unemp_reason": "11"}][categories - 1]
    person = Person(**more)
    case = person.case("2026-04-01")
    assert (len(case["category"]), case["level"]) == (categories, level)
    row = row_of(fold_contributions(person.contributions, "2026-04-01"), "person", "a")
    assert row["is_key"] is (level == "1")


def test_an_open_key_case_makes_a_key_person_beside_closed_ones():
    person = Person().record("2026-04-05", emp_status="10", spell__start_on="2026-03-31")
    person.record("2026-10-10", emp_status="21", health="6", spell__unemp_date="2026-10-01")
    row = row_of(fold_contributions(person.contributions, "2026-11-01"), "person", "a")
    assert [case["state"] for case in person.cases("2026-11-01")] == ["9", "1"]
    assert row["is_key"] is True


def test_a_closed_key_case_makes_no_key_person():
    person = Person(health="6").record("2026-04-10", person_status="2")
    assert person.case("2026-06-01")["level"] == "1"
    row = row_of(fold_contributions(person.contributions, "2026-06-01"), "person", "a")
    assert row["is_key"] is False


def test_what_a_new_case_holds():
    person = Person(
        relation="0", spell__unemp_reason="02", skill_grade="4", training_wish=["04"],
        disability_cert="sealed", health="6",
    )  # fmt: skip
    case = person.case("2026-04-01")
    assert case["five_clear"] == {
        "family": "0", "reason": "02", "skills": ["4"], "training": ["04"],
    }  # fmt: skip
    assert (case["found_by"], case["offers_n"], case["refusals_n"]) == ("1", 0, 0)
    assert case["category_evidence"] == ["07"]
    assert case["linked_worker_id"] == 1
    assert case["case_no"] == f"440106003001-{case['id'][:8].upper()}"


# --- states ---


@pytest.mark.parametrize(
    ("acts", "state", "illegal"),
    [
        ([], "1", 0),
        (["2"], "2", 0),
        (["3"], "3", 0),
        (["3", "4"], "4", 0),
        (["3", "4", "5"], "5", 0),
        (["4"], "1", 1),  # no public notice before the check
        (["10"], "10", 0),
        (["9"], "9", 0),
    ],
)
def test_office_staff_move_a_case(acts, state, illegal):
    person = Person()
    for place, act in enumerate(acts):
        person.staff(f"2026-03-{place + 11}", state=act)
    result = fold_contributions(person.contributions, "2026-04-01")
    (case,) = result.rows["case"]
    assert case["state"] == state
    raised = [(item.kind, item.entry, item.column) for item in result.raised]
    assert raised == [("illegal_move", uuid_of("person a"), "case.state")] * illegal
    moved = [act for act in person.contributions if act.is_desk_act][: len(acts) - illegal]
    assert case["origins"] == ({str(moved[-1].id): ["state"]} if moved else {})


def test_acts_from_the_day_the_next_case_opens_are_about_that():
    person = Person().record("2026-04-05", emp_status="10", spell__start_on="2026-03-31")
    person.record("2026-10-10", emp_status="21", spell__unemp_date="2026-10-01")
    person.staff("2026-10-09", level="1").staff("2026-10-10", found_by="3")
    first, second = person.cases("2026-11-01")
    assert (first["level"], first["found_by"]) == ("1", "1")
    assert (second["level"], second["found_by"]) == ("2", "3")


def test_acts_before_a_case_opened_are_not_about_it():
    person = Person().staff("2026-03-09", state="2").staff("2026-03-10", state="3")
    assert person.case("2026-04-01")["state"] == "3"


@pytest.mark.parametrize(
    ("visited", "outcome", "state"),
    [
        ("2026-02-28", "1", "5"),  # before the spell that opened the case
        ("2026-03-01", "1", "6"),
        ("2026-03-20", "2", "6"),
        ("2026-03-20", "3", "5"),  # nobody at home
    ],
)
def test_a_certified_case_becomes_active_by_a_visit(visited, outcome, state):
    assert Person().certified().visit(visited, outcome).case("2026-04-01")["state"] == state
    assert Person().visit(visited, outcome).case("2026-04-01")["state"] == "1"


@pytest.mark.parametrize(
    ("visited", "state", "done_on"),
    [
        ("2026-03-31", "7", None),
        ("2026-04-01", "7", None),  # the day of placing is no follow-up
        ("2026-04-02", "8", "2026-04-02"),
    ],
)
def test_a_placed_case_is_followed_up_by_a_later_visit(visited, state, done_on):
    person = Person().record("2026-04-05", emp_status="10", spell__start_on="2026-04-01")
    case = person.visit(visited).case("2026-04-10")
    assert (case["state"], case["placed_on"]) == (state, date(2026, 4, 1))
    assert case["followup"][0]["done_on"] == done_on


def test_a_visit_meets_one_follow_up():
    person = Person().record(
        "2026-04-05", emp_status="10", spell__start_on="2026-03-31", spell__emp_form="4"
    )
    person.visit("2026-04-20").visit("2026-08-01")
    case = person.case("2026-08-02")
    assert case["placed_form"] == "4"
    assert case["followup"] == [
        {"months": 1, "due_on": "2026-04-30", "done_on": "2026-04-20"},
        {"months": 3, "due_on": "2026-06-30", "done_on": "2026-08-01"},
        {"months": 6, "due_on": "2026-09-30", "done_on": None},
    ]
    assert case["next_due"] == date(2026, 9, 30)


def test_a_missed_follow_up_is_met_by_the_next_visit_after_it():
    person = Person().record("2026-04-05", emp_status="10", spell__start_on="2026-03-31")
    case = person.visit("2026-05-05").case("2026-05-06")
    assert [item["done_on"] for item in case["followup"]] == ["2026-05-05", None, None]
    person.visit("2026-06-20").visit("2026-07-20")
    case = person.case("2026-07-21")
    done = ["2026-05-05", "2026-06-20", "2026-07-20"]
    assert [item["done_on"] for item in case["followup"]] == done
    assert case["next_due"] is None
