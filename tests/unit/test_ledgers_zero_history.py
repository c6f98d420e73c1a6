"""Households in which nobody works, from day to day: suspected, certified, helped, stable, left (rules.md, Zero-employment households)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.factories.assisted import DAY, MAN
from tests.factories.surveyed import SEEKS, SINCE_FEBRUARY, WORKS, YOUNG, Street, cases, states

# --- households in which nobody works ---


def couple(**house):
    both = {"a": YOUNG | SEEKS | SINCE_FEBRUARY, "b": YOUNG | SEEKS | SINCE_FEBRUARY}
    return Street().survey("x", "2026-03-01", house=house or None, **both)


def certified(street, day="2026-04-01"):
    for hour, state in enumerate("234", 10):
        street.decide("household", "x", day, hour, zero_emp_state=state)
    return street


def takes_work(street, told="2026-07-02", since="2026-07-01", name="b"):
    street.state("person", name, told, WORKS | {"spell.start_on": since, "spell.emp_form": "1"})
    return street


def test_work_in_a_suspected_household_closes_its_case_and_leaves_all_on_record():
    assert cases(takes_work(couple())) == [
        ("a", "2026-03-01", "9", "2026-07-02", "9", ["B04"]),
        ("b", "2026-03-01", "7", None, None, ["B04"]),
        ("x", "2026-03-01", "9", "2026-07-02", "9", ["B04"]),
    ]


@pytest.mark.parametrize(
    ("as_of", "state", "case", "closed_on"),
    [
        ("2026-03-31", "1", "1", None),
        ("2026-04-01", "4", "6", None),  # certified, and visited by the survey
        ("2026-07-01", "4", "6", None),
        ("2026-07-02", "5", "7", None),
        ("2026-09-30", "5", "7", None),
        ("2026-10-01", "6", "7", None),  # three months after the work began
        ("2026-12-31", "6", "7", None),
        ("2027-01-01", "7", "9", "2027-01-01"),  # six months
        ("2027-01-02", "7", "9", "2027-01-01"),
    ],
)
def test_a_certified_household_is_helped_becomes_stable_and_leaves(as_of, state, case, closed_on):
    street = takes_work(certified(couple()))
    assert street.household(as_of=as_of)["zero_emp_state"] == state
    (row,) = [item for item in cases(street, as_of) if item[0] == "x"]
    assert row[1:4] == ("2026-03-01", case, closed_on)


def test_every_state_of_a_household_is_kept_with_its_day_and_why():
    street = takes_work(certified(couple()))
    row = street.household(as_of="2027-02-01")
    assert states(row, "zero_emp_state") == [
        ("2026-03-01", "1", "nobody_works"),
        ("2026-04-01", "2", "decided"),
        ("2026-04-01", "3", "decided"),
        ("2026-04-01", "4", "decided"),
        ("2026-07-02", "5", "job"),
        ("2026-10-01", "6", "lasted"),
        ("2027-01-01", "7", "lasted"),
    ]
    acts = [act.id for act in street.contributions if act.is_desk_act]
    assert [by for _, _, by, why in row["history"]["zero_emp_state"] if why == "decided"] == acts
    (case,) = [
        item for item in street.fold("2027-02-01").rows["case"] if "subject_household_id" in item
    ]
    assert case["certified_on"] == date(2026, 4, 1)
    assert (case["placed_on"], case["placed_form"]) == (date(2026, 7, 1), "1")
    assert states(case) == [
        ("2026-03-01", "1", "conditions"),
        ("2026-04-01", "2", "decided"),
        ("2026-04-01", "3", "decided"),
        ("2026-04-01", "5", "decided"),
        ("2026-04-01", "6", "decided"),
        ("2026-07-02", "7", "job"),
        ("2027-01-01", "9", "lasted"),
    ]


@pytest.mark.parametrize(
    ("lost_on", "state"), [("2026-09-01", "4"), ("2026-11-01", "4"), ("2027-01-10", "1")]
)
def test_a_job_lost_too_soon_brings_the_household_back(lost_on, state):
    street = takes_work(certified(couple()))
    street.state("person", "b", lost_on, SEEKS)
    as_of = date.fromisoformat(lost_on) + 5 * DAY
    assert street.household(as_of=as_of)["zero_emp_state"] == state
    mine = [item for item in cases(street, as_of) if item[0] == "x"]
    assert [item[1] for item in mine] == ["2026-03-01"] + (["2027-01-10"] if state == "1" else [])
    assert len({row["id"] for row in street.fold(as_of).rows["case"]}) == len(cases(street, as_of))
    again = takes_work(street, "2027-02-01", "2027-02-01")
    assert again.household(as_of="2027-02-02")["zero_emp_state"] == ("5" if state == "4" else "0")


def test_work_heard_of_on_the_day_of_the_decisions_helps_after_them():
    street = couple()
    takes_work(street, "2026-04-01", "2026-03-30")
    assert certified(street).household()["zero_emp_state"] == "5"
    assert [item[2] for item in cases(street, "2026-06-01") if item[0] == "x"] == ["7"]


def test_work_that_was_heard_of_late_has_lasted_already():
    street = takes_work(certified(couple()), "2026-12-01", "2026-05-01")
    assert states(street.household(as_of="2026-12-02"), "zero_emp_state")[-3:] == [
        ("2026-12-01", "5", "job"),
        ("2026-12-01", "6", "lasted"),
        ("2026-12-01", "7", "lasted"),
    ]


def test_who_is_too_old_to_work_leaves_without_help():
    old = {**MAN, **SEEKS, "birth_date": "1966-06-01", "residence_kind": "1"}
    street = certified(Street().survey("x", "2026-03-01", a=old))
    assert street.household(as_of="2026-05-31")["zero_emp_state"] == "4"
    row = street.household(as_of="2026-06-01")
    assert states(row, "zero_emp_state")[-1] == ("2026-06-01", "7", "ended")
    (case,) = [item for item in cases(street, "2026-06-02") if item[0] == "x"]
    assert case[2:5] == ("9", "2026-06-01", "9")


def test_business_income_heard_of_clears_a_suspected_household():
    street = couple().survey("x", "2026-05-01", outcome="2", house={"other_income": True})
    assert states(street.household(), "zero_emp_state") == [
        ("2026-03-01", "1", "nobody_works"),
        ("2026-05-01", "0", "ended"),
    ]


def test_what_staff_set_aside_is_not_suspected_again_until_work_comes_and_goes():
    street = couple()
    street.decide("household", "x", "2026-03-05", zero_emp_state="0")
    street.survey("x", "2026-04-01", a=YOUNG | SEEKS, b=YOUNG | SEEKS)
    assert street.household(as_of="2026-05-01")["zero_emp_state"] == "0"
    takes_work(street).state("person", "b", "2026-08-01", SEEKS)
    assert street.household(as_of="2026-08-01")["zero_emp_state"] == "1"


def test_a_household_that_staff_call_helped_stays_so_and_nothing_lasts():
    street = certified(couple())
    street.decide("household", "x", "2026-04-02", zero_emp_state="5")
    row = street.household(as_of="2027-06-01")
    assert row["zero_emp_state"] == "5"
    (case,) = [item for item in cases(street) if item[0] == "x"]
    assert case[2] == "6"


def test_a_households_case_that_staff_close_stays_closed_while_nobody_works():
    street = couple()
    street.decide("household", "x", "2026-03-05", case__state="9")
    street.survey("x", "2026-04-01", a=YOUNG | SEEKS, b=YOUNG | SEEKS)
    assert [item[1:4] for item in cases(street) if item[0] == "x"] == [
        ("2026-03-01", "9", "2026-03-05")
    ]
    takes_work(street).state("person", "b", "2026-08-01", SEEKS)
    assert [item[1] for item in cases(street) if item[0] == "x"] == ["2026-03-01", "2026-08-01"]


def test_a_suspended_case_of_a_household_stays_suspended_through_its_certification():
    street = couple()
    street.decide("household", "x", "2026-03-05", case__state="10")
    assert [item[2] for item in cases(certified(street)) if item[0] == "x"] == ["10"]


def test_a_move_of_a_households_case_that_is_not_legal_is_raised():
    street = couple()
    act = street.decide("household", "x", "2026-03-05", case__state="5")
    raised = [(item.kind, item.column, item.contribution) for item in street.fold().raised]
    assert ("illegal_move", "case.state", act) in raised


def test_a_state_that_staff_repeat_is_theirs():
    street = couple()
    act = street.decide("household", "x", "2026-03-05", zero_emp_state="1")
    row = street.household()
    assert (row["zero_emp_state"], row["origins"][str(act.id)]) == ("1", ["zero_emp_state"])
