"""Every question of the surveys and the home visit is answered in both form engines, and alike."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.engine import Hints
from tests.acceptance.engine.households import survey
from tests.acceptance.engine.lists import (
    CASE,
    EMPLOYER,
    HERE,
    HOUSEHOLD,
    MEDIA,
    PERSON,
    TODAY,
    TOWN,
    VACANCY,
    VILLAGE,
)
from tests.acceptance.test_household_survey import member
from tests.acceptance.walks import questions_of, walked

pytestmark = pytest.mark.engine
INEXACT, FAR = "23.1350000 113.3450000 12 45", "23.1400000 113.3450000 12 5"
TALKED = {**HERE, "outcome": "1", "consent": "1"}
YEAR = f",{TODAY.year - 16},".encode()
LISTS = {
    "household_survey": {**MEDIA, "persons.csv": MEDIA["persons.csv"].replace(b",1970,", YEAR)},
    "home_visit": {
        **MEDIA,
        "households.csv": MEDIA["households.csv"].replace(b"2026-10-01,", b","),
    },
}
"""The person's sixteenth birthday lies in this year; the household was never visited."""


def each(*answers: str) -> Any:
    """A hint with another answer for each member."""
    return lambda prompt, _random: answers[prompt.ordinal("members") - 1]


def roster() -> Hints:
    """A household in a village: at work, flexibly at work, unemployed, student, retired, a child."""
    members = [
        member(55, residence_kind="2"),
        member(48, relation="1", residence_kind="3", name="李二"),
        member(45, relation="7", sex="2", name="陈三"),
        member(20, relation="2", name="陈四", id_no=""),
        member(62, relation="5", name="陈五"),
    ]
    answers = {
        **TALKED,
        "community": VILLAGE,
        "loc": INEXACT,
        "dibao": "1",
        "hukou_type": "20",
        "health": each("1", "1", "6", "1", "1"),
        "emp_status": each("10", "13", "20", "30", "31"),
        "work_capacity": "1",
        "job_willing": "1",
        "registered": "1",
        "unemp_reason": "05",
        "training_wish": "02",
        "insurance": "9",
        "hardship": "0",
    }
    return survey(members, answers, skip=0)


PICKED = {"hh_exists": "1", "household": HOUSEHOLD, "is_known": "1", "known_member": PERSON}
OFFERED = {"status_changed": "1", "offered_jobs": "1"}
VACANT = {"uscc": None, "arrears": "1", "public_welfare": "1", "change": "1", "org_type": "1"}
WALKS = {
    "household_survey": {
        "a household in a village": roster(),
        "a member who is listed": survey(
            [member(50)], {**TALKED, **PICKED, "differs": "0", "turned_16": "1"}, skip=0
        ),
    },
    "employer_survey": {
        "an employer without a code": Hints(
            {**TALKED, **VACANT, "emp_exists": "0", "loc": INEXACT}, repeats={"vacancies": 1}, skip=0
        ),
        "a listed employer whose code has a slip": Hints(
            {**TALKED, "emp_exists": "1", "employer": EMPLOYER, "uscc": "914403001922038217",
             "uscc_confirm": "1"}, repeats={"vacancies": 0}, skip=0,
        ),
    },
    "home_visit": {
        "a case far from home": Hints(
            {**TALKED, **OFFERED, "subject_kind": "case", "subject": CASE, "loc": FAR,
             "offer_listed": None, "response": "3", "emp_status": "10", "job_willing": "1"},
            repeats={"offers": 1}, skip=0,
        ),
        "a member, and a job of the list": Hints(
            {**TALKED, **OFFERED, "subject_kind": "household", "subject_household": HOUSEHOLD,
             "subject_member": PERSON, "loc": INEXACT, "offer_listed": VACANCY, "response": "1",
             "emp_status": "21"},
            repeats={"offers": 1}, skip=0,
        ),
        "nobody in": Hints({"community": TOWN, "outcome": "3"}, skip=0),
    },
}  # fmt: skip


@pytest.mark.parametrize("form", WALKS)
def test_every_question_is_answered_alike_in_both_engines(engine, web_engine, xforms, form):
    answered = walked(engine, web_engine, xforms[form], WALKS[form], LISTS.get(form, MEDIA))
    assert answered == questions_of(xforms[form])


ROOT = Path(__file__).parents[2]


def test_the_page_names_the_test_that_answers_every_question_of_each_form(xforms):
    page = (ROOT / "api_docs" / "forms.md").read_text(encoding="utf-8")
    rows = {
        form: (int(shown), test)
        for form, shown, test in re.findall(r"^\| `(\w+)` \| (\d+) \| `([\w/.]+)` \|$", page, re.M)
    }
    assert {form: shown for form, (shown, _test) in rows.items()} == {
        path.stem: len(questions_of(xforms[path.stem])) for path in ROOT.glob("xlsforms/*.xlsx")
    }
    for form, (_shown, test) in rows.items():
        text = (ROOT / "tests" / test).read_text(encoding="utf-8")
        assert form in text
        assert "== questions_of(" in text, f"{test} must hold that no question is left out"
