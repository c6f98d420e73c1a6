"""Who seeks work: from when to when a wish holds, and that whoever seeks it in a period counts in it once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.ledgers.folding.derive.rules import rules
from server.reports.facts.records import MembershipRecord, PersonRecord, SpellRecord
from server.reports.facts.seekers import seeker_facts
from tests.factories.contributions import OTHER_COMMUNITY, History, fold_contributions, row_of
from tests.factories.ledgers import COMMUNITY

LISTED = date(2026, 1, 10)
DAY = timedelta(days=1)
DAYS = st.integers(0, 60).map(lambda days: LISTED + days * DAY)


def seeker(**values) -> PersonRecord:
    """A man of 40 with urban hukou in his community, without work, who has wished for it since he was listed."""
    given_values = {
        "id": "p", "area_code": COMMUNITY, "listed_on": LISTED, "sex": "1",
        "born": date(1985, 5, 1), "hukou_type": "10", "edu": "70", "activity": "21",
        "capacity": "1", "surplus": False, "status": "1", "died_on": None,
        "residence_kind": "1", "history": {}, "spells": (), "memberships": (), "willing": True,
        **values,
    }  # fmt: skip
    return PersonRecord(**given_values)


def steps(values):
    return [[day.isoformat(), value, 1, "stated"] for day, value in values]


def spell(start, kind="1", **values):
    blank = dict.fromkeys(("end", "reg_date", "cancel_date", "cancel_reason", "unemp_reason"))
    return SpellRecord(id="s", kind=kind, start=start, benefit_months=None, **{**blank, **values})


def times(record):
    """(since, until) of the times in which the person seeks work, without breaks where only something else changes."""
    spans: list[tuple[date, date | None]] = []
    for row in seeker_facts(record, rules()):
        if row.is_new:
            continue
        since = spans.pop()[0] if spans and spans[-1][1] == row.since else row.since
        spans.append((since, row.until))
    return spans


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, [(LISTED, None)]),
        ({"willing": False}, []),
        ({"willing": None}, []),
        ({"residence_kind": "3"}, []),
        ({"born": None}, [(LISTED, None)]),
        ({"born": date(2010, 1, 10)}, [(LISTED, None)]),
        ({"born": date(2010, 1, 11)}, [(LISTED + DAY, None)]),
        ({"died_on": LISTED + DAY}, [(LISTED, LISTED + DAY)]),
        ({"spells": [spell(LISTED)]}, [(LISTED, None)]),
        ({"spells": [spell(LISTED + DAY)]}, [(LISTED, LISTED + DAY)]),
        ({"spells": [spell(LISTED + DAY, kind="2")]}, [(LISTED, None)]),
        (
            {"history": {"job_willing": steps([(LISTED, True), (LISTED + DAY, False)])}},
            [(LISTED, LISTED + DAY)],
        ),
        (
            {"history": {"job_willing": steps([(LISTED, True), (LISTED + 9 * DAY, True)])},
             "spells": [spell(LISTED + DAY)]},
            [(LISTED, LISTED + DAY), (LISTED + 9 * DAY, None)],
        ),
    ],
)  # fmt: skip
def test_a_wish_holds_from_its_statement_until_another_work_death_and_from_the_age_of_16(
    values, expected
):
    assert times(seeker(**values)) == expected


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({}, "entrant"),
        ({"activity": "20", "spells": [spell(date(2025, 1, 1), kind="2", unemp_reason="05")]}, "from_job"),
        ({"spells": [spell(date(2020, 1, 1), end=date(2025, 1, 1))]}, "from_job"),
        ({"activity": "20", "spells": [spell(date(2025, 1, 1), kind="2", unemp_reason="09")]}, "other"),
        ({"activity": "22"}, "laid_off"),
        ({"activity": "31"}, "retired"),
        ({"activity": "30"}, "student"),
        ({"activity": "12"}, "employed"),
        ({"activity": "32"}, "other"),
        ({"activity": "35"}, "other"),
        ({"activity": ""}, "unknown"),
        ({"hukou_type": "20", "activity": "22"}, "rural"),
        ({"hukou_type": "20", "registered_in": "430100000000"}, "outside"),
        ({"registered_in": "440105000000"}, "entrant"),
        ({"residence_kind": "2"}, "outside"),
    ],
)  # fmt: skip
def test_a_seeker_is_of_a_kind(values, kind):
    assert {row.kind for row in seeker_facts(seeker(**values), rules())} == {kind}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(DAYS, st.booleans()), min_size=1, max_size=6).map(sorted),
    st.lists(DAYS, max_size=2),
    st.lists(st.tuples(DAYS, st.sampled_from((COMMUNITY, OTHER_COMMUNITY))), max_size=3),
    DAYS,
    st.integers(0, 30),
)
def test_whoever_seeks_work_in_a_period_counts_in_it_once(wishes, jobs, homes, first, length):
    last = first + length * DAY
    record = seeker(
        history={"job_willing": steps(wishes)},
        spells=[spell(day) for day in sorted(jobs)],
        memberships=[MembershipRecord(area, area, "resident", day, None) for day, area in homes],
    )
    rows = seeker_facts(record, rules())
    stood = [row for row in rows if not row.is_new]
    carried = [row for row in stood if row.since < first and not (row.until and row.until < first)]
    new = [
        row
        for row in rows
        if row.is_new
        and first <= row.since <= last
        and not (row.ended_on and row.ended_on >= first)
    ]
    sought = any(row.since <= last and (row.until is None or row.until >= first) for row in stood)
    assert len(carried) + len(new) == sought


def test_a_person_remembers_wishes_and_those_stated_again_after_work_was_taken_up():
    history = History()
    history.state("person", "a", "2026-01-10", {"emp_status": "21", "job_willing": True})
    history.state("person", "a", "2026-02-10", {"job_willing": True, "wish_job": ["4"]})
    assert set(_row(history)["history"]) == {"wish_job"}  # the wish has held since the first record
    history.state("person", "a", "2026-03-10", {"emp_status": "10", "spell.start_on": "2026-03-01"})
    history.state("person", "a", "2026-04-10", {"job_willing": True})
    history.state("person", "a", "2026-05-10", {"job_willing": False})
    remembered = _row(history)["history"]
    assert [step[:2] for step in remembered["job_willing"]] == [
        ["2026-01-10", True], ["2026-04-10", True], ["2026-05-10", False],
    ]  # fmt: skip
    assert [step[:2] for step in remembered["wish_job"]] == [["2026-02-10", ["4"]]]
    history.state("person", "b", "2026-01-10", {"job_willing": True})
    assert _row(history, "b")["history"] == {}


def _row(history, who="a"):
    return row_of(fold_contributions(history.contributions, date(2026, 6, 1)), "person", who)
