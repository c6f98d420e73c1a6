"""Visits to people without an open case."""

from __future__ import annotations

import pytest

from tests.factories.contributions import History, fold_contributions, row_of

WORKING = {"name": "陈一", "sex": "1", "birth_date": "1999-03-03", "work_capacity": "1"}
REGISTERED = {**WORKING, "emp_status": "20", "spell.unemp_date": "2026-09-01"}


def visited(*visits: tuple[str, str], **answers: object) -> History:
    """Somebody surveyed on 1 October, and then visited on days with outcomes."""
    history = History()
    survey = history.submission()
    history.state("household", "h", "2026-10-01", {"address": "x"}, submission=survey)
    history.state(
        "person", "p", "2026-10-01", {**REGISTERED, "residence_kind": "1", **answers},
        links={"member_of": "h"}, submission=survey,
    )  # fmt: skip
    history.state(
        "visit", "s", "2026-10-01", {"outcome": "1"}, links={"household": "h"}, submission=survey
    )
    for day, outcome in visits:
        number = history.submission()
        history.state("person", "p", day, submission=number)
        history.state(
            "visit", f"v{day}", day, {"outcome": outcome}, links={"person": "p"}, submission=number
        )
    return history


def due(history: History, as_of: str = "2026-11-23"):
    return row_of(fold_contributions(history.contributions, as_of), "person", "p")["visit_due"]


@pytest.mark.parametrize(
    ("visits", "answers", "day"),
    [
        ((), {}, "2026-12-30"),
        ((("2026-10-20", "1"),), {}, "2027-01-18"),
        ((("2026-10-20", "3"),), {}, "2026-12-30"),  # nobody was at home
        ((), {"emp_status": "21"}, None),  # not registered
        ((), {"emp_status": "10"}, None),
        ((), {"person_status": "2"}, None),
    ],
)
def test_who_is_registered_and_has_no_case_is_due_ninety_days_after_the_visit(visits, answers, day):
    shown = due(visited(*visits, **answers))
    assert (shown and str(shown)) == day


def test_who_was_never_visited_is_due_ninety_days_after_the_registration():
    history = History()
    history.state("person", "p", "2026-10-01", REGISTERED)
    assert str(due(history)) == "2026-11-30"


def test_an_open_case_has_a_due_day_of_its_own():
    history = visited(hukou_type="20", job_willing=True)
    history.state("household", "h", "2026-10-02", {"dibao_status": "1"})
    result = fold_contributions(history.contributions, "2026-11-23")
    assert {case["state"] for case in result.rows["case"]} == {"1"}
    assert row_of(result, "person", "p")["visit_due"] is None


@pytest.mark.parametrize("order", [1, -1])
def test_the_third_visit_in_vain_is_told_of_without_a_case(order):
    days = [(f"2026-10-{day}", "3") for day in ("05", "12", "19", "26")]

    def told(*visits):
        result = fold_contributions(visited(*visits).contributions[::order], "2026-11-23")
        return [
            (str(item.contribution.day), item.detail)
            for item in result.raised
            if item.kind == "not_met"
        ]

    assert told(*days[:2]) == []
    assert told(*days[:3]) == [("2026-10-19", {"attempts": 3})]
    assert told(*days) == [("2026-10-19", {"attempts": 4})]
    assert told(*days, ("2026-10-30", "1")) == []


@pytest.mark.parametrize(
    ("emp_status", "kinds"), [("20", ["not_met", "visit_refused"]), ("21", []), ("10", [])]
)
def test_visits_in_vain_are_told_of_whom_a_visit_is_due_to(emp_status, kinds):
    in_vain = [("2026-10-05", "3"), ("2026-10-12", "3"), ("2026-10-19", "8"), ("2026-10-26", "4")]
    history = visited(*in_vain, emp_status=emp_status)
    raised = fold_contributions(history.contributions, "2026-11-23").raised
    assert [item.kind for item in raised] == kinds


def stale(history: History, as_of: str):
    result = fold_contributions(history.contributions, as_of)
    row = row_of(result, "person", "p")
    raised = [item.detail for item in result.raised if item.kind == "stale"]
    return raised, row["refold_on"] and str(row["refold_on"]) == "2027-10-01"


def test_nothing_confirmed_for_a_year_is_told_of():
    assert stale(visited(), "2027-09-30") == ([], True)
    assert stale(visited(), "2027-10-01")[0] == [{"since": "2026-10-01"}]
    assert stale(visited(("2027-03-01", "1")), "2027-10-01")[0] == []
    assert stale(visited(("2027-03-01", "3")), "2027-10-01")[0] == [{"since": "2026-10-01"}]
    assert stale(visited(emp_status="10"), "2028-10-01")[0] == []
    assert stale(visited(person_status="2"), "2028-10-01")[0] == []


@pytest.mark.parametrize("order", [1, -1])
def test_more_of_a_kind_than_workers_is_told_of(order):
    def raised(*records):
        history = History()
        for day, values in records:
            history.state("employer", "e", day, {"name": "甲厂", **values})
        result = fold_contributions(history.contributions[::order], "2026-11-23")
        return [(item.column, item.detail) for item in result.raised if item.kind == "arithmetic"]

    equal = ("2026-03-01", {"n_staff": 10, "n_female": 10, "n_local": 9})
    more = ("2026-06-01", {"n_staff": 10, "n_female": 11})
    assert raised(equal) == []
    assert raised(equal, more) == [("n_female", {"part": 11, "whole": 10})]
    assert raised(equal, more, ("2026-09-01", {"n_staff": 12})) == []
    assert raised(("2026-03-01", {"n_female": 11})) == []
