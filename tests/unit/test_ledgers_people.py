"""Persons: flags on the day before, the day and the day after they change, name, number and phones (rules.md, 4050 and Identity of persons)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.factories.contributions import (
    OTHER_COMMUNITY,
    History,
    at,
    fold_contributions,
    row_of,
)
from tests.factories.ledgers import COMMUNITY, uuid_of

BORN = {"birth_date": "1970-05-01", "sex": "1"}
SEEKING = {"emp_status": "21", "work_capacity": "1", "job_willing": True}
DAY = timedelta(days=1)


def person(values, as_of, *, day="2026-01-10"):
    """The row of a person of whom one record states these values."""
    history = History()
    history.state("person", "a", day, values)
    return row_of(fold_contributions(history.contributions, as_of), "person", "a")


def days_around(day):
    day = date.fromisoformat(day)
    return [(day - DAY, False), (day, True), (day + DAY, True)]


@pytest.mark.parametrize(("as_of", "expected"), days_around("2026-06-15"))
@pytest.mark.parametrize(("birth", "sex"), [("1976-06-15", "1"), ("1986-06-15", "2")])
def test_4050_begins_on_the_birthday(birth, sex, as_of, expected):
    row = person({**SEEKING, "birth_date": birth, "sex": sex}, as_of)
    assert row["is_4050"] is expected


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [(date(2026, 3, 14), True), (date(2026, 3, 15), False), (date(2026, 3, 16), False)],
)
def test_4050_ends_with_the_delayed_retirement(as_of, expected):
    row = person({**SEEKING, "birth_date": "1965-12-15", "sex": "1"}, as_of)
    assert row["is_4050"] is expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"emp_status": "20"}, True),
        ({"emp_status": "22"}, True),
        ({"emp_status": "10"}, False),
        ({"emp_status": "32"}, False),
        ({"work_capacity": "2"}, True),
        ({"work_capacity": "3"}, False),
        ({"work_capacity": "9"}, False),
        ({"job_willing": False}, False),
        ({"birth_date": ""}, False),
    ],
)
def test_4050_needs_a_person_who_seeks(change, expected):
    row = person({**BORN, **SEEKING, **change}, "2026-06-15")
    assert row["is_4050"] is expected


@pytest.mark.parametrize(("as_of", "expected"), days_around("2026-06-15"))
@pytest.mark.parametrize(
    "since",
    [
        {"spell.unemp_date": "2025-06-15"},
        {"spell.unemp_date": "2025-01-01", "spell.reg_date": "2025-06-15"},  # registration counts
    ],
)
def test_long_term_unemployment_begins_after_twelve_months(since, as_of, expected):
    row = person({"emp_status": "20", **since}, as_of)
    assert row["long_term_unemployed"] is expected


@pytest.mark.parametrize("status", ["21", "22", "10", "32"])
def test_only_registered_unemployment_counts_as_long(status):
    row = person({"emp_status": status, "spell.unemp_date": "2020-01-01"}, "2026-06-15")
    assert row["long_term_unemployed"] is False


def test_the_last_spell_decides_on_long_unemployment():
    history = History()
    history.state("person", "a", "2020-01-10", {"emp_status": "20"})
    history.state("person", "a", "2025-01-10", {"emp_status": "10"})
    history.state("person", "a", "2026-01-10", {"emp_status": "20"})
    for as_of, expected in (("2026-06-15", False), ("2027-01-10", True)):
        row = row_of(fold_contributions(history.contributions, as_of), "person", "a")
        assert row["long_term_unemployed"] is expected


def test_a_spell_that_death_ended_is_not_unemployment():
    values = {"emp_status": "20", "spell.unemp_date": "2020-01-01", "death_date": "2026-01-05"}
    assert person(values, "2026-06-15")["long_term_unemployed"] is False


@pytest.mark.parametrize(
    ("birth", "as_of", "expected"),
    [
        ("2010-06-15", date(2026, 6, 14), False),  # sixteen
        ("2010-06-15", date(2026, 6, 15), True),
        ("2010-06-15", date(2026, 6, 16), True),
        ("2001-06-15", date(2026, 6, 14), True),  # twenty-five
        ("2001-06-15", date(2026, 6, 15), False),
        ("2001-06-15", date(2026, 6, 16), False),
    ],
)
def test_a_new_entrant_is_from_16_to_24(birth, as_of, expected):
    row = person({"birth_date": birth, "sex": "1", "emp_status": "21"}, as_of)
    assert row["new_entrant"] is expected


def test_a_new_entrant_never_had_a_job():
    history = History()
    history.state("person", "a", "2025-01-10", {"birth_date": "2004-06-15", "emp_status": "30"})
    history.state("person", "a", "2026-01-10", {"emp_status": "21"})
    result = fold_contributions(history.contributions, "2026-02-01")
    assert row_of(result, "person", "a")["new_entrant"] is True
    history.state("person", "a", "2025-06-10", {"emp_status": "13"})
    result = fold_contributions(history.contributions, "2026-02-01")
    assert row_of(result, "person", "a")["new_entrant"] is False
    assert (
        person({"birth_date": "2004-06-15", "emp_status": "30"}, "2026-02-01")["new_entrant"]
        is False
    )
    assert person({"emp_status": "21"}, "2026-02-01")["new_entrant"] is False


@pytest.mark.parametrize(
    ("values", "as_of", "expected"),
    [
        (BORN, "2026-01-10", "2030-05-01"),  # the end of statistical working age
        ({**BORN, "birth_date": "2010-05-01"}, "2026-04-30", "2026-05-01"),  # sixteen
        ({**BORN, "birth_date": "2010-05-01"}, "2026-05-01", "2035-05-01"),  # twenty-five
        ({**BORN, "birth_date": "2010-05-01"}, "2035-05-01", "2060-05-01"),  # fifty: 4050
        (BORN, "2030-05-01", "2031-10-01"),  # retirement
        (BORN, "2031-10-01", None),
        ({"name": "陈一"}, "2026-01-10", None),
        ({"emp_status": "20", "spell.unemp_date": "2025-12-31"}, "2026-01-10", "2026-06-30"),
        ({"emp_status": "20", "spell.unemp_date": "2025-12-31"}, "2026-06-30", "2026-12-31"),
        (  # a year after the registered person was confirmed last
            {"emp_status": "20", "spell.unemp_date": "2025-12-31"},
            "2026-12-31",
            "2027-01-10",
        ),
        ({"emp_status": "20", "spell.unemp_date": "2025-12-31"}, "2027-01-10", None),
        (
            {"emp_status": "20", "spell.unemp_date": "2025-12-31", "spell.reg_date": "2026-01-05"},
            "2026-12-31",
            "2027-01-05",
        ),
        ({"emp_status": "10", "spell.start_on": "2025-12-31"}, "2026-01-10", "2026-06-30"),
        ({"emp_status": "10", "spell.start_on": "2025-12-31"}, "2026-06-30", None),
        ({"emp_status": "32"}, "2026-01-10", None),
    ],
)
def test_a_person_is_folded_again_on_the_next_day_of_change(values, as_of, expected):
    refold_on = person(values, as_of)["refold_on"]
    assert refold_on == (expected and date.fromisoformat(expected))


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2024-12-30", "2025-01-01"),  # the reform of retirement
        ("2024-12-31", "2025-01-01"),
        ("2025-01-01", None),
    ],
)
def test_a_person_is_folded_again_on_the_day_a_rule_changes(as_of, expected):
    refold_on = person({"name": "陈一"}, as_of, day="2024-01-10")["refold_on"]
    assert refold_on == (expected and date.fromisoformat(expected))


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-01-08", "2026-01-09"),
        ("2026-01-09", "2026-01-10"),
        ("2026-01-10", None),
        ("2026-01-11", None),
    ],
)
def test_a_person_of_whom_a_phone_spoke_ahead_of_time_is_folded_daily_until_then(as_of, expected):
    refold_on = person({"name": "陈一"}, as_of)["refold_on"]
    assert refold_on == (expected and date.fromisoformat(expected))


def test_a_person_whose_household_was_described_ahead_of_time_is_folded_daily_until_then():
    history = History()
    history.state("household", "x", "2026-03-10", {"address": "示范路1号"})
    history.state("person", "a", "2026-01-10", {"name": "陈一"}, links={"member_of": "x"})
    number = history.contributions[-1].submission_id
    history.state("household", "x", "2026-01-10", {"address": "示范路1号"}, submission=number)
    for as_of, expected in (("2026-03-09", date(2026, 3, 10)), ("2026-03-10", None)):
        result = fold_contributions(history.contributions, as_of)
        assert row_of(result, "person", "a")["refold_on"] == expected


def test_a_spell_of_the_past_has_its_day_of_change_too():
    history = History()
    history.state("person", "a", "2025-01-10", {"emp_status": "10"})
    history.state("person", "a", "2025-03-10", {"emp_status": "32"})
    result = fold_contributions(history.contributions, "2025-03-10")
    assert row_of(result, "person", "a")["refold_on"] == date(2025, 7, 10)


# --- where a person belongs ---


def homes(*rosters):
    """A person named by rosters: (day, household, residence kind, area)."""
    history = History()
    for day, household, kind, area in rosters:
        number = history.submission()
        values = {"address": f"示范路{household}号", "building": "2栋"}
        history.state("household", household, day, values, submission=number, area=area)
        history.state(
            "person",
            "a",
            day,
            {"name": "陈一"} | ({"residence_kind": kind} if kind else {}),
            links={"member_of": household},
            submission=number,
            area=area,
        )
    return row_of(fold_contributions(history.contributions, "2026-06-01"), "person", "a")


def test_a_person_belongs_to_the_home_and_is_registered_at_the_hukou():
    row = homes(("2026-01-10", "x", "3", COMMUNITY), ("2026-02-10", "y", "2", OTHER_COMMUNITY))
    assert row["household_id"] == uuid_of("household y")
    assert (row["area_code"], row["residence_area"]) == (OTHER_COMMUNITY, OTHER_COMMUNITY)
    assert (row["hukou_area"], row["residence_addr"]) == (COMMUNITY, "示范路y号2栋")


@pytest.mark.parametrize(
    ("kind", "household", "hukou_area"),
    [
        ("1", "household x", COMMUNITY),
        ("2", "household x", None),
        ("3", "household x", COMMUNITY),  # the home of somebody who lives nowhere known
        ("4", "household x", COMMUNITY),
        ("5", "household x", COMMUNITY),
        ("", "household x", None),
    ],
)
def test_the_residence_kind_says_where_the_hukou_is(kind, household, hukou_area):
    row = homes(("2026-01-10", "x", kind, COMMUNITY))
    assert row["household_id"] == uuid_of(household)
    assert row.get("hukou_area") == hukou_area


def test_who_says_to_live_at_the_hukou_is_registered_at_the_home():
    history = History()
    number = history.submission()
    history.state("household", "x", "2026-01-10", {"address": "示范路1号"}, submission=number)
    values = {"residence_kind": "2"}
    history.state("person", "a", "2026-01-10", values, links={"member_of": "x"}, submission=number)
    history.state("person", "a", "2026-02-10", {"residence_kind": "1"}, area=OTHER_COMMUNITY)
    row = row_of(fold_contributions(history.contributions, "2026-06-01"), "person", "a")
    assert (row["hukou_area"], row["area_code"]) == (COMMUNITY, COMMUNITY)


def test_the_latest_of_several_hukou_counts():
    row = homes(("2026-02-10", "x", "3", COMMUNITY), ("2026-01-10", "y", "3", OTHER_COMMUNITY))
    assert row["household_id"] == uuid_of("household x")


def test_who_is_in_no_household_keeps_the_area_of_the_record():
    row = person({"name": "陈一", "residence_kind": "1"}, "2026-06-01")
    assert (row["household_id"], row["area_code"]) == (None, COMMUNITY)
    assert "hukou_area" not in row


# --- name, number, phones, status ---


def test_a_valid_number_goes_before_one_that_fails_its_check():
    history = History()
    history.state(
        "person", "a", "2026-01-10", {"id_no": "bad", "sex": "1", "birth_date": "1970-01-01"},
        flags=("bad_id",),
    )  # fmt: skip
    history.state("person", "a", "2026-02-10", {"id_no": "good", "sex": "2"})
    result = fold_contributions(history.contributions, "2026-06-01")
    row = row_of(result, "person", "a")
    assert (row["id_no"], row["sex"], row["birth_date"]) == ("good", "2", "1970-01-01")
    assert [(item.kind, item.column) for item in result.raised] == [("bad_id", "id_no")]


def test_a_bad_number_is_kept_while_there_is_no_other():
    history = History()
    history.state("person", "a", "2026-01-10", {"id_no": "bad"}, flags=("bad_id",))
    result = fold_contributions(history.contributions, "2026-06-01")
    assert row_of(result, "person", "a")["id_no"] == "bad"


def test_office_staff_can_correct_birth_and_sex():
    history = History()
    history.state("person", "a", "2026-01-10", {"id_no": "good", "sex": "1"})
    history.decide("person", "a", "2026-02-10", sex="2")
    result = fold_contributions(history.contributions, "2026-06-01")
    assert row_of(result, "person", "a")["sex"] == "2"


def test_a_name_that_was_a_former_name_is_no_exception():
    history = History()
    history.state("person", "a", "2026-01-10", {"name": "陈一"})
    history.state("person", "a", "2026-02-10", {"name": "陈乙", "former_name": "陈甲"})
    result = fold_contributions(history.contributions, "2026-06-01")
    assert [item.kind for item in result.raised] == ["name_differs"]
    history.state("person", "a", "2026-03-10", {"former_name": "陈乙"})
    assert fold_contributions(history.contributions, "2026-06-01").raised == []


def test_two_numbers_before_the_present_phone_are_kept():
    history = History()
    for place, phone in enumerate(["1", "2", "3", "2", "4"]):
        history.state("person", "a", f"2026-01-{place + 10}", {"phone": phone})
    row = row_of(fold_contributions(history.contributions, "2026-06-01"), "person", "a")
    assert (row["phone"], row["earlier_phones"]) == ("4", ["2", "3"])


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"name": "陈一"}, "1"),
        ({"death_date": "2026-01-05"}, "3"),
        ({"person_status": "2", "death_date": "2026-01-05"}, "2"),
    ],
)
def test_a_date_of_death_makes_an_active_person_deceased(values, status):
    assert person(values, "2026-06-01")["person_status"] == status


def test_an_illegal_move_of_the_status_is_an_exception():
    history = History()
    history.state("person", "a", "2026-01-10", {"person_status": "3"})
    history.state("person", "a", "2026-02-10", {"person_status": "1"})
    result = fold_contributions(history.contributions, "2026-06-01")
    row = row_of(result, "person", "a")
    assert row["person_status"] == "3"
    assert row["origins"][str(history.contributions[0].id)] == ["person_status"]
    assert [(item.kind, item.column) for item in result.raised] == [
        ("illegal_move", "person_status")
    ]


# --- columns of every row ---


def test_a_row_is_confirmed_by_records_that_state_something():
    history = History()
    history.state("person", "a", "2026-01-10", {"name": "陈一"})
    history.state("person", "a", "2026-02-10", {})  # only linked to
    history.decide("person", "a", "2026-03-10", edu="20")
    row = row_of(fold_contributions(history.contributions[:2], "2026-06-01"), "person", "a")
    assert row["last_confirmed_on"] == date(2026, 1, 10)
    assert row["observed_at"] == at("2026-02-10")
    row = row_of(fold_contributions(history.contributions, "2026-06-01"), "person", "a")
    assert row["source_submission_id"] == history.contributions[1].submission_id
    assert (row["area_code"], row["recorded_by_id"], row["verified_level"]) == (COMMUNITY, 9, 3)


def test_a_row_names_the_origin_of_its_values():
    history = History()
    history.state("person", "a", "2026-01-10", {"edu": "20", "skills": "电焊"}, level=3)
    history.state("person", "a", "2026-02-10", {"edu": "70", "skills": "烹饪"})
    history.state("person", "a", "2026-03-10", {"edu": "80"})
    result = fold_contributions(history.contributions, "2026-06-01")
    row = row_of(result, "person", "a")
    first, second, last = history.contributions
    assert (row["edu"], row["skills"]) == ("20", "电焊；烹饪")
    assert row["origins"] == {str(first.id): ["edu", "skills"], str(second.id): ["skills"]}
    (raised,) = result.raised
    assert (raised.kind, raised.family, raised.entry) == ("conflict", "person", row["id"])
    assert (raised.column, raised.contribution) == ("edu", last)


def test_a_sealed_value_has_its_search_hash_beside_it():
    history = History()
    history.state("person", "a", "2026-01-10", {"phone": "sealed 1", "phone#": "hash 1"})
    history.state("person", "a", "2026-02-10", {"phone": "sealed 2", "phone#": "hash 2"})
    history.state("person", "a", "2026-02-11", {"edu": "20"})
    row = row_of(fold_contributions(history.contributions, "2026-06-01"), "person", "a")
    assert (row["phone"], row["phone_hash"]) == ("sealed 2", "hash 2")
    assert "edu_hash" not in row


def test_an_entry_that_only_office_staff_corrected_has_no_row():
    history = History()
    history.state("person", "a", "2026-01-10", {})
    history.decide("person", "a", "2026-03-10", edu="20")
    assert fold_contributions(history.contributions, "2026-06-01").rows["person"] == []


def test_a_void_entry_has_no_row():
    history = History()
    history.state("person", "a", "2026-01-10", {"name": "陈一"})
    history.decide("person", "a", "2026-03-10", void=True)
    assert fold_contributions(history.contributions, "2026-06-01").rows["person"] == []
