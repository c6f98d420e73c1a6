"""Cases and states judged day by day: what a later answer may change, and what it never does (rules.md, Judged day by day)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.factories.assisted import Person
from tests.factories.contributions import fold_contributions, row_of
from tests.factories.surveyed import DIBAO, SEEKS, WORKS, YOUNG, Street, cases, on_dibao, states

# --- what a household receives ---


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-08-31", ("a", "2026-03-01", "1", None, None, ["B03"])),
        ("2026-09-01", ("a", "2026-03-01", "9", "2026-09-01", "9", ["B03"])),
        ("2026-09-02", ("a", "2026-03-01", "9", "2026-09-01", "9", ["B03"])),
    ],
)
def test_a_case_closes_on_the_day_the_allowance_is_known_to_be_over(as_of, expected):
    street = on_dibao().survey("x", "2026-09-01", house={"dibao_status": "0"}, a=YOUNG | SEEKS)
    assert cases(street, as_of) == [expected]


def test_an_allowance_that_comes_back_opens_another_case():
    street = on_dibao().survey("x", "2026-09-01", house={"dibao_status": "0"}, a=YOUNG | SEEKS)
    street.survey("x", "2026-10-01", house={"dibao_status": "1"}, a=YOUNG | SEEKS)
    first, second = cases(street)
    assert first[1:5] == ("2026-03-01", "9", "2026-09-01", "9")
    assert second[1:5] == ("2026-10-01", "1", None, None)


def test_an_allowance_heard_of_later_opens_the_case_then():
    street = Street().survey("x", "2026-03-01", house={"other_income": True}, a=YOUNG | SEEKS)
    street.survey("x", "2026-04-01", house=DIBAO, a=YOUNG | SEEKS)
    assert [case[1] for case in cases(street)] == ["2026-04-01"]


def test_what_was_known_of_a_household_before_somebody_came_counts_from_then():
    street = Street().survey("x", "2026-01-10", house=DIBAO, b=YOUNG)
    street.survey("x", "2026-03-01", house={}, a=YOUNG | SEEKS, b=YOUNG)
    street.survey("x", "2026-04-01", house={"dibao_status": "0"}, a=YOUNG, b=YOUNG)
    assert cases(street) == [("a", "2026-03-01", "9", "2026-04-01", "9", ["B03"])]


def test_a_closed_case_stays_when_what_it_rested_on_ends_later():
    street = on_dibao()
    street.survey("x", "2026-03-20", house=DIBAO, a=WORKS | {"spell.start_on": "2026-03-15"})
    closed = ("a", "2026-03-01", "9", "2026-09-15", "1", ["B03"])
    assert cases(street, "2026-09-20") == [closed]
    street.survey("x", "2026-10-01", house={"dibao_status": "0"}, a=WORKS)
    assert cases(street) == [closed]


def test_a_worse_verified_answer_does_not_end_the_allowance():
    street = on_dibao()
    street.state("household", "x", "2026-09-01", {"dibao_status": "0"}, level=1)
    assert [case[2] for case in cases(street)] == ["1"]
    street.state("household", "x", "2026-10-01", {"dibao_status": "0"})
    street.state("household", "x", "2026-10-01", {"dibao_status": "2"})
    assert states(street.household(), "dibao_status") == [
        ("2026-03-01", "1", "stated"),
        ("2026-10-01", "2", "stated"),  # the last answer of the day
    ]
    street.decide("household", "x", "2026-10-02", dibao_status="2")
    street.decide("household", "x", "2026-10-03", dibao_status="1")
    assert states(street.household(), "dibao_status")[2:] == [("2026-10-03", "1", "decided")]


# --- work, capacity, will ---


@pytest.mark.parametrize(
    ("lost_on", "opened"),
    [("2026-09-14", ["2026-03-01"]), ("2026-09-15", ["2026-03-01", "2026-10-10"])],
)
def test_work_that_proves_to_have_ended_too_soon_did_not_close_the_case(lost_on, opened):
    street = on_dibao()
    street.survey("x", "2026-03-20", house=DIBAO, a=WORKS | {"spell.start_on": "2026-03-15"})
    lost = YOUNG | SEEKS | {"spell.unemp_date": lost_on}
    street.survey("x", "2026-10-10", house=DIBAO, a=lost)
    assert [case[1] for case in cases(street)] == opened
    assert cases(street)[-1][2] == "1"


def test_work_begun_before_the_case_opened_places_it_from_its_first_day():
    person = Person(birth_date="1976-04-04").record(
        "2026-04-20", emp_status="10", spell__start_on="2026-04-01"
    )
    assert person.case("2026-04-10")["opened_on"] == date(2026, 4, 4)
    assert person.case("2026-04-21")["placed_on"] == date(2026, 4, 4)


@pytest.mark.parametrize(
    ("change", "categories"),
    [
        ({}, [["B03"]]),
        ({"emp_status": "39"}, [["B03"]]),
        ({"job_willing": False}, []),
        ({"work_capacity": "3"}, []),
        ({"emp_status": "30"}, []),
        ({"emp_status": "35"}, []),
        ({"birth_date": "1970-03-03"}, [["B03"]]),  # 4050 is for the unemployed
    ],
)
def test_who_keeps_house_and_would_work_is_assisted(change, categories):
    street = on_dibao(**{"emp_status": "32", **change})
    assert [case[5] for case in cases(street)] == categories


def test_who_keeps_house_from_now_on_and_would_work_stays_in_the_case():
    street = on_dibao().survey("x", "2026-05-01", house=DIBAO, a={"emp_status": "32"})
    assert [case[1:3] for case in cases(street)] == [("2026-03-01", "1")]
    street.survey("x", "2026-06-01", house=DIBAO, a={"job_willing": False})
    assert [case[2:5] for case in cases(street)] == [("9", "2026-05-01", "9")]


def test_capacity_lost_and_found_is_another_case():
    street = on_dibao().survey("x", "2026-05-01", house=DIBAO, a={"work_capacity": "3"})
    street.survey("x", "2026-06-01", house=DIBAO, a={"work_capacity": "1"})
    assert [case[1:5] for case in cases(street)] == [
        ("2026-03-01", "9", "2026-05-01", "5"),
        ("2026-06-01", "1", None, None),
    ]


def test_a_case_that_staff_closed_stays_closed_until_work_was_lost_again():
    person = Person().staff("2026-04-01", state="9").staff("2026-04-01", close_reason="4")
    person.record("2026-05-01", emp_status="21", job_willing=True)
    (case,) = person.cases("2026-06-01")
    assert (case["closed_on"], case["close_reason"]) == (date(2026, 4, 1), "4")
    person.record("2026-07-01", emp_status="10").record("2026-08-01", emp_status="21")
    assert [case["opened_on"] for case in person.cases("2026-09-01")] == [
        date(2026, 3, 10),
        date(2026, 8, 1),
    ]


def test_a_closed_case_cannot_be_moved():
    person = Person().record("2026-04-01", emp_status="30")
    person.staff("2026-04-02", state="2").staff("2026-04-03", state="9")
    result = fold_contributions(person.contributions, "2026-05-01")
    assert [item.contribution.day for item in result.raised] == [date(2026, 4, 2)]
    assert result.rows["case"][0]["state"] == "9"


def test_reasons_of_a_closing_go_when_the_case_is_open():
    person = (
        Person().staff("2026-04-01", closed_on="2026-04-01").staff("2026-04-01", close_reason="4")
    )
    case = person.case("2026-05-01")
    assert (case["state"], case.get("closed_on"), case.get("close_reason")) == ("1", None, None)


@pytest.mark.parametrize(
    ("values", "held"),
    [
        ({"health": "1"}, False),
        ({"health": "6"}, True),
        ({"edu": "20"}, True),
    ],
)
def test_a_disability_is_unsaid_by_another_answer_on_health(values, held):
    person = Person(birth_date="1996-03-03", health="6", disability=["4"], disability_cert="sealed")
    person.record("2026-05-01", **values)
    row = row_of(fold_contributions(person.contributions, "2026-06-01"), "person", "a")
    assert ("disability" in row, "disability_cert" in row) == (held, held)
    assert person.case("2026-06-01")["state"] == ("1" if held else "9")


def test_what_was_unsaid_does_not_come_back_with_the_condition():
    person = Person(health="6", disability=["4"]).record("2026-05-01", health="1")
    person.record("2026-06-01", health="6")
    row = row_of(fold_contributions(person.contributions, "2026-07-01"), "person", "a")
    assert (row["health"], row.get("disability")) == ("6", None)
    person.record("2026-08-01", health="6", disability=["3"])
    row = row_of(fold_contributions(person.contributions, "2026-09-01"), "person", "a")
    assert row["disability"] == ["3"]


def test_a_worse_verified_answer_unsays_nothing():
    person = Person(health="6", disability=["4"])
    person.state("person", "a", "2026-05-01", {"health": "1"}, level=1)
    row = row_of(fold_contributions(person.contributions, "2026-07-01"), "person", "a")
    assert (row["health"], row["disability"]) == ("6", ["4"])


def test_the_reason_of_unemployment_may_be_corrected():
    person = Person(birth_date="1996-03-03", spell__unemp_reason="11")
    person.record("2026-05-01", spell__unemp_reason="02")
    case = person.case("2026-06-01")
    assert (case["category"], case["state"], case["closed_on"]) == (["B09"], "9", date(2026, 5, 1))


# --- spells that staff correct ---


@pytest.mark.parametrize(
    ("column", "value", "start"),
    [
        ("spell__start_on", "2025-10-01", "2025-10-01"),
        ("spell__unemp_date", "2025-10-01", "2025-10-01"),
        ("spell__start_on", "2026-03-20", "2026-03-20"),  # later than first stated
        ("spell__start_on", "2027-01-01", "2026-04-01"),  # not after the act
        ("spell__unemp_reason", "02", "2026-03-01"),
    ],
)
def test_staff_correct_the_first_day_of_a_spell(column, value, start):
    person = Person()
    person.decide("person", "a", "2026-04-01", **{column: value})
    person.record("2026-05-01", emp_status="21")
    if column != "spell__unemp_reason":
        person.record("2026-05-02", emp_status="21", spell__unemp_date="2026-02-01")
    (spell,) = fold_contributions(person.contributions, "2026-06-01").rows["spell"]
    assert str(spell["start_on"]) == start


def test_a_corrected_start_takes_the_days_of_the_spells_before():
    person = Person().record("2026-04-05", emp_status="10").record("2026-05-05", emp_status="21")
    person.decide("person", "a", "2026-06-01", spell__start_on="2026-03-01")
    (spell,) = fold_contributions(person.contributions, "2026-06-02").rows["spell"]
    assert (str(spell["start_on"]), spell["spell_kind"]) == ("2026-03-01", "2")


# --- nothing that was is changed by what comes later ---


def test_the_visit_that_told_of_the_work_is_no_follow_up():
    person = Person()
    number = person.submission()
    told = {"emp_status": "10", "spell.start_on": "2026-06-20"}
    person.state("person", "a", "2026-06-25", told, submission=number)
    links = {"person": "a"}
    person.state("visit", "v", "2026-06-25", {"outcome": "1"}, links=links, submission=number)
    case = person.case("2026-07-01")
    assert (case["state"], case["next_due"]) == ("7", date(2026, 7, 20))
    assert person.visit("2026-07-02").case("2026-07-03")["state"] == "8"


@pytest.mark.parametrize(
    ("as_of", "due"), [("2026-06-15", "2026-06-22"), ("2026-06-20", "2026-06-22")]
)
def test_a_case_that_time_opened_is_due_after_it_opened(as_of, due):
    person = Person(birth_date="1976-06-15").visit("2026-03-12")
    assert person.case(as_of)["next_due"] == date.fromisoformat(due)


@pytest.mark.parametrize(
    ("answers", "hardships"),
    [
        ([["1", "3"], ["5"]], ["1", "3", "5"]),
        ([["1", "3"], ["0"]], ["0"]),
        ([["1", "3"], ["0"], ["5"]], ["5"]),
        ([["0"], ["0"]], ["0"]),
        ([["0"]], ["0"]),
    ],
)
def test_hardships_add_up_until_there_are_none(answers, hardships):
    street = Street()
    for place, answer in enumerate(answers):
        street.survey("x", f"2026-03-{place + 10}", house={"hardship": answer}, a=YOUNG)
    assert street.household()["hardship"] == hardships


def test_a_decision_of_office_staff_confirms_nobody():
    person = Person()
    person.decide("person", "a", "2026-05-01", edu="20")
    row = row_of(fold_contributions(person.contributions, "2026-06-01"), "person", "a")
    assert row["last_confirmed_on"] == date(2026, 3, 10)
