"""What visits and rosters find: somebody died, moved away, was not met, refused, is no longer named (rules.md, Visits)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.factories.assisted import MAN, SEEKING, Person
from tests.factories.contributions import History, fold_contributions, row_of
from tests.factories.ledgers import uuid_of
from tests.factories.surveyed import DIBAO, SEEKS, YOUNG, Street, cases, on_dibao, states

# --- who leaves the roster, dies, moves ---


def test_who_is_missing_from_the_last_roster_keeps_the_case_and_is_asked_for():
    street = on_dibao().survey("x", "2026-03-01", house=DIBAO, a=YOUNG | SEEKS, b=YOUNG)
    street.survey("x", "2026-09-01", house=DIBAO, b=YOUNG)
    assert [case[2] for case in cases(street)] == ["1"]
    (raised,) = street.fold().raised
    assert (raised.kind, raised.entry) == ("off_the_roster", uuid_of("person a"))
    assert raised.detail == {"households": [uuid_of("household x")]}
    street.survey("x", "2026-10-01", house={"dibao_status": "0"}, b=YOUNG)
    assert [case[2] for case in cases(street)] == ["1"]  # of the household as it was left
    street.decide("person", "a", "2026-10-02", person_status="2")
    assert [case[2:5] for case in cases(street)] == [("9", "2026-10-02", "6")]
    assert street.fold().raised == []


def test_who_moved_to_another_household_is_judged_by_that():
    street = on_dibao().survey("y", "2026-09-01", house={"other_income": True}, a=YOUNG | SEEKS)
    assert [case[2:5] for case in cases(street)] == [("9", "2026-09-01", "9")]


def test_a_visit_that_finds_a_death_marks_it_until_it_is_proved_or_taken_back():
    person = Person().visit("2026-04-10", "7")
    result = fold_contributions(person.contributions, "2026-05-01")
    row = row_of(result, "person", "a")
    assert row["person_status"] == "3"
    assert states(row, "person_status") == [
        ("2026-03-10", "1", "stated"),
        ("2026-04-10", "3", "visited"),
    ]
    assert [(item.kind, item.entry) for item in result.raised] == [
        ("death_reported", uuid_of("person a"))
    ]
    (case,) = result.rows["case"]
    assert (case["state"], case["close_reason"], case["next_due"]) == ("9", "7", None)
    assert case["closed_on"] == date(2026, 4, 10)
    assert person.case("2026-04-09")["state"] == "1"
    proved = Person().visit("2026-04-10", "7")
    proved.decide("person", "a", "2026-04-12", person_status="3")
    proved.decide("person", "a", "2026-04-12", death_date="2026-04-05")
    result = fold_contributions(proved.contributions, "2026-05-01")
    assert result.raised == []
    assert result.rows["case"][0]["closed_on"] == date(2026, 4, 5)
    assert result.rows["spell"][0]["end_on"] == date(2026, 4, 5)
    proved.decide("person", "a", "2026-04-20", person_status="1")  # proved: undone, not moved back
    result = fold_contributions(proved.contributions, "2026-05-01")
    assert [item.kind for item in result.raised] == ["illegal_move"]
    taken_back = Person().visit("2026-04-10", "7")
    taken_back.decide("person", "a", "2026-04-12", person_status="1")
    result = fold_contributions(taken_back.contributions, "2026-05-01")
    assert row_of(result, "person", "a")["person_status"] == "1"
    assert result.raised == []
    assert [case["state"] for case in result.rows["case"]] == ["1"]
    taken_back.visit("2026-04-13", "7")
    result = fold_contributions(taken_back.contributions, "2026-05-01")
    assert [item.contribution.day for item in result.raised] == [date(2026, 4, 13)]


def test_a_record_of_the_person_takes_no_death_back():
    person = Person().visit("2026-04-10", "7").record("2026-04-12", person_status="1")
    result = fold_contributions(person.contributions, "2026-05-01")
    assert row_of(result, "person", "a")["person_status"] == "3"
    assert sorted(item.kind for item in result.raised) == ["death_reported", "illegal_move"]


def test_two_visits_that_find_a_death_are_one():
    person = Person().visit("2026-04-10", "7").visit("2026-04-12", "7")
    result = fold_contributions(person.contributions, "2026-05-01")
    assert [item.contribution.day for item in result.raised] == [date(2026, 4, 10)]


def test_a_death_before_anything_else_was_said_counts():
    history = History()
    history.state("visit", "v", "2026-03-01", {"outcome": "7"}, links={"person": "a"})
    history.state("person", "a", "2026-03-10", {**MAN, **SEEKING})
    result = fold_contributions(history.contributions, "2026-04-01")
    assert row_of(result, "person", "a")["person_status"] == "3"
    assert result.rows["case"] == []


def test_a_move_that_a_visit_found_is_told_until_somebody_decides():
    person = Person().visit("2026-04-10", "6")
    (raised,) = fold_contributions(person.contributions, "2026-05-01").raised
    assert (raised.kind, raised.entry) == ("move_reported", uuid_of("person a"))
    person.visit("2026-04-12")
    assert fold_contributions(person.contributions, "2026-05-01").raised == []
    person.visit("2026-04-14", "6").record("2026-04-15", person_status="2")
    assert fold_contributions(person.contributions, "2026-05-01").raised == []


@pytest.mark.parametrize(("outcome", "kind"), [("6", "move_reported"), ("7", "death_reported")])
def test_what_a_visit_to_the_household_found_is_told_of_the_household(outcome, kind):
    street = on_dibao()
    street.state("visit", "v", "2026-05-01", {"outcome": outcome}, links={"household": "x"})
    (raised,) = street.fold().raised
    assert (raised.kind, raised.entry) == (kind, uuid_of("household x"))
    assert [case[2] for case in cases(street)] == ["1"]


# --- visits in vain ---


@pytest.mark.parametrize(
    ("outcomes", "kinds"),
    [
        ("33", []),
        ("333", ["not_met"]),
        ("383", ["not_met"]),
        ("3333", ["not_met"]),
        ("3313", []),
        ("331333", ["not_met"]),
        ("4", ["visit_refused"]),
        ("44", ["visit_refused"]),
        ("41", []),
        ("5", []),
    ],
)
def test_visits_in_vain_are_told_until_one_succeeds(outcomes, kinds):
    person = Person()
    for place, outcome in enumerate(outcomes):
        person.visit(f"2026-04-{place + 10}", outcome)
    raised = fold_contributions(person.contributions, "2026-05-01").raised
    assert [item.kind for item in raised] == kinds
    assert all(item.entry == uuid_of("person a") for item in raised)
    if kinds == ["not_met"]:
        assert raised[0].detail["attempts"] == len(outcomes.rpartition("1")[2])


def test_nobody_is_asked_to_visit_who_needs_no_visit():
    person = Person(birth_date="1996-03-03")
    for day in (10, 11, 12):
        person.visit(f"2026-04-{day}", "3")
    assert fold_contributions(person.contributions, "2026-05-01").raised == []


def test_a_day_of_death_that_a_phone_gives_is_to_be_proved_and_can_be_taken_back():
    person = Person().record("2026-04-12", death_date="2026-04-05").visit("2026-04-12", "7")
    result = fold_contributions(person.contributions, "2026-05-01")
    assert row_of(result, "person", "a")["death_date"] == "2026-04-05"
    assert [item.kind for item in result.raised] == ["death_reported"]
    assert result.rows["spell"][0]["end_on"] == date(2026, 4, 5)
    assert result.rows["case"][0]["closed_on"] == date(2026, 4, 5)
    proved = Person().record("2026-04-12", death_date="2026-04-05").visit("2026-04-12", "7")
    proved.decide("person", "a", "2026-04-13", death_date="2026-04-06")
    result = fold_contributions(proved.contributions, "2026-05-01")
    assert result.raised == []
    assert row_of(result, "person", "a")["death_date"] == "2026-04-06"
    person.decide("person", "a", "2026-04-13", person_status="1")
    result = fold_contributions(person.contributions, "2026-05-01")
    row = row_of(result, "person", "a")
    assert (row["person_status"], row.get("death_date"), result.raised) == ("1", None, [])
    assert [case["state"] for case in result.rows["case"]] == ["1"]


def test_who_moved_away_belongs_to_no_household_until_a_survey_names_them():
    street = Street().survey("x", "2026-03-10", a=YOUNG, b=YOUNG)
    street.state("person", "b", "2026-04-10", {"person_status": "2"})
    assert street.memberships("b") == [
        ("hukou", "2026-03-10", "2026-04-10"),
        ("resident", "2026-03-10", "2026-04-10"),
    ]
    assert street.household()["n_members"] == 1
    street.survey("x", "2026-05-10", a=YOUNG, b=YOUNG | {"person_status": "1"})
    assert ("resident", "2026-05-10", None) in street.memberships("b")


def test_a_quick_confirmation_is_of_the_day_the_level_and_the_source():
    person = Person().record("2026-07-10", person_status="1")
    row = row_of(fold_contributions(person.contributions, "2026-08-01"), "person", "a")
    last = person.contributions[-1]
    assert row["last_confirmed_on"] == date(2026, 7, 10)
    assert (row["source_submission_id"], row["verified_level"]) == (last.submission_id, last.level)
    assert "history" not in row or row["history"] == {}
