"""Assistance cases: entry, states, exit and next due visit, on the day before, the day and the day after (rules.md, Cases: entry)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from server.ledgers.folding.derive.categories import Categories
from server.ledgers.folding.derive.rules import rules
from server.ledgers.folding.spells import fold_spells
from tests.factories.contributions import History, fold_contributions, row_of
from tests.factories.ledgers import uuid_of

MAN = {"birth_date": "1970-05-01", "sex": "1"}  # 4050 until 2031-10-01
SEEKING = {"emp_status": "21", "work_capacity": "1", "job_willing": True}
DAY = timedelta(days=1)


class Person(History):
    """A man of 55 who seeks work since 1 March 2026, as a record of 10 March says."""

    def __init__(self, **values):
        super().__init__()
        self.record("2026-03-10", **{**MAN, **SEEKING, "spell__unemp_date": "2026-03-01", **values})

    def record(self, day, **values):
        values = {column.replace("__", "."): value for column, value in values.items()}
        self.state("person", "a", day, values)
        return self

    def visit(self, day, outcome="1", **values):
        values = {"outcome": outcome, **values}
        number = self.submission()
        self.state(
            "visit", f"visit {number}", day, values, links={"person": "a"}, submission=number
        )
        return self

    def staff(self, day, **values):
        self.decide(
            "person", "a", day, **{f"case__{name}": value for name, value in values.items()}
        )
        return self

    def certified(self, day="2026-03-10"):
        for hour, state in enumerate("345", 13):
            self.decide("person", "a", day, hour, case__state=state)
        return self

    def cases(self, as_of):
        return [
            row
            for row in fold_contributions(self.contributions, as_of).rows["case"]
            if row.get("subject_person_id")
        ]

    def case(self, as_of):
        (row,) = self.cases(as_of)
        return row


def around(day):
    """The day before, the day, the day after."""
    day = date.fromisoformat(day)
    return [day - DAY, day, day + DAY]


# --- entry ---


@pytest.mark.parametrize(
    ("birth", "opened_on"),
    [
        ("1970-05-01", "2026-03-10"),  # the first statement about the spell
        ("1976-03-10", "2026-03-10"),
        ("1976-03-11", "2026-03-11"),  # the fiftieth birthday
        ("1976-09-15", "2026-09-15"),
    ],
)
def test_a_case_opens_on_the_day_a_category_holds(birth, opened_on):
    day = date.fromisoformat(opened_on)
    person = Person(birth_date=birth)
    assert person.case(day)["opened_on"] == day
    assert person.case(day + DAY)["opened_on"] == day
    if day > date(2026, 3, 10):
        assert person.cases(day - DAY) == []


def test_a_case_of_several_categories_opens_with_the_first():
    person = Person(birth_date="1976-09-15", health="6")
    assert person.case("2026-10-01")["category"] == ["B01", "B02"]
    assert person.case("2026-10-01")["opened_on"] == date(2026, 3, 10)


@pytest.mark.parametrize(("born", "opens"), [("1976-04-04", True), ("1976-04-05", False)])
def test_a_category_may_begin_on_the_last_day_of_the_spell(born, opens):
    person = Person(birth_date=born).record("2026-04-05", emp_status="10")
    assert bool(person.cases("2026-05-01")) is opens
    if opens:
        assert person.case("2026-05-01")["opened_on"] == date(2026, 4, 4)


@pytest.mark.parametrize(
    ("day", "held"), [("2031-09-30", True), ("2031-10-01", False), ("2031-10-02", False)]
)
def test_4050_is_no_category_from_the_day_of_retirement(day, held):
    (spell,) = fold_spells("a", Person().contributions, None)
    row = {**MAN, "area_code": "440106003001"}
    categories = Categories(None, None, rules()).held(row, spell, date.fromisoformat(day))
    assert ("B01" in categories) is held


def test_a_spell_of_tomorrow_opens_no_case_today():
    person = Person(spell__unemp_date="2026-03-10")
    assert person.cases("2026-03-09") == []
    assert len(person.cases("2026-03-10")) == 1


@pytest.mark.parametrize(
    ("change", "opens"),
    [
        ({}, True),
        ({"job_willing": False}, False),
        ({"work_capacity": "3"}, False),
        ({"work_capacity": "9"}, False),
        ({"work_capacity": "2"}, True),
        ({"birth_date": "1990-05-01"}, False),  # no category
        ({"birth_date": ""}, False),
        ({"hukou_area": "440106003001"}, True),
        ({"hukou_area": "430100000000"}, False),  # set B asks for Guangdong hukou
    ],
)
def test_a_case_needs_a_category_capacity_and_will(change, opens):
    assert bool(Person(**change).cases("2026-04-01")) is opens


@pytest.mark.parametrize(
    ("change", "days"),
    [
        ({"health": "6"}, {"B02": "2026-03-10"}),
        ({"disability": ["4"]}, {"B02": "2026-03-10"}),
        ({"spell__unemp_reason": "11"}, {"B09": "2026-03-10"}),
        ({"spell__unemp_reason": "10"}, {"B11": "2026-09-01", "B07": "2027-03-01"}),
        ({"spell__unemp_reason": "02"}, {"B07": "2027-03-01"}),
    ],
)
def test_categories_of_2023_begin_on_their_day(change, days):
    person = Person(birth_date="1990-05-01", **change)
    for category, day in days.items():
        first = date.fromisoformat(day)
        held = [
            category in {code for case in person.cases(as_of) for code in case["category"]}
            for as_of in (first - DAY, first, first + DAY)
        ]
        assert held == [day == "2026-03-10", True, True], category


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"birth_date": "1955-05-01"}, "A01"),
        ({"health": "6"}, "A05"),
        ({"emp_status": "22"}, "A07"),
        ({"spell__unemp_reason": "04"}, "A07"),
        ({"spell__unemp_date": "2009-01-01"}, "A08"),
        ({"spell__unemp_reason": "11"}, "A09"),
    ],
)
def test_categories_of_2005(change, category):
    history = History()
    values = {**MAN, **SEEKING, "birth_date": "1980-05-01", "spell__unemp_date": "2010-02-01"}
    values = {key.replace("__", "."): value for key, value in {**values, **change}.items()}
    history.state("person", "a", "2010-03-10", values)
    (case,) = fold_contributions(history.contributions, "2010-04-01").rows["case"]
    assert case["category"] == [category]


@pytest.mark.parametrize(("as_of", "expected"), [("2022-12-31", ["A01"]), ("2023-01-01", ["B01"])])
def test_the_sets_change_on_new_years_day_of_2023(as_of, expected):
    history = History()
    values = {**MAN, **SEEKING, "spell.unemp_date": "2022-12-01"}
    history.state("person", "a", "2022-12-10", values)
    (case,) = fold_contributions(history.contributions, as_of).rows["case"]
    assert case["category"] == expected


def test_a_category_does_not_begin_after_retirement():
    person = Person(birth_date="1965-02-28", spell__unemp_date="2025-03-28")  # retires 2025-03-28
    assert person.cases("2026-04-01") == []
    person = Person(birth_date="1965-03-28", spell__unemp_date="2025-04-27")  # retires 2025-04-28
    (case,) = person.cases("2026-04-01")
    assert (case["opened_on"], case["closed_on"]) == (date(2026, 3, 10), date(2026, 3, 10))


def test_will_and_capacity_count_until_the_last_statement_of_the_spell():
    person = Person(job_willing=False).record("2026-04-10", job_willing=True)
    assert person.cases("2026-04-09") == []
    assert person.case("2026-04-10")["opened_on"] == date(2026, 3, 10)
    person.record("2026-05-10", job_willing=False)  # ends nothing
    assert person.case("2026-06-01")["state"] == "1"
    late = Person(job_willing=False).record("2026-04-10", emp_status="10")
    late.record("2026-04-10", job_willing=True)  # first heard when the spell was over
    assert late.cases("2026-06-01") == []


@pytest.mark.parametrize(("categories", "level"), [(1, "2"), (2, "1"), (3, "1")])
def test_a_case_of_more_than_one_category_is_key(categories, level):
    more = [{}, {"health": "6"}, {"health": "6", "spell__unemp_reason": "11"}][categories - 1]
    person = Person(**more)
    case = person.case("2026-04-01")
    assert (len(case["category"]), case["level"]) == (categories, level)
    row = row_of(fold_contributions(person.contributions, "2026-04-01"), "person", "a")
    assert row["is_key"] is (level == "1")


def test_an_open_key_case_makes_a_key_person_beside_closed_ones():
    person = Person().record("2026-04-05", emp_status="10", spell__start_on="2026-03-31")
    person.record("2026-10-10", emp_status="21", health="6", spell__unemp_date="2026-10-01")
    row = row_of(fold_contributions(person.contributions, "2026-11-01"), "person", "a")
    assert [case["state"] for case in person.cases("2026-11-01")] == ["9", "1"]
    assert row["is_key"] is True


def test_a_closed_key_case_makes_no_key_person():
    person = Person(health="6").record("2026-04-10", person_status="2")
    assert person.case("2026-06-01")["level"] == "1"
    row = row_of(fold_contributions(person.contributions, "2026-06-01"), "person", "a")
    assert row["is_key"] is False


def test_what_a_new_case_holds():
    person = Person(
        relation="0", spell__unemp_reason="02", skill_grade="4", training_wish=["04"],
        disability_cert="sealed", health="6",
    )  # fmt: skip
    case = person.case("2026-04-01")
    assert case["five_clear"] == {
        "family": "0", "reason": "02", "skills": "4", "training": ["04"],
    }  # fmt: skip
    assert (case["found_by"], case["offers_n"], case["refusals_n"]) == ("1", 0, 0)
    assert case["category_evidence"] == ["07"]
    assert case["linked_worker_id"] == 1
    assert case["case_no"] == f"440106003001-{case['id'][:8].upper()}"


# --- states ---


@pytest.mark.parametrize(
    ("acts", "state", "illegal"),
    [
        ([], "1", 0),
        (["2"], "2", 0),
        (["3"], "3", 0),
        (["3", "4"], "4", 0),
        (["3", "4", "5"], "5", 0),
        (["4"], "1", 1),  # no public notice before the check
        (["10"], "10", 0),
        (["9"], "9", 0),
    ],
)
def test_office_staff_move_a_case(acts, state, illegal):
    person = Person()
    for place, act in enumerate(acts):
        person.staff(f"2026-03-{place + 11}", state=act)
    result = fold_contributions(person.contributions, "2026-04-01")
    (case,) = result.rows["case"]
    assert case["state"] == state
    raised = [(item.kind, item.entry, item.column) for item in result.raised]
    assert raised == [("illegal_move", uuid_of("person a"), "case.state")] * illegal
    moved = [act for act in person.contributions if act.is_desk_act][: len(acts) - illegal]
    assert case["origins"] == ({str(moved[-1].id): ["state"]} if moved else {})


def test_acts_from_the_day_the_next_case_opens_are_about_that():
    person = Person().record("2026-04-05", emp_status="10", spell__start_on="2026-03-31")
    person.record("2026-10-10", emp_status="21", spell__unemp_date="2026-10-01")
    person.staff("2026-10-09", level="1").staff("2026-10-10", found_by="3")
    first, second = person.cases("2026-11-01")
    assert (first["level"], first["found_by"]) == ("1", "1")
    assert (second["level"], second["found_by"]) == ("2", "3")


def test_acts_before_a_case_opened_are_not_about_it():
    person = Person().staff("2026-03-09", state="2").staff("2026-03-10", state="3")
    assert person.case("2026-04-01")["state"] == "3"


@pytest.mark.parametrize(
    ("visited", "outcome", "state"),
    [
        ("2026-02-28", "1", "5"),  # before the spell that opened the case
        ("2026-03-01", "1", "6"),
        ("2026-03-20", "2", "6"),
        ("2026-03-20", "3", "5"),  # nobody at home
    ],
)
def test_a_certified_case_becomes_active_by_a_visit(visited, outcome, state):
    assert Person().certified().visit(visited, outcome).case("2026-04-01")["state"] == state
    assert Person().visit(visited, outcome).case("2026-04-01")["state"] == "1"


@pytest.mark.parametrize(
    ("visited", "state", "done_on"),
    [
        ("2026-03-31", "7", None),
        ("2026-04-01", "7", None),  # the day of placing is no follow-up
        ("2026-04-02", "8", "2026-04-02"),
    ],
)
def test_a_placed_case_is_followed_up_by_a_later_visit(visited, state, done_on):
    person = Person().record("2026-04-05", emp_status="10", spell__start_on="2026-04-01")
    case = person.visit(visited).case("2026-04-10")
    assert (case["state"], case["placed_on"]) == (state, date(2026, 4, 1))
    assert case["followup"][0]["done_on"] == done_on


def test_a_visit_meets_one_follow_up():
    person = Person().record(
        "2026-04-05", emp_status="10", spell__start_on="2026-03-31", spell__emp_form="4"
    )
    person.visit("2026-04-20").visit("2026-08-01")
    case = person.case("2026-08-02")
    assert case["placed_form"] == "4"
    assert case["followup"] == [
        {"months": 1, "due_on": "2026-04-30", "done_on": "2026-04-20"},
        {"months": 3, "due_on": "2026-06-30", "done_on": "2026-08-01"},
        {"months": 6, "due_on": "2026-09-30", "done_on": None},
    ]
    assert case["next_due"] == date(2026, 9, 30)


def test_a_missed_follow_up_is_met_by_the_next_visit_after_it():
    person = Person().record("2026-04-05", emp_status="10", spell__start_on="2026-03-31")
    case = person.visit("2026-05-05").case("2026-05-06")
    assert [item["done_on"] for item in case["followup"]] == ["2026-05-05", None, None]
    person.visit("2026-06-20").visit("2026-07-20")
    case = person.case("2026-07-21")
    done = ["2026-05-05", "2026-06-20", "2026-07-20"]
    assert [item["done_on"] for item in case["followup"]] == done
    assert case["next_due"] is None


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
    person = Person().record("2026-03-10", emp_status="32", spell__start_on="2026-03-05")
    assert person.cases("2026-04-01")[0]["closed_on"] == date(2026, 3, 10)


@pytest.mark.parametrize(
    ("values", "closed_on", "reason"),
    [
        ({"person_status": "3", "death_date": "2026-04-20"}, date(2026, 4, 20), "7"),
        ({"death_date": "2026-04-20"}, date(2026, 4, 20), "7"),
        ({"person_status": "3"}, date(2026, 5, 5), "7"),
        ({"person_status": "2"}, date(2026, 5, 5), "6"),
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


def test_lost_capacity_closes_on_the_last_day_it_was_stated():
    person = (
        Person().record("2026-04-25", work_capacity="3").record("2026-05-05", work_capacity="3")
    )
    assert person.case("2026-06-01")["closed_on"] == date(2026, 5, 5)


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
