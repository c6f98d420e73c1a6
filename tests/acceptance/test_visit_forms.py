"""home_visit and employer_survey in the real form engine: values from lists, questions, refusals."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.acceptance.engine import Hints, Refused
from tests.acceptance.engine.lists import HERE, HOUSEHOLD, MEDIA, PERSON, TODAY

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    ("place", "far"), [("23.1352 113.3451 12 5", False), ("23.1400 113.3450 12 5", True)]
)
def test_a_visit_far_from_the_home_needs_a_reason(engine, xforms, place, far):
    answers = {**HERE, "subject_kind": "case", "outcome": "1", "consent": "1", "loc": place}
    filled = engine.fill(xforms["home_visit"], MEDIA, 11, Hints(answers))
    assert filled.was_asked("distance_reason") is far
    assert float(filled.texts("distance_m")[0]) == pytest.approx(556 if far else 25, abs=3)
    by_phone = Hints({**answers, "mode": "2"})
    assert not engine.fill(xforms["home_visit"], MEDIA, 11, by_phone).was_asked("loc")


def test_what_no_column_takes_stands_in_the_findings(engine, xforms):
    far = {"subject_kind": "case", "loc": "23.1400 113.3450 12 5", "distance_reason": "在工地见面"}
    talked = {**HERE, "outcome": "1", "consent": "1", "remark": "下午在"}
    filled = engine.fill(xforms["home_visit"], MEDIA, 11, Hints({**talked, **far}))
    (metres,) = filled.texts("distance_m")
    assert filled.texts("visit_findings") == [f"下午在【离户址 {metres} 米：在工地见面】"]
    employer = {"emp_exists": "0", "arrears": "1", "arrears_months": "3", "training_need": "02 11",
                "supervisor_contact": "李强"}  # fmt: skip
    hints = Hints({**talked, **employer}, repeats={"vacancies": 0})
    filled = engine.fill(xforms["employer_survey"], MEDIA, 11, hints)
    assert filled.texts("visit_findings") == [
        "下午在【拖欠工资 3 个月】【需要培训 家政 养老护理】【劳动保障监督员：李强】"
    ]
    assert filled.texts("visit_needs") == ["2"]


def test_a_case_brings_its_person_household_and_history(engine, xforms):
    answers = {**HERE, "subject_kind": "case", "outcome": "1", "consent": "1"}
    answers |= {"visited_at": f"{TODAY}T00:00:00.000+08:00"}
    filled = engine.fill(xforms["home_visit"], MEDIA, 12, Hints(answers))
    assert filled.texts("person_id") == [PERSON]
    assert filled.texts("household_id") == [HOUSEHOLD]
    assert filled.texts("days_since") == ["40"]
    labels = " ".join(prompt.label or "" for prompt in filled.prompts.values())
    assert "已过 40 天" in labels
    assert "已送岗 2 次" in labels
    plain = engine.fill(
        xforms["home_visit"],
        MEDIA,
        12,
        Hints({**answers, "subject_kind": "household", "subject_member": None}),
    )
    assert plain.texts("person_id") == [""]
    assert not plain.was_asked("status_changed")


def test_the_next_visit_lies_within_ninety_days(engine, xforms):
    for days, message in ((90, None), (91, "90天"), (-1, "90天")):
        day = (TODAY + dt.timedelta(days=days)).isoformat()
        now = f"{TODAY}T00:00:00.000+08:00"
        hints = Hints({**HERE, "visited_at": now, "outcome": "3", "next_visit": day})
        if message:
            with pytest.raises(Refused, match=message):
                engine.fill(xforms["home_visit"], MEDIA, 13, hints)
        else:
            engine.fill(xforms["home_visit"], MEDIA, 13, hints)


def test_dates_thirty_days_ahead_are_proposed(engine, xforms):
    in_thirty_days = (TODAY + dt.timedelta(days=30)).isoformat()
    visit = engine.fill(xforms["home_visit"], MEDIA, 13, Hints({**HERE, "outcome": "3"}))
    answers = {**HERE, "outcome": "1", "consent": "1"}
    hints = Hints(answers, repeats={"vacancies": 2})
    vacancies = engine.fill(xforms["employer_survey"], MEDIA, 13, hints)
    for filled, name, times in ((visit, "next_visit", 1), (vacancies, "expires_on", 2)):
        shown = [prompt.answer for prompt in filled.prompts.values() if prompt.name == name]
        assert shown == [in_thirty_days] * times


def test_refusing_a_job_needs_a_reason(engine, xforms):
    answers = {**HERE, "subject_kind": "case", "outcome": "1", "consent": "1", "offered_jobs": "1"}
    for response, needs_reason in (("3", True), ("1", False)):
        hints = Hints({**answers, "response": response}, repeats={"offers": 3})
        filled = engine.fill(xforms["home_visit"], MEDIA, 14, hints)
        assert len(filled.answers_to("response")) == 3
        assert filled.was_asked("refuse_reason") is needs_reason


@pytest.mark.parametrize(
    ("code", "confirmed"),
    [("91350211M0000XUF46", True), ("914403001922038216", None), ("91440300192203821", "refused")],
)
def test_a_credit_code_that_fails_its_check_is_to_be_confirmed(engine, xforms, code, confirmed):
    """91350211M0000XUF46 is a real code that fails (rules.md, Identity of employers), so failing is no refusal."""
    hints = Hints(
        {**HERE, "outcome": "1", "consent": "1", "uscc": code, "uscc_confirm": ["2", "1"]}
    )
    if confirmed == "refused":
        with pytest.raises(Refused, match="18位"):
            engine.fill(xforms["employer_survey"], MEDIA, 15, hints)
        return
    filled = engine.fill(xforms["employer_survey"], MEDIA, 15, hints)
    assert filled.was_asked("uscc_confirm") is bool(confirmed)
    assert [str(r.message) for r in filled.refusals if "uscc" in r.path] == (
        ["请返回上一题改正代码"] if confirmed else []
    )


@pytest.mark.parametrize(
    ("question", "value", "message"),
    [
        ("n_female", "11", "不能超过从业人数"),
        ("insured_n", "11", "不能超过从业人数"),
        ("n_wanted", "0", "1到999"),
        ("n_wanted", "1000", "1到999"),
        ("wage_max", "1999", "不能低于月薪下限"),
        ("age_max", "15", "16到70"),
        ("phone", "12345", "电话号码不对"),
    ],
)
def test_employers_numbers_are_checked(engine, xforms, question, value, message):
    good = {
        **HERE,
        "outcome": "1",
        "consent": "1",
        "n_staff": "10",
        "n_wanted": "2",
        "wage_min": "2000",
    }
    counts = (
        "n_female",
        "n_local",
        "n_rural",
        "n_4050",
        "n_disabled",
        "contracts_signed",
        "insured_n",
    )
    good |= dict.fromkeys(counts, "4") | {"age_min": "18", "age_max": "50", "wage_max": "2500"}
    repeats = {"vacancies": 1}
    engine.fill(xforms["employer_survey"], MEDIA, 16, Hints(good, repeats=repeats))
    with pytest.raises(Refused, match=message):
        engine.fill(
            xforms["employer_survey"], MEDIA, 16, Hints({**good, question: value}, repeats=repeats)
        )
