"""household_survey in the real form engine: identity, roster, questions by age and employment status."""

from __future__ import annotations

import re
from random import Random

import pytest
from lxml import etree

from tests.acceptance.engine import Refused
from tests.acceptance.engine.households import Member, survey
from tests.acceptance.engine.lists import HERE, HOUSEHOLD, MEDIA, TODAY, TOWN, VILLAGE
from tests.acceptance.engine.people import birthday, citizen_id

pytestmark = pytest.mark.engine


def member(age: int, **columns: str) -> Member:
    """A member of that age; the other columns have defaults."""
    born = birthday(Random(age), age=age, on=TODAY)
    sex = columns.get("sex", "2")
    return Member(
        columns.get("name", "陈静"),
        columns.get("relation", "0"),
        sex,
        born,
        columns.get("id_no", citizen_id(Random(age), born=born, sex=sex)),
        columns.get("residence_kind", "1"),
    )


def test_an_id_number_with_a_wrong_check_digit_is_refused(engine, xforms):
    form = xforms["household_survey"]
    for number in ("449901196501010017", "44990119650101018x", "44990119650101018X"):
        hints = survey([member(60, id_no=number)], HERE)
        if number.endswith("7"):
            with pytest.raises(Refused) as refused:
                engine.fill(form, MEDIA, 1, hints)
            assert refused.value.path.endswith("/id_no[1]")
            assert refused.value.outcome == "constraint"
            assert "身份证号码不对" in refused.value.message
        else:
            assert engine.fill(form, MEDIA, 1, hints).texts("birth_date") == ["1965-01-01"]


@pytest.mark.parametrize(
    "number",
    [
        "44990119650101001",  # 17
        "4499011965010100166",  # 19
        "44990119651301001X",  # month 13
        "449901196502300018",  # 30 February
        "44990119650101001Ｘ",  # full width
        "449901650229001",  # 15 digits, no such day in 1965
        "049901196501010016",
    ],
)
def test_an_invalid_id_number_is_refused(engine, xforms, number):
    with pytest.raises(Refused, match="身份证号码不对"):
        engine.fill(xforms["household_survey"], MEDIA, 1, survey([member(60, id_no=number)], HERE))


@pytest.mark.parametrize(
    ("number", "born", "sex"),
    [
        ("449901196501010016", "1965-01-01", "1"),
        ("449901650101002", "1965-01-01", "2"),  # 15 digits: 19 goes in
        ("449901680229001", "1968-02-29", "1"),
    ],
)
def test_birth_and_sex_come_from_the_id_number(engine, xforms, number, born, sex):
    filled = engine.fill(
        xforms["household_survey"], MEDIA, 3, survey([member(60, id_no=number)], HERE)
    )
    assert (filled.texts("birth_date"), filled.texts("sex_code")) == ([born], [sex])
    assert not filled.was_asked("birth")
    assert filled.texts("member_id") == [""]


def test_a_person_without_a_document_is_asked_for_birth_and_gets_a_uuid(engine, xforms):
    filled = engine.fill(
        xforms["household_survey"], MEDIA, 3, survey([member(60, id_no="", sex="1")], HERE)
    )
    assert filled.was_asked("birth")
    assert not filled.was_asked("id_no")
    assert filled.texts("sex_code") == ["1"]
    assert re.fullmatch(r"[0-9a-f-]{36}", filled.texts("member_id")[0])


@pytest.mark.parametrize("heads", [("1",), ("0", "0")])
def test_a_household_has_exactly_one_head(engine, xforms, heads):
    members = [member(50 + place, relation=relation) for place, relation in enumerate(heads)]
    with pytest.raises(Refused, match="户主必须正好1人") as refused:
        engine.fill(xforms["household_survey"], MEDIA, 4, survey(members, HERE))
    assert refused.value.path.endswith("/roster_ok[1]")
    corrected = [member(50, relation="0"), *(member(30, relation="2") for _one in heads[1:])]
    assert engine.fill(xforms["household_survey"], MEDIA, 4, survey(corrected, HERE))


def test_the_roster_must_have_the_stated_number_of_members(engine, xforms):
    hints = survey([member(50)], {**HERE, "n_resident": "2"})
    with pytest.raises(Refused, match="返回修改") as refused:
        engine.fill(xforms["household_survey"], MEDIA, 4, hints)
    assert refused.value.path.endswith("/roster_ok[1]")


@pytest.mark.parametrize(
    ("age", "edu", "phone", "work"),
    [(5, False, False, False), (15, True, False, False), (16, True, True, True), (64, True, True, True), (65, True, True, False)],
)  # fmt: skip
def test_age_decides_what_is_asked(engine, xforms, age, edu, phone, work):
    members = [member(66), member(age, relation="2")]
    filled = engine.fill(xforms["household_survey"], MEDIA, 5, survey(members, HERE, skip=0.0))
    questions = {prompt.name for path, prompt in filled.prompts.items() if "/members[2]/" in path}
    assert filled.texts("age") == ["66", str(age)]
    assert ("edu" in questions, "phone" in questions) == (edu, phone)
    assert ("work_capacity" in questions, "emp_status" in questions) == (work, work)


@pytest.mark.parametrize(
    ("status", "asked", "not_asked"),
    [
        (
            "10",
            {"emp_form", "employer_name", "contract"},
            {"unemp_date", "flex_form", "graduates_on"},
        ),
        ("13", {"emp_form", "flex_form"}, {"unemp_reason"}),
        ("14", {"emp_form"}, {"employer_name", "flex_form"}),
        ("20", {"unemp_date", "unemp_reason", "job_willing"}, {"emp_form", "graduates_on"}),
        ("30", {"graduates_on"}, {"emp_form", "unemp_date"}),
        ("31", {"retired_note"}, {"unemp_date"}),
        ("33", {"skill_grade"}, {"job_willing"}),
    ],
)
def test_the_employment_status_decides_what_is_asked(engine, xforms, status, asked, not_asked):
    hints = survey([member(45)], {**HERE, "emp_status": status}, skip=0.0)
    filled = engine.fill(xforms["household_survey"], MEDIA, 6, hints)
    names = {prompt.name for prompt in filled.prompts.values()}
    assert asked <= names
    assert names.isdisjoint(not_asked)


def test_registered_unemployed_must_be_registered(engine, xforms):
    hints = survey([member(45)], {**HERE, "emp_status": "20", "registered": ["0"]})
    with pytest.raises(Refused, match=r"登记失业选.是"):
        engine.fill(xforms["household_survey"], MEDIA, 6, hints)


def test_a_woman_of_forty_five_without_work_is_hinted_at_as_4050(engine, xforms):
    jobless = {"emp_status": "21", "work_capacity": "1", "job_willing": "1", "unemp_reason": "05"}
    hints = survey([member(45, sex="2")], {**HERE, **jobless, "dibao": "1"})
    filled = engine.fill(xforms["household_survey"], MEDIA, 6, hints)
    assert filled.texts("assistance_hint")[0].split()[:2] == ["A01/B01", "A03/B03"]
    young = survey([member(30, sex="2")], {**HERE, **jobless, "dibao": "0"})
    filled = engine.fill(xforms["household_survey"], MEDIA, 6, young)
    assert "A01" not in filled.texts("assistance_hint")[0]


def test_rural_questions_are_asked_only_in_villages(engine, xforms):
    for community, is_asked in ((VILLAGE, True), (TOWN, False)):
        hints = survey([member(45)], {**HERE, "community": community})
        filled = engine.fill(xforms["household_survey"], MEDIA, 6, hints)
        assert filled.was_asked("poor_rural") is is_asked


def test_a_new_household_becomes_an_entity_under_the_ledgers_id(engine, xforms):
    filled = engine.fill(xforms["household_survey"], MEDIA, 10, survey([member(50)], HERE))
    entity = next(etree.fromstring(filled.instance_xml).iter("{*}entity"))
    assert (entity.get("dataset"), entity.get("create"), entity.get("update")) == (
        "households",
        "1",
        "0",
    )
    assert entity.get("id") == filled.texts("household_id")[0]
    assert "陈静" in entity[0].text
    listed = survey([member(50)], {**HERE, "hh_exists": "1"})
    filled = engine.fill(xforms["household_survey"], MEDIA, 10, listed)
    entity = next(etree.fromstring(filled.instance_xml).iter("{*}entity"))
    assert (entity.get("create"), entity.get("id")) == ("0", HOUSEHOLD)
    addresses = [prompt for prompt in filled.prompts.values() if prompt.name == "address"]
    assert [prompt.answer for prompt in addresses] == ["天河路1号"]
