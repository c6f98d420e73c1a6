"""Households in which nobody works, and their case (rules.md, Zero-employment households)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.factories.contributions import row_of
from tests.factories.surveyed import FARMS, MAN, SEEKS, WORKS, Street

# --- zero employment ---


@pytest.mark.parametrize(
    ("wife", "house", "state"),
    [
        ({"emp_status": "32"}, {}, "1"),
        (SEEKS, {}, "1"),
        (WORKS, {}, "0"),
        (FARMS, {}, "0"),  # in town farming is work
        (WORKS | {"residence_kind": "2"}, {}, "1"),  # registered elsewhere
        (WORKS | {"birth_date": "1970-01-01"}, {}, "1"),  # past working age
        (WORKS | {"death_date": "2026-01-05"}, {}, "1"),
        ({}, {"other_income": True}, "0"),
        ({}, {"other_income": False}, "1"),
    ],
)
def test_nobody_works(wife, house, state):
    wife = {"birth_date": "1975-01-01", "sex": "2", "residence_kind": "1", **wife}
    house = {"address": "示范路1号", **house}
    street = Street().survey("x", "2026-01-10", house=house, a=MAN | SEEKS, b=wife)
    assert street.household()["zero_emp_state"] == state
    assert row_of(street.fold(), "person", "a")["in_zero_emp_hh"] is (state == "1")
    cases = [row for row in street.fold().rows["case"] if row.get("subject_household_id")]
    assert len(cases) == (state == "1")


@pytest.mark.parametrize(
    "change",
    [
        {"emp_status": "30"},
        {"emp_status": "31"},
        {"emp_status": "33"},
        {"emp_status": "34"},
        {"emp_status": "35"},
        {"work_capacity": "3"},
        {"job_willing": False},
        {"birth_date": ""},
        {"residence_kind": "2"},
    ],
)
def test_somebody_must_be_able_and_willing(change):
    street = Street().survey("x", "2026-01-10", a=MAN | SEEKS | change)
    assert street.household()["zero_emp_state"] == "0"


@pytest.mark.parametrize(
    ("natures", "state"), [(("20", "20"), "1"), (("20", "10"), "0"), (("10", "20"), "0")]
)
def test_in_a_rural_household_farming_is_no_job(natures, state):
    man, woman = natures
    street = Street().survey(
        "x",
        "2026-01-10",
        a=MAN | SEEKS | {"hukou_type": man},
        b=MAN | FARMS | {"hukou_type": woman},
    )
    assert street.household()["zero_emp_state"] == state


@pytest.mark.parametrize(
    ("as_of", "state"), [("2030-04-30", "1"), ("2030-05-01", "0"), ("2030-05-02", "0")]
)
def test_suspicion_ends_with_working_age(as_of, state):
    street = Street().survey("x", "2026-01-10", a=MAN | SEEKS)
    assert street.household(as_of=as_of)["zero_emp_state"] == state


@pytest.mark.parametrize(
    ("acts", "works", "state", "illegal"),
    [
        (["2"], False, "2", 0),
        (["3"], False, "3", 0),
        (["3", "4"], False, "4", 0),
        (["2"], True, "5", 0),  # applied, checked and certified become helped by a job
        (["2", "3"], True, "5", 0),
        (["2", "3", "4"], True, "5", 0),
        (["2", "7"], True, "7", 0),
        (["4"], False, "1", 1),
        (["3"], True, "5", 0),
        ([], True, "0", 0),  # only suspected: cleared
        (["3", "4", "5"], False, "5", 0),
    ],
)
def test_office_staff_move_the_state_and_a_job_helps(acts, works, state, illegal):
    street = Street().survey("x", "2026-01-10", a=MAN | SEEKS)
    for place, act in enumerate(acts):
        street.decide("household", "x", f"2026-02-{place + 10}", zero_emp_state=act)
    if works:
        street.state("person", "a", "2026-03-10", WORKS)
    result = street.fold()
    row = row_of(result, "household", "x")
    assert row["zero_emp_state"] == state
    raised = [item for item in result.raised if item.kind == "illegal_move"]
    assert [item.column for item in raised] == ["zero_emp_state"] * illegal
    for mover in [act for act in street.contributions if act.is_desk_act][-1:]:
        named = "zero_emp_state" in row["origins"].get(str(mover.id), [])
        assert named is (illegal == 0)


@pytest.mark.parametrize(
    ("day", "hukou", "category"),
    [
        ("2026-01-10", "10", "B04"),
        ("2026-01-10", "20", "B05"),
        ("2010-01-10", "20", "A02"),
        ("2010-01-10", "10", "A02"),
    ],
)
def test_the_household_has_a_case_of_its_own(day, hukou, category):
    street = Street().survey(
        "x", day, outcome="", a=MAN | SEEKS | {"hukou_type": hukou, "birth_date": "1980-05-01"}
    )
    first = date.fromisoformat(day)
    result = street.fold(first)
    (case,) = [row for row in result.rows["case"] if row.get("subject_household_id")]
    assert (case["category"], case["level"], case["state"]) == ([category], "1", "1")
    assert (case["opened_on"], case["next_due"]) == (first, date(first.year, 1, 17))


def test_a_corrected_visit_still_counts_for_the_household_it_was_made_to():
    street = Street().survey("x", "2026-01-10", a=MAN | SEEKS)
    street.state("visit", "v", "2026-01-12", {"outcome": "3"}, links={"household": "x"})
    street.decide("visit", "v", "2026-01-13", outcome="1")
    (case,) = [row for row in street.fold().rows["case"] if row.get("subject_household_id")]
    assert case["last_visit"] == date(2026, 1, 12)


def test_only_the_registered_make_a_household_rural():
    rural, urban = {"hukou_type": "20"}, {"hukou_type": "10"}
    street = Street().survey(
        "x", "2026-01-10", a=MAN | SEEKS | rural, c=MAN | urban, d=MAN | urban, outcome="1"
    )
    resident = {**MAN, "residence_kind": "2"}
    street.survey("x", "2026-02-10", a=MAN | rural, b=resident | urban)  # c and d have left
    street.survey("y", "2026-02-11", d=MAN | urban)
    (case,) = [row for row in street.fold().rows["case"] if row.get("subject_household_id")]
    assert case["category"] == ["B05"]


def test_a_households_case_keeps_its_first_day_when_the_household_is_surveyed_again():
    street = Street().survey("x", "2026-01-10", a=MAN | SEEKS).survey("x", "2026-02-10", a=MAN)
    for day, level, service in (("2026-02-09", "found_by", "1"), ("2026-02-10", "level", "2")):
        street.decide("household", "x", day, 23, **{f"case__{level}": "2"})
        links = {"household": "x"}
        street.state("visit", day, day, {"outcome": "3", "services": [service]}, links=links)
    (case,) = [row for row in street.fold().rows["case"] if row.get("subject_household_id")]
    assert case["opened_on"] == date(2026, 1, 10)
    assert (case["plan_services"], case["found_by"]) == (["1", "2"], "2")


@pytest.mark.parametrize("state", ["2", "3"])
def test_acts_on_the_day_a_households_case_opens_are_about_it(state):
    street = Street().survey("x", "2026-01-10", a=MAN | SEEKS)
    street.decide("household", "x", "2026-01-09", case__state="2")
    street.decide("household", "x", "2026-01-10", case__state=state)
    (case,) = [row for row in street.fold().rows["case"] if row.get("subject_household_id")]
    assert case["state"] == state


@pytest.mark.parametrize(
    ("dibao", "number", "categories", "evidence"),
    [
        ("1", "sealed", ["B03"], ["06"]),
        ("1", None, ["B03"], []),
        ("0", "sealed", [], []),
        ("2", "sealed", [], []),
    ],
)
def test_the_allowance_of_the_home_is_a_category(dibao, number, categories, evidence):
    house = {"dibao_status": dibao, "other_income": True} | ({"dibao_no": number} if number else {})
    young = MAN | SEEKS | {"birth_date": "1990-01-01"}
    street = Street().survey("x", "2026-01-10", house=house, a=young)
    cases = street.fold("2026-02-01").rows["case"]
    assert [case["category"] for case in cases] == ([categories] if categories else [])
    assert [case["category_evidence"] for case in cases] == ([evidence] if categories else [])


@pytest.mark.parametrize(
    ("house", "hukou", "categories"),
    [
        ({"land_lost_share": "3"}, "10", ["B06"]),
        ({"land_lost_share": "2"}, "10", []),
        ({"poor_rural": True}, "20", []),  # B05 asks that nobody works
    ],
)
def test_facts_of_the_home_are_categories_of_2023(house, hukou, categories):
    young = MAN | SEEKS | {"birth_date": "1990-01-01", "hukou_type": hukou}
    street = Street().survey("x", "2026-01-10", house={**house, "other_income": True}, a=young)
    cases = street.fold("2026-02-01").rows["case"]
    assert [case["category"] for case in cases] == ([categories] if categories else [])


@pytest.mark.parametrize(
    ("poor", "hukou", "categories"),
    [
        (True, "20", ["B05"]),
        (False, "20", []),
        (True, "10", ["B04"]),
        (False, "10", ["B04"]),
        (True, None, ["B04"]),
    ],
)
def test_members_of_a_household_in_which_nobody_works(poor, hukou, categories):
    young = MAN | SEEKS | {"birth_date": "1990-01-01", "hukou_type": hukou}
    street = Street().survey("x", "2026-01-10", house={"poor_rural": poor}, a=young)
    cases = [row for row in street.fold("2026-02-01").rows["case"] if row.get("subject_person_id")]
    assert [case["category"] for case in cases] == ([categories] if categories else [])


@pytest.mark.parametrize(
    ("house", "categories"),
    [
        ({"poor_rural": True}, ["A04"]),
        ({"land_lost_share": "1"}, ["A06"]),
        ({"land_lost_share": "0"}, []),
        ({"dibao_status": "1"}, ["A03"]),
    ],
)
def test_facts_of_the_home_are_categories_of_2005(house, categories):
    young = MAN | SEEKS | {"birth_date": "1980-01-01"}
    street = Street().survey("x", "2010-01-10", house={**house, "other_income": True}, a=young)
    cases = street.fold("2010-02-01").rows["case"]
    assert [case["category"] for case in cases] == ([categories] if categories else [])


def test_each_member_of_a_household_without_work_has_the_category_of_2005():
    young = MAN | SEEKS | {"birth_date": "1980-01-01"}
    street = Street().survey("x", "2010-01-10", house={}, a=young)
    cases = street.fold("2010-02-01").rows["case"]
    assert [case["category"] for case in cases] == [["A02"], ["A02"]]
