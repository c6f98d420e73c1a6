"""Assistance cases: exit and the next due visit, on the day before, the day and the day after (rules.md, Cases: exit)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.factories.assisted import MAN, SEEKING, Person, around
from tests.factories.contributions import History, fold_contributions
from tests.factories.ledgers import uuid_of

# --- exit ---


@pytest.mark.parametrize(
    ("as_of", "state", "closed_on"),
    [
        ("2026-09-29", "7", None),
        ("2026-09-30", "9", date(2026, 9, 30)),  # six months after 31 March
        ("2026-10-01", "9", date(2026, 9, 30)),
    ],
)
def test_a_job_closes_the_case_when_it_has_lasted(as_of, state, closed_on):
    person = Person().record("2026-04-05", emp_status="10", spell__start_on="2026-03-31")
    case = person.case(as_of)
    assert (case["state"], case.get("closed_on")) == (state, closed_on)
    assert case.get("close_reason") == ("1" if closed_on else None)


@pytest.mark.parametrize(
    ("lost_on", "cases"),
    [("2026-09-29", 1), ("2026-09-30", 2), ("2026-10-01", 2)],
)
def test_a_job_lost_too_soon_leads_back_into_the_same_case(lost_on, cases):
    person = Person().record("2026-04-05", emp_status="10", spell__start_on="2026-03-31")
    person.record("2026-10-10", emp_status="21", spell__unemp_date=lost_on)
    result = person.cases("2026-11-01")
    assert len(result) == cases
    assert result[-1]["state"] == "1"
    assert result[-1].get("placed_on") is None
    if cases == 2:
        assert (result[0]["state"], result[0]["closed_on"]) == ("9", date(2026, 9, 30))
        assert result[1]["opened_on"] == date(2026, 10, 10)


def test_several_jobs_on_end_count_from_the_first():
    person = Person().record("2026-04-05", emp_status="10", spell__employer_name="甲厂")
    person.record(
        "2026-07-05", emp_status="10", spell__employer_name="乙厂", spell__start_on="2026-07-01"
    )
    assert person.case("2026-10-04")["state"] == "7"
    assert person.case("2026-10-05")["closed_on"] == date(2026, 10, 5)


def test_a_second_case_is_placed_and_closed_like_the_first():
    person = Person().record("2026-04-05", emp_status="10", spell__start_on="2026-03-31")
    person.record("2026-10-10", emp_status="21", spell__unemp_date="2026-10-01")
    person.record("2026-11-05", emp_status="10", spell__start_on="2026-11-01")
    first, second = person.cases("2026-12-01")
    assert (first["state"], first["closed_on"]) == ("9", date(2026, 9, 30))
    assert (second["state"], second["placed_on"]) == ("7", date(2026, 11, 1))
    first, second = person.cases("2027-05-01")
    assert (second["state"], second["closed_on"]) == ("9", date(2027, 5, 1))
    person.record("2026-12-10", person_status="2")
    first, second = person.cases("2026-12-20")
    assert (first["close_reason"], second["close_reason"]) == ("1", "6")


def test_categories_of_both_spells_of_a_case_stay():
    person = Person().record("2026-04-05", emp_status="10")
    person.record("2026-06-05", emp_status="21", spell__unemp_reason="11")
    case = person.case("2026-07-01")
    assert case["category"] == ["B01", "B09"]
    assert case["five_clear"]["reason"] == "11"


@pytest.mark.parametrize(
    ("status", "reason"),
    [("30", "10"), ("34", "10"), ("31", "2"), ("33", "5"), ("32", "9"), ("35", "9"), ("39", "9")],
)
def test_leaving_the_labour_force_closes_the_case(status, reason):
    person = Person().record("2026-05-05", emp_status=status, spell__start_on="2026-05-01")
    assert person.case("2026-05-06")["close_reason"] == reason
    assert person.case("2026-05-06")["closed_on"] == date(2026, 5, 1)
    assert person.case("2026-04-30")["state"] == "1"


def test_a_case_never_closes_before_it_opened():
    person = Person().record("2026-03-12", emp_status="32", spell__start_on="2026-03-05")
    assert person.cases("2026-04-01")[0]["closed_on"] == date(2026, 3, 10)


@pytest.mark.parametrize(
    ("values", "closed_on", "reason"),
    [
        ({"person_status": "3", "death_date": "2026-04-20"}, date(2026, 4, 20), "7"),
        ({"death_date": "2026-04-20"}, date(2026, 4, 20), "7"),
        ({"person_status": "3"}, date(2026, 4, 25), "7"),
        ({"person_status": "2"}, date(2026, 4, 25), "6"),
        ({"work_capacity": "3"}, date(2026, 4, 25), "5"),
        ({"person_status": "4"}, None, None),
        ({"work_capacity": "2"}, None, None),
    ],
)
def test_what_happens_to_a_person_closes_the_case(values, closed_on, reason):
    person = Person().record("2026-04-25", **values).record("2026-05-05", phone="sealed")
    case = person.case("2026-06-01")
    assert (case.get("closed_on"), case.get("close_reason")) == (closed_on, reason)
    assert case["state"] == ("9" if closed_on else "1")


@pytest.mark.parametrize(
    ("as_of", "state"), list(zip(around("2026-05-15"), ["1", "9", "9"], strict=True))
)
def test_retirement_closes_the_case(as_of, state):
    case = Person(birth_date="1966-01-15").case(as_of)  # 60 years and 4 months
    assert case["state"] == state
    if state == "9":
        assert (case["closed_on"], case["close_reason"]) == (date(2026, 5, 15), "2")


def test_lost_capacity_closes_on_the_day_it_was_first_stated():
    person = (
        Person().record("2026-04-25", work_capacity="3").record("2026-05-05", work_capacity="3")
    )
    assert person.case("2026-06-01")["closed_on"] == date(2026, 4, 25)


def test_retirement_does_not_close_a_placed_case():
    person = Person(birth_date="1966-01-15").record("2026-05-01", emp_status="10")
    assert person.case("2026-06-01")["state"] == "7"


def test_closing_by_office_staff_gives_reason_and_day():
    person = Person().staff("2026-04-01", state="9")
    person.staff("2026-04-01", closed_on="2026-03-31").staff("2026-04-01", close_reason="4")
    case = person.case("2026-06-01")
    assert (case["state"], case["closed_on"], case["close_reason"]) == ("9", "2026-03-31", "4")
    assert case["next_due"] is None


# --- the next visit ---


@pytest.mark.parametrize(
    ("prepare", "due"),
    [
        (lambda person: person, "2026-03-17"),  # a candidate: seven days after it opened
        (lambda person: person.staff("2026-03-11", state="3"), "2026-03-17"),
        (lambda person: person.visit("2026-03-12", "3"), "2026-03-17"),  # nobody at home
        (lambda person: person.visit("2026-03-12"), "2026-04-11"),
        (lambda person: person.visit("2026-03-12", "2"), "2026-04-11"),
        (lambda person: person.certified(), "2026-04-09"),
        (lambda person: person.certified().visit("2026-03-20"), "2026-04-19"),
        (lambda person: person.visit("2026-03-12").visit("2026-03-20"), "2026-04-19"),
        (lambda person: person.staff("2026-03-11", state="10"), None),
        (lambda person: person.staff("2026-03-11", state="9"), None),
        # a promised day brings the visit forward, but only from after the last visit
        (lambda person: person.visit("2026-03-12", next_visit_on="2026-03-11"), "2026-04-11"),
        (lambda person: person.visit("2026-03-12", next_visit_on="2026-03-12"), "2026-04-11"),
        (lambda person: person.visit("2026-03-12", next_visit_on="2026-03-13"), "2026-03-13"),
        (lambda person: person.visit("2026-03-12", next_visit_on="2026-04-10"), "2026-04-10"),
        (lambda person: person.visit("2026-03-12", next_visit_on="2026-04-12"), "2026-04-11"),
        (lambda person: person.visit("2026-03-12", "3", next_visit_on="2026-03-10"), "2026-03-17"),
        (lambda person: person.visit("2026-03-12", "3", next_visit_on="2026-03-11"), "2026-03-11"),
        (
            lambda person: person.certified().visit("2026-03-09", "8", next_visit_on="2026-03-09"),
            "2026-03-09",
        ),
        (
            lambda person: person.visit("2026-03-12", next_visit_on="2026-03-20").visit(
                "2026-03-15", "3"
            ),
            "2026-04-11",  # only the latest visit's promise counts
        ),
    ],
)
def test_the_next_visit_is_due(prepare, due):
    case = prepare(Person()).case("2026-06-01")
    assert case["next_due"] == (due and date.fromisoformat(due))


@pytest.mark.parametrize(
    ("visits", "due"),
    [
        ([], "2026-05-01"),
        (["2026-04-20"], "2026-07-01"),
        (["2026-04-20", "2026-05-20"], "2026-10-01"),
        (["2026-04-20", "2026-05-20", "2026-06-20"], None),
    ],
)
def test_the_next_follow_up_is_due_one_three_and_six_months_after_placing(visits, due):
    person = Person().record("2026-04-01", emp_status="10")
    for day in visits:
        person.visit(day, next_visit_on="2026-04-25")
    assert person.case("2026-07-01")["next_due"] == (due and date.fromisoformat(due))


def test_visits_count_for_the_case_of_their_time():
    person = Person().visit("2026-03-15", services=["2"])
    person.record("2026-04-05", emp_status="10", spell__start_on="2026-03-31")
    person.record("2026-10-10", emp_status="21", spell__unemp_date="2026-10-01")
    person.visit("2026-10-09", services=["1"]).visit("2026-10-10", services=["3"])
    first, second = person.cases("2026-11-01")
    assert (first["plan_services"], first["last_visit"]) == (["1", "2"], date(2026, 10, 9))
    assert (second["plan_services"], second["last_visit"]) == (["1", "3"], date(2026, 10, 10))


def test_the_last_visitor_is_the_linked_worker():
    person = Person()
    number = person.submission()
    for worker, day in ((7, "2026-03-12"), (8, "2026-03-11")):
        person.state(
            "visit", f"by {worker}", day, {"outcome": "3"}, links={"person": "a"},
            submission=number, worker=worker,
        )  # fmt: skip
    assert person.case("2026-04-01")["linked_worker_id"] == 7
    person.staff("2026-04-02", linked_worker="9")
    assert person.case("2026-04-03")["linked_worker_id"] == "9"


def test_a_correction_of_a_visit_holds_for_the_case():
    person = Person().visit("2026-03-12", "3")
    visit = person.contributions[-1]
    assert person.case("2026-04-01")["last_visit"] is None
    person.decide("visit", f"visit {visit.submission_id}", "2026-03-14", outcome="1")
    assert person.case("2026-04-01")["last_visit"] == date(2026, 3, 12)
    person.decide("visit", f"visit {visit.submission_id}", "2026-03-15", outcome="4")
    assert person.case("2026-04-01")["last_visit"] is None


def test_a_void_visit_does_not_count():
    person = Person().visit("2026-03-12")
    visit = person.contributions[-1]
    person.decide("visit", f"visit {visit.submission_id}", "2026-03-14", void=True)
    case = person.case("2026-04-01")
    assert (case["last_visit"], case["next_due"]) == (None, date(2026, 3, 17))


def test_a_visit_to_the_home_counts_for_who_lives_there():
    history = History()
    number = history.submission()
    history.state("household", "x", "2026-03-10", {"address": "示范路1号"}, submission=number)
    for name in ("a", "b"):
        history.state(
            "person", name, "2026-03-10", {**MAN, **SEEKING, "residence_kind": "1"},
            links={"member_of": "x"}, submission=number,
        )  # fmt: skip
    history.state("visit", "home", "2026-03-12", {"outcome": "1"}, links={"household": "x"})
    links = {"household": "x", "person": "b"}
    history.state("visit", "b", "2026-03-20", {"outcome": "1"}, links=links)
    cases = fold_contributions(history.contributions, "2026-04-01").rows["case"]
    last_visits = {row.get("subject_person_id"): row["last_visit"] for row in cases}
    assert last_visits == {
        uuid_of("person a"): date(2026, 3, 12),
        uuid_of("person b"): date(2026, 3, 20),
        None: date(2026, 3, 20),  # the household's own case counts visits to its members too
    }
