"""The first answers of a form that is started for somebody (decision 0357): of the committed forms, and of any list question."""

from __future__ import annotations

import pytest

from server.entering.prefilling import first_answers
from tests.samples.xlsforms import committed

HOME = {"communities": "C", "households": "H", "persons": "P"}
NUMBER = {"person.id_no": "449901199001010016"}
AT_HOME = {"/data/who/find_by": "home", "/data/who/household": "H", "/data/who/at_home": "P"}
NAMED = {"/data/who/find_by": "name", "/data/who/named": "P"}


@pytest.mark.parametrize(
    ("form", "community"),
    [
        ("quick_change", "/data/who/community"),
        ("service_application", "/data/head/community"),
        ("job_offer", "/data/head/community"),
        ("retiree_visit", "/data/head/community"),
    ],
)
def test_a_person_is_chosen_in_the_household_or_by_name(form, community):
    given = first_answers(committed(form), chosen=HOME, typed={})
    assert given == {community: "C", **AT_HOME}
    without_home = {name: key for name, key in HOME.items() if name != "households"}
    assert first_answers(committed(form), chosen=without_home, typed={}) == {
        community: "C",
        **NAMED,
    }


def test_what_makes_the_question_relevant_comes_first():
    given = list(first_answers(committed("home_visit"), chosen=HOME, typed={}))
    assert given.index("/data/target/subject_kind") < given.index("/data/target/subject_household")
    given = first_answers(committed("household_survey"), chosen=HOME, typed={})
    assert given["/data/visit/hh_exists"] == "1"
    assert not [path for path in given if path.startswith("/data/members/")], "of which member?"


@pytest.mark.parametrize(
    ("form", "takes"),
    [("service_application", True), ("quick_change", False), ("household_survey", False)],
)
def test_the_number_of_somebody_unknown_opens_the_part_for_newcomers(form, takes):
    given = first_answers(committed(form), chosen={}, typed=NUMBER)
    expected = {
        "/data/who/find_by": "new",
        "/data/newcomer/id_type": "01",
        "/data/newcomer/id_no": NUMBER["person.id_no"],
    }
    assert given == (expected if takes else {})


def test_a_code_is_given_wherever_its_list_is_asked():
    given = first_answers(committed("quick_change"), chosen={}, typed={}, codes={"VM": "3"})
    assert given == {"/data/who/mode": "3"}


def test_nobody_chosen_and_nothing_typed_gives_no_answer():
    for form in ("quick_change", "household_survey", "vacancy_update"):
        assert first_answers(committed(form), chosen={}, typed={}) == {}
