"""Households: members and when they leave, head and counts, zero employment and its case (rules.md, Zero-employment households)."""

from __future__ import annotations

from datetime import date

import pytest

from server.ledgers.folding.derive.households import is_rural
from tests.factories.contributions import History, fold_contributions, row_of
from tests.factories.ledgers import uuid_of

SEEKS = {"emp_status": "21", "work_capacity": "1", "job_willing": True}
WORKS = {"emp_status": "10"}
FARMS = {"emp_status": "14"}
MAN = {"birth_date": "1970-05-01", "sex": "1", "residence_kind": "1"}


class Street(History):
    def survey(self, household, day, *, outcome="1", house=None, hour=9, **members):
        """A survey of a household: its members by name with what is stated of them."""
        number = self.submission()
        house = {"address": "示范路1号"} if house is None else house
        self.state("household", household, day, house, submission=number, hour=hour)
        for name, values in members.items():
            self.state(
                "person", name, day, {"name": name, **values}, links={"member_of": household},
                submission=number, hour=hour,
            )  # fmt: skip
        if outcome:
            self.state(
                "visit", f"visit {number}", day, {"outcome": outcome},
                links={"household": household}, submission=number, hour=hour,
            )  # fmt: skip
        return self

    def fold(self, as_of="2026-06-01"):
        return fold_contributions(self.contributions, as_of)

    def household(self, name="x", as_of="2026-06-01"):
        return row_of(self.fold(as_of), "household", name)

    def memberships(self, person, as_of="2026-06-01"):
        return sorted(
            (item.role, str(item.from_on), item.to_on and str(item.to_on))
            for item in self.fold(as_of).memberships
            if item.person == uuid_of(f"person {person}")
        )


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
        b={**SEEKS, "birth_date": "1977-06-01", "sex": "2", "residence_kind": "3"},
        c={**SEEKS, "residence_kind": "2"},  # of unknown age
        d={**MAN, **WORKS, "death_date": "2026-01-05"},
    )
    row = street.household(as_of=as_of)
    assert (row["n_members"], row["n_working_age"]) == (2, of_working_age)
    assert (row["n_able_willing"], row["n_employed"]) == (able, 0)


def test_the_employed_are_counted_at_any_age():
    street = Street().survey(
        "x", "2026-01-10", a={"emp_status": "10"}, b={"emp_status": "14"}, c=SEEKS
    )
    assert street.household()["n_employed"] == 2


@pytest.mark.parametrize(
    ("natures", "expected"),
    [(["20", "20"], True), (["20", None], True), (["20", "10"], False), ([None], False), ([], False)],
)  # fmt: skip
def test_a_household_is_rural_when_every_known_hukou_is(natures, expected):
    assert is_rural([{"hukou_type": nature} for nature in natures]) is expected


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
        (["3"], True, "0", 1),
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
    mover = [act for act in street.contributions if act.is_desk_act][-1]
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


def test_the_households_case_is_of_the_time_since_it_was_last_described():
    street = Street().survey("x", "2026-01-10", a=MAN | SEEKS).survey("x", "2026-02-10", a=MAN)
    for day, level, service in (("2026-02-09", "found_by", "1"), ("2026-02-10", "level", "2")):
        street.decide("household", "x", day, 23, **{f"case__{level}": "2"})
        links = {"household": "x"}
        street.state("visit", day, day, {"outcome": "3", "services": [service]}, links=links)
    (case,) = [row for row in street.fold().rows["case"] if row.get("subject_household_id")]
    assert case["opened_on"] == date(2026, 2, 10)
    assert (case["plan_services"], case["found_by"]) == (["2"], "1")


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
