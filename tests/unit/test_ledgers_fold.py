"""The rows that the fold makes of contributions: one example for each rule of rules.md."""

from __future__ import annotations

from datetime import date

import pytest

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.folding.derive.rules import rules
from server.ledgers.folding.fold import FoldResult, fold_everything
from server.ledgers.identity.components import components
from tests.factories.ledgers import (
    Filled,
    contributions_of_form,
    id_number,
    member,
    street,
    uuid_of,
)

AS_OF = date(2026, 11, 23)
MAN = id_number("1970-05-01", 1)
SEEKING = {
    "emp_status": "21",
    "work_capacity": "1",
    "job_willing": "1",
    "hukou_type": "10",
    "spell.unemp_date": "2026-02-01",
}


def folded(*documents: Filled | tuple[Filled, dict], as_of: date = AS_OF) -> FoldResult:
    contributions: list[Contribution] = []
    for number, document in enumerate(documents, 1):
        filled, how = document if isinstance(document, tuple) else (document, {})
        contributions += contributions_of_form(filled, number, **how)
    entries = components(contributions)
    for contribution in contributions:
        contribution.entry = entries[contribution.family, contribution.keys[0]]
    return fold_everything(contributions, entries, as_of, rules())


def survey(day: str, *members: dict, **how) -> Filled:
    filled = street(how.pop("number", 1), list(members))
    filled.visited_at = f"{day}T09:00:00+08:00"
    for name, value in how.items():
        setattr(filled, name, value)
    return filled


def person(result: FoldResult, name: str = "陈一") -> dict:
    (row,) = [row for row in result.rows["person"] if row.get("name") == name]
    return row


def kinds(result: FoldResult) -> set[str]:
    return {exception.kind for exception in result.raised}


# --- merge rules ---


def test_education_never_falls_below_what_the_street_verified():
    approved = (survey("2026-01-05", member(id_no=MAN, edu="20")), {"review_state": "approved"})
    later = survey("2026-03-05", member(id_no=MAN, edu="70"))
    result = folded(approved, later)
    assert person(result)["edu"] == "20"
    assert ("conflict", "edu") in {
        (exception.kind, exception.column) for exception in result.raised
    }
    assert person(folded(later, approved[0]))["edu"] == "70"


def test_a_proxy_does_not_overrule_the_person():
    by_the_person = survey("2026-01-05", member(id_no=MAN, edu="20"))
    neighbour = survey("2026-03-05", member(id_no=MAN, edu="70"), met_whom="6")
    assert person(folded(by_the_person, neighbour))["edu"] == "20"


def test_the_latest_phone_counts_and_three_are_kept():
    documents = [
        survey(f"2026-0{month}-01", member(id_no=MAN, phone=f"020-0000000{month}"))
        for month in range(1, 6)
    ]
    row = person(folded(*documents))
    stated = [
        contribution.values["phone"]
        for number, document in enumerate(documents, 1)
        for contribution in contributions_of_form(document, number)
        if contribution.family == "person"
    ]
    assert [row["phone"], *row["earlier_phones"]] == stated[:1:-1]


def test_blank_erases_nothing():
    first = survey("2026-01-05", member(id_no=MAN, phone="020-00000001", edu="20"))
    assert person(folded(first, survey("2026-02-05", member(id_no=MAN))))["edu"] == "20"


def test_late_arrivals_enter_history_and_leave_the_present_alone():
    newer = survey("2026-05-01", member(id_no=MAN, emp_status="10"))
    older = survey("2026-01-01", member(id_no=MAN, **SEEKING))
    for order in ((newer, older), (older, newer)):
        result = folded(*order)
        assert person(result)["emp_status"] == "10"
        assert [row["spell_kind"] for row in result.rows["spell"]] == ["2", "1"]


def test_one_number_and_two_names_is_an_exception_not_an_overwrite():
    result = folded(
        survey("2026-01-05", member("陈一", id_no=MAN)),
        survey("2026-02-05", member("陈乙", id_no=MAN)),
    )
    assert person(result)["name"] == "陈一"
    assert "name_differs" in kinds(result)
    renamed = survey("2026-03-05", member("陈一", id_no=MAN, former_name="陈乙"))
    known = folded(
        survey("2026-01-05", member("陈一", id_no=MAN)),
        survey("2026-02-05", member("陈乙", id_no=MAN)),
        renamed,
    )
    assert "name_differs" not in kinds(known)


def test_a_number_that_fails_its_check_ties_nobody_together():
    bad = MAN[:-1] + ("0" if MAN[-1] != "0" else "1")
    result = folded(
        survey("2026-01-05", member("陈一", id_no=bad)),
        survey("2026-02-05", member("李二", id_no=bad), number=2),
    )
    assert len(result.rows["person"]) == 2
    assert "bad_id" in kinds(result)


def test_an_old_number_is_the_same_person():
    old = MAN[:6] + MAN[8:17]
    result = folded(
        survey("2026-01-05", member(id_no=old)), survey("2026-02-05", member(id_no=MAN))
    )
    assert person(result)["birth_date"] == "1970-05-01"
    assert person(result)["id_no_15"]


def test_the_number_has_the_last_word_on_birth_and_sex():
    stated = survey("2026-01-05", member(key="a", birth_date="1971-01-01", sex="2"))
    numbered = survey("2026-02-05", member(key="a", id_no=MAN))
    row = person(folded(stated, numbered))
    assert (row["birth_date"], row["sex"]) == ("1970-05-01", "1")


# --- spells ---


def test_spells_follow_each_other():
    result = folded(
        survey("2026-03-01", member(id_no=MAN, **SEEKING)),
        survey(
            "2026-06-01",
            member(
                id_no=MAN,
                emp_status="10",
                **{"spell.start_on": "2026-05-10", "spell.employer_name": "甲厂"},
            ),
        ),
    )
    spells = [(row["spell_kind"], row["start_on"], row["end_on"]) for row in result.rows["spell"]]
    assert spells == [
        ("2", date(2026, 2, 1), date(2026, 5, 10)),
        ("1", date(2026, 5, 10), None),
    ]


def test_a_day_confirmed_as_something_else_is_not_rewritten():
    result = folded(
        survey("2026-03-01", member(id_no=MAN, **SEEKING)),
        survey(
            "2026-06-01", member(id_no=MAN, emp_status="10", **{"spell.start_on": "2026-02-15"})
        ),
    )
    assert [row["start_on"] for row in result.rows["spell"]] == [
        date(2026, 2, 1),
        date(2026, 3, 1),
    ]


def test_another_employer_is_another_spell():
    lines = [
        member(
            id_no=MAN,
            emp_status="10",
            **{"spell.employer_name": name, "spell.start_on": start},
        )
        for name, start in (("甲厂", "2025-01-01"), ("乙厂", "2026-04-01"))
    ]
    result = folded(survey("2026-03-01", lines[0]), survey("2026-06-01", lines[1]))
    assert [row["employer_name"] for row in result.rows["spell"]] == ["甲厂", "乙厂"]


# --- households ---


def test_a_complete_roster_ends_the_membership_of_who_is_missing():
    both = survey("2026-01-05", member(key="a"), member("李二", key="b", relation="1"))
    alone = survey("2026-06-05", member(key="a"))
    ended = {row.to_on for row in folded(both, alone).memberships if row.person == uuid_of("b")}
    assert ended == {date(2026, 6, 5)}
    alone.visit["outcome"] = "2"
    kept = {row.to_on for row in folded(both, alone).memberships if row.person == uuid_of("b")}
    assert kept == {None}


def test_hukou_here_and_residence_there_is_normal():
    result = folded(
        survey("2026-01-05", member(id_no=MAN, residence_kind="3"), number=1),
        survey("2026-02-05", member(id_no=MAN, residence_kind="2"), number=2),
    )
    assert person(result)["household_id"] == uuid_of("household 2")
    assert "two_hukou_households" not in kinds(result)
    homes = {row["id"]: row["n_members"] for row in result.rows["household"]}
    assert homes == {uuid_of("household 1"): 0, uuid_of("household 2"): 1}


def test_hukou_in_two_households_is_an_exception():
    result = folded(
        survey("2026-01-05", member(id_no=MAN, residence_kind="1"), number=1),
        survey("2026-02-05", member(id_no=MAN, residence_kind="1"), number=2),
    )
    assert "two_hukou_households" in kinds(result)


def test_who_moves_between_communities_of_a_street_is_an_exception():
    first = survey("2026-01-05", member(id_no=MAN), number=1)
    second = survey("2026-02-05", member(id_no=MAN), number=2)
    assert "moved_within" not in kinds(folded(first, second))
    second.community = "440106003002"
    result = folded(first, second)
    (raised,) = [item for item in result.raised if item.kind == "moved_within"]
    assert (raised.column, raised.detail) == ("household", {"households": [uuid_of("household 1")]})
    assert raised.contribution.area_code == "440106003002"
    assert "moved_within" not in kinds(folded(second))


def test_the_best_place_is_the_most_accurate_one_a_visit_gave():
    def place(day: str, loc: str, met_whom: str = "1") -> Filled:
        filled = survey(day, member(key="a"), met_whom=met_whom)
        filled.household["loc"] = loc
        return filled

    rough = place("2026-01-05", "23.1301 113.3501 0 40")
    good = place("2026-02-05", "23.1302 113.3502 0 5")
    later = place("2026-03-05", "23.1303 113.3503 0 30")
    proxy = place("2026-04-05", "23.1304 113.3504 0 1", met_whom="6")
    (home,) = folded(rough, good, later, proxy).rows["household"]
    assert home["loc"][:2] == [113.3502, 23.1302]
    assert home["loc_accuracy"] == "5.00"


def test_a_visit_far_from_the_known_place_is_flagged_not_refused():
    known = survey("2026-01-05", member(key="a"))
    far = survey("2026-02-05", member(key="a"))
    far.household["loc"] = "23.1400 113.3501 0 12"
    near = survey("2026-03-05", member(key="a"))
    near.household["loc"] = "23.1325 113.3501 0 20"  # 267 m
    result = folded(known, far, near)
    flagged = [exception for exception in result.raised if exception.kind == "location_mismatch"]
    assert len(flagged) == 1
    assert flagged[0].contribution.day == date(2026, 2, 5)
    assert len(result.rows["visit"]) == 3


# --- zero employment ---


@pytest.mark.parametrize(
    ("wife", "household", "state"),
    [
        ({"emp_status": "32", "job_willing": "0", "work_capacity": "1"}, {}, "1"),
        ({"emp_status": "10"}, {}, "0"),
        ({"emp_status": "14"}, {}, "0"),  # farming is work in town
        ({"emp_status": "30"}, {}, "1"),
        ({"emp_status": "32"}, {"other_income": "1"}, "0"),
    ],
)
def test_zero_employment_is_suspected(wife, household, state):
    filled = survey(
        "2026-03-01",
        member(id_no=MAN, **SEEKING),
        member("李二", key="b", relation="1", birth_date="1975-01-01", sex="2", **wife),
    )
    filled.household.update(household)
    result = folded(filled)
    assert result.rows["household"][0]["zero_emp_state"] == state
    assert person(result)["in_zero_emp_hh"] is (state == "1")
    mine = [row for row in result.rows["case"] if row.get("subject_household_id")]
    assert [row["category"] for row in mine] == ([["B04"]] if state == "1" else [])


def test_in_a_rural_household_only_work_off_the_farm_counts():
    seeking = {**SEEKING, "hukou_type": "20"}
    farmer = {"emp_status": "14", "hukou_type": "20", "birth_date": "1975-01-01", "sex": "2"}
    filled = survey(
        "2026-03-01", member(id_no=MAN, **seeking), member("李二", key="b", relation="1", **farmer)
    )
    assert folded(filled).rows["household"][0]["zero_emp_state"] == "1"


# --- persons and cases ---


@pytest.mark.parametrize(
    ("birth", "order", "answers", "expected"),
    [
        ("1976-11-23", 1, {}, True),  # a man of 50 today
        ("1976-11-24", 1, {}, False),
        ("1986-11-23", 2, {}, True),  # a woman of 40
        ("1960-01-01", 1, {}, False),  # past retirement
        ("1970-05-01", 1, {"job_willing": "0"}, False),
        ("1970-05-01", 1, {"work_capacity": "3"}, False),
        ("1970-05-01", 1, {"work_capacity": "2"}, True),
        ("1970-05-01", 1, {"emp_status": "10"}, False),
    ],
)
def test_4050(birth, order, answers, expected):
    line = member(id_no=id_number(birth, order), **{**SEEKING, **answers})
    assert person(folded(survey("2026-03-01", line)))["is_4050"] is expected


def test_long_term_unemployed_counts_from_registration():
    line = {**SEEKING, "emp_status": "20", "spell.unemp_date": "2025-11-23"}
    document = survey("2026-03-01", member(id_no=MAN, **line))
    assert person(folded(document, as_of=date(2026, 11, 23)))["long_term_unemployed"] is True
    before = person(folded(document, as_of=date(2026, 11, 22)))
    assert before["long_term_unemployed"] is False
    assert before["refold_on"] == date(2026, 11, 23)


def test_a_case_opens_is_placed_and_closes_when_the_job_lasted():
    seeking = survey("2026-01-10", member(id_no=MAN, **SEEKING))
    hired = survey(
        "2026-03-10",
        member(id_no=MAN, emp_status="10", **{"spell.start_on": "2026-03-01"}),
    )
    (opened,) = case_rows(folded(seeking, as_of=date(2026, 2, 2)))
    assert (opened["state"], opened["category"]) == ("1", ["B01", "B04"])
    assert opened["next_due"] == date(2026, 2, 9)  # 30 days after the visit that found it
    (placed,) = case_rows(folded(seeking, hired, as_of=date(2026, 4, 1)))
    assert placed["placed_on"] == date(2026, 3, 1)
    assert placed["state"] == "7"  # the survey that told of the work is no follow-up
    (closed,) = case_rows(folded(seeking, hired, as_of=date(2026, 9, 1)))
    assert (closed["state"], closed["close_reason"]) == ("9", "1")
    assert closed["closed_on"] == date(2026, 9, 1)


def case_rows(result: FoldResult) -> list[dict]:
    return [row for row in result.rows["case"] if row.get("subject_person_id")]


def test_who_lost_the_job_early_is_in_the_same_case_again():
    seeking = survey("2026-01-10", member(id_no=MAN, **SEEKING))
    hired = survey("2026-03-10", member(id_no=MAN, emp_status="10"))
    again = survey("2026-05-10", member(id_no=MAN, emp_status="21"))
    (case,) = case_rows(folded(seeking, hired, again, as_of=date(2026, 6, 1)))
    assert case["state"] == "1"
    assert case.get("placed_on") is None


def test_the_2005_categories_hold_before_2023():
    document = survey(
        "2010-03-01",
        member(id_no=id_number("1955-01-01", 1), **{**SEEKING, "spell.unemp_date": "2009-01-01"}),
    )
    (case,) = case_rows(folded(document, as_of=date(2010, 6, 1)))
    assert set(case["category"]) >= {"A01", "A08"}


def test_death_closes_the_case():
    seeking = survey("2026-01-10", member(id_no=MAN, **SEEKING))
    died = survey("2026-03-10", member(id_no=MAN, person_status="3", death_date="2026-03-01"))
    result = folded(seeking, died)
    (case,) = case_rows(result)
    assert (case["state"], case["close_reason"]) == ("9", "7")
    assert result.rows["household"][0]["n_members"] == 0


# --- employers and vacancies ---


def test_the_same_job_of_the_same_employer_is_one_vacancy():
    def at(day: str, wanted: str) -> Filled:
        return Filled(
            form="employer",
            visited_at=f"{day}T09:00:00+08:00",
            household={"name": "甲厂", "uscc": "91110000600037341L", "n_staff": "60"},
            members=[{"title": "保安", "n_wanted": wanted}],
        )

    result = folded(at("2026-10-01", "2"), at("2026-11-01", "5"))
    (employer,), (vacancy,) = result.rows["employer"], result.rows["vacancy"]
    assert (employer["scale"], employer["org_code"]) == ("3", "600037341")
    assert (vacancy["n_wanted"], vacancy["state"]) == (5, "1")
    assert vacancy["refold_on"] == date(2026, 12, 2)
    later = folded(at("2026-10-01", "2"), as_of=date(2026, 11, 1))
    assert later.rows["vacancy"][0]["state"] == "6"


@pytest.mark.parametrize("order", [1, -1])
def test_an_old_code_and_the_credit_code_that_holds_it_are_one_employer(order):
    def at(day: str, **codes: str) -> Filled:
        return Filled(
            form="employer",
            visited_at=f"{day}T09:00:00+08:00",
            household={"name": "甲厂", "n_staff": "60", **codes},
        )

    old, wrong = (at("2026-03-01", org_code=f"60003734-{end}") for end in "12")
    result = folded(*[old, wrong, at("2026-09-01", uscc="91110000600037341L")][::order])
    known, other = sorted(result.rows["employer"], key=lambda row: "uscc" not in row)
    assert (known["uscc"], known["org_code"]) == ("91110000600037341L", "60003734-1")
    assert (other.get("uscc"), other["org_code"]) == (None, "60003734-2")
