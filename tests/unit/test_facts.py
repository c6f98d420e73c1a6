"""What follows from a person's or household's rows: states over time, and the events between them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from server.ledgers.folding.derive.rules import rules
from server.reports.facts.cases import case_facts
from server.reports.facts.households import household_facts
from server.reports.facts.persons import person_facts
from server.reports.facts.records import (
    CaseRecord,
    DatedRecord,
    HouseholdRecord,
    MembershipRecord,
    PersonRecord,
    SpellRecord,
    VisitRecord,
)
from tests.factories.contributions import OTHER_COMMUNITY, History, fold_contributions, row_of
from tests.factories.ledgers import COMMUNITY

LISTED = date(2026, 1, 10)
DAY = timedelta(days=1)


def lives_in(household, area, since, until=None, role="resident"):
    return MembershipRecord(household, area, role, since, until)


def person(**values):
    """A man of 40 who was listed on 10 January 2026 at home in his community."""
    given = {
        "id": "p", "area_code": COMMUNITY, "listed_on": LISTED, "sex": "1",
        "born": date(1985, 5, 1), "hukou_type": "10", "edu": "70", "activity": "10",
        "capacity": "1", "surplus": False, "status": "1", "died_on": None,
        "residence_kind": "1", "history": {}, "spells": (),
        "memberships": (
            lives_in("h", COMMUNITY, LISTED), lives_in("h", COMMUNITY, LISTED, role="hukou"),
        ),
        **values,
    }  # fmt: skip
    return PersonRecord(**given)


def flows(record, kind):
    """(in or out, day, place, reason) of a stock up to the end of 2026."""
    _states, events = person_facts(record, rules())
    return [
        (event.kind.rpartition("_")[2], event.day, event.place, event.reason)
        for event in events
        if event.kind.startswith(kind) and event.day.year <= 2026
    ]


def states(record):
    return person_facts(record, rules())[0]


def test_who_is_listed_of_working_age_came_that_day():
    assert flows(person(), "working") == [("in", LISTED, COMMUNITY, "listed")]
    (state,) = states(person())
    assert (state.since, state.until, state.activity) == (LISTED, None, "10")


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        (date(2010, 6, 1), [("in", date(2026, 6, 1), COMMUNITY, "came_of_age")]),
        (date(2011, 1, 1), []),
        (
            date(1966, 6, 1),
            [
                ("in", LISTED, COMMUNITY, "listed"),
                ("out", date(2026, 6, 1), COMMUNITY, "aged_out"),
            ],
        ),
        (None, []),
    ],
)
def test_age_brings_people_in_on_the_birthday_and_takes_them_out(born, expected):
    assert flows(person(born=born), "working") == expected


def test_a_move_takes_from_a_community_and_gives_to_the_next():
    moved = date(2026, 4, 1)
    record = person(
        memberships=(
            lives_in("h", COMMUNITY, LISTED, moved), lives_in("i", OTHER_COMMUNITY, moved),
        )
    )  # fmt: skip
    assert flows(record, "working")[1:] == [
        ("out", moved, COMMUNITY, "moved_out"),
        ("in", moved, OTHER_COMMUNITY, "moved_in"),
    ]
    assert [state.until for state in states(record)] == [moved, None]


def test_who_left_the_last_household_counts_there_until_more_is_known():
    record = person(memberships=(lives_in("h", COMMUNITY, LISTED, date(2026, 4, 1)),))
    assert flows(record, "working") == [("in", LISTED, COMMUNITY, "listed")]


@pytest.mark.parametrize(
    ("status", "died_on", "reason"),
    [("3", date(2026, 5, 4), "died"), ("2", None, "moved_out"), ("5", None, "corrected")],
)
def test_who_is_gone_is_counted_out_on_the_day(status, died_on, reason):
    gone = died_on or date(2026, 5, 4)
    steps = [[LISTED.isoformat(), "1", 1, "stated"], ["2026-05-04", status, 2, "stated"]]
    record = person(status=status, died_on=died_on, history={"person_status": steps})
    assert flows(record, "working")[1:] == [("out", gone, COMMUNITY, reason)]
    assert states(record)[-1].until == gone


def test_a_death_that_was_taken_back_never_was():
    steps = [["2026-01-10", "1", 1, "stated"], ["2026-05-04", "3", 2, "visited"]]
    steps.append(["2026-05-09", "1", 3, "decided"])
    record = person(history={"person_status": steps})
    assert [state.until for state in states(record)] == [None]


def unemployed(**spell):
    """Lost a job on 1 February, registered on the 10th."""
    activities = [["2025-01-01", "10", 1, "stated"], ["2026-02-01", "20", 2, "stated"]]
    values = {
        "reg_date": date(2026, 2, 10), "cancel_date": None, "cancel_reason": None,
        "unemp_reason": None, "benefit_months": 3, **spell,
    }  # fmt: skip
    return person(
        activity="20",
        history={"emp_status": activities},
        spells=(
            SpellRecord("s1", "1", date(2025, 1, 1), date(2026, 2, 1), *([None] * 5)),
            SpellRecord("s2", "2", date(2026, 2, 1), None, *values.values()),
        ),
    )


def test_a_registration_counts_from_its_day_on_by_why_work_was_lost():
    record = unemployed()
    assert flows(record, "registered") == [("in", date(2026, 2, 10), COMMUNITY, "from_job")]
    day_before, day_of = states(record)[-2:]
    assert (day_before.registered_on, day_before.until) == (None, date(2026, 2, 10))
    assert (day_of.registered_on, day_of.benefit) == (date(2026, 2, 10), True)
    assert flows(unemployed(unemp_reason="12"), "registered")[0][3] == "new_entrant"
    assert flows(unemployed(unemp_reason="10"), "registered")[0][3] == "other"


@pytest.mark.parametrize(
    ("reason", "expected"), [("01", "job"), ("04", "retired"), ("11", "other"), (None, "other")]
)
def test_a_cancelled_registration_says_why(reason, expected):
    record = unemployed(cancel_date=date(2026, 3, 5), cancel_reason=reason)
    assert flows(record, "registered")[1:] == [("out", date(2026, 3, 5), COMMUNITY, expected)]


def test_work_ends_a_registration():
    record = unemployed()
    steps = [*record.history["emp_status"], ["2026-07-01", "13", 3, "stated"]]
    first, second = record.spells
    spells = (
        first, second._replace(end=date(2026, 7, 1)),
        SpellRecord("s3", "1", date(2026, 7, 1), None, *([None] * 5)),
    )  # fmt: skip
    record = record._replace(history={"emp_status": steps}, spells=spells)
    assert flows(record, "registered")[1:] == [("out", date(2026, 7, 1), COMMUNITY, "job")]


def test_a_household_is_certified_helped_and_relapses():
    steps = [
        ["2026-02-01", "1", 1, ""], ["2026-02-10", "4", 2, ""], ["2026-03-01", "5", 3, ""],
        ["2026-04-01", "4", 4, ""], ["2026-05-01", "7", 5, ""],
    ]  # fmt: skip
    household = HouseholdRecord(
        "h", COMMUNITY, LISTED, "7", False, {"zero_emp_state": steps}, [(LISTED, date(2026, 6, 1))]
    )
    rows, events = household_facts(household)
    assert [(event.kind, event.day.month, event.reason) for event in events] == [
        ("zero_in", 2, "certified"), ("zero_out", 3, "job"),
        ("zero_in", 4, "relapsed"), ("zero_out", 5, "exited"),
    ]  # fmt: skip
    assert [(row.since, row.is_inhabited) for row in rows][-1] == (date(2026, 6, 1), False)


def test_a_case_counts_as_a_whole_and_in_each_category_and_help_by_the_day():
    case = CaseRecord(
        "c", COMMUNITY, date(2026, 2, 1), date(2026, 8, 1), "1", "4",
        {
            "state": [["2026-02-01", "1", 1, ""], ["2026-03-01", "7", 2, ""]],
            "category": [["2026-02-01", ["B01"], 1, ""], ["2026-02-15", ["B01", "B07"], 2, ""]],
        },
    )  # fmt: skip
    visits = [
        VisitRecord("v1", case.opened_on - DAY, None, ("1",)),
        VisitRecord("v2", case.opened_on, None, ("1",)),
        VisitRecord("v3", date(2026, 8, 1), "h", ()),
        VisitRecord("v4", date(2026, 8, 2), None, ()),
    ]
    offer = DatedRecord("o", "offered", date(2026, 2, 20))
    rows, events = case_facts(person(cases=(case,), visits=visits, dated=(offer,)))
    counted = sorted((event.kind, event.day, event.category, event.reason) for event in events)
    end = date(2026, 8, 1)
    assert counted == [
        ("case_in", case.opened_on, "", "opened"),
        ("case_in", case.opened_on, "B01", "opened"),
        ("case_in", date(2026, 2, 15), "B07", "opened"),
        ("case_out", end, "", "job"), ("case_out", end, "B01", "job"),
        ("case_out", end, "B07", "job"),
        ("guided", case.opened_on, "", ""),
        ("offered", date(2026, 2, 20), "", ""),
        ("placed", date(2026, 3, 1), "", "welfare"), ("placed", end, "", "stable"),
        ("visited", case.opened_on, "", ""), ("visited", end, "", ""),
    ]  # fmt: skip
    assert [(row.since, row.until, row.categories) for row in rows] == [
        (case.opened_on, date(2026, 2, 15), ("B01",)),
        (date(2026, 2, 15), date(2026, 3, 1), ("B01", "B07")),
        (date(2026, 3, 1), end, ("B01", "B07")),
    ]


def test_a_person_remembers_every_employment_status_from_its_day():
    history = History()
    history.state(
        "person", "a", "2026-01-10", {"emp_status": "21", "spell.unemp_date": "2025-12-01"}
    )
    history.state("person", "a", "2026-02-10", {"emp_status": "20"})
    history.state("person", "a", "2026-03-10", {"emp_status": "10", "spell.start_on": "2026-03-01"})
    folded = fold_contributions(history.contributions, date(2026, 4, 1))
    steps = row_of(folded, "person", "a")["history"]["emp_status"]
    assert [step[:2] for step in steps] == [
        ["2025-12-01", "21"], ["2026-02-10", "20"], ["2026-03-01", "10"],
    ]  # fmt: skip
