"""What follows from a retired person's rows: whatever was reported, the stock changes by what came and went."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.ledgers.folding.derive.rules import rules
from server.reports.facts.records import ChangeRecord, DependantRecord, RetireeRecord
from server.reports.facts.retirees import retiree_facts
from tests.factories.ledgers import COMMUNITY

LISTED = date(2026, 1, 10)
DAY = timedelta(days=1)


def retiree(**values) -> RetireeRecord:
    """Somebody who retired in 2020 and was first met on 10 January 2026."""
    stated = {
        "id": "r", "area_code": COMMUNITY, "listed_on": LISTED, "sex": "1",
        "retired_on": date(2020, 1, 1), "died_on": None, "death_reported_on": None,
        "is_party": False, "is_special": False, "history": {}, "funeral_claim": "5",
        "proofs": (), "changes": (), "dependants": (), **values,
    }  # fmt: skip
    return RetireeRecord(**stated)


def flows(record):
    """(kind, day, reason, the earlier day that it is about)."""
    _states, _relatives, events = retiree_facts(record, rules())
    return [(event.kind, event.day, str(event.reason), event.of_day) for event in events]


def change(kind, on, reported=None):
    return ChangeRecord(f"{kind} {on}", kind, on, reported or on)


DAYS = st.dates(date(2025, 11, 1), date(2026, 4, 30))
CHANGES = st.lists(
    st.builds(change, st.sampled_from(["11", "12", "13", "21", "22", "23", "24"]), DAYS), max_size=6
)


@settings(max_examples=60, deadline=None)
@given(
    CHANGES, st.none() | DAYS, st.lists(DAYS, max_size=2),
    st.lists(st.tuples(DAYS, st.sampled_from("12345")), max_size=3),
)  # fmt: skip
@example(  # moved out, died there, and came in again by a report of the day after
    [change("22", date(2025, 11, 1)), change("11", date(2026, 2, 2))], date(2026, 2, 1), [], []
)
def test_stock_and_flows_agree_on_every_day(changes, died_on, proofs, steps):
    states = [[day.isoformat(), state, None, "stated"] for day, state in sorted(steps)]
    relative = DependantRecord("d", COMMUNITY, LISTED, None)
    record = retiree(
        changes=changes, died_on=died_on, proofs=proofs, dependants=[relative],
        history={"state": [[LISTED.isoformat(), "1", 1, "stated"], *states]},
    )  # fmt: skip
    rows, relatives, events = retiree_facts(record, rules())
    for history in (rows, relatives):
        assert all(row.until is None or row.since < row.until for row in history)
        ends = [row.until for row in history]
        assert ends[:-1] == [row.since for row in history[1:]]
    stock = 0
    for day in sorted({event.day for event in events} | {row.since for row in rows}):
        for event in events:
            if event.day == day:
                stock += {"retiree_in": 1, "retiree_out": -1}.get(event.kind, 0)
        held = [
            row.state for row in rows if row.since <= day and not (row.until and row.until <= day)
        ]
        assert stock == held.count("1")
    if died_on is not None and died_on > LISTED:
        assert rows[-1].state != "1"


def test_somebody_met_before_the_report_was_in_care_since_then():
    assert flows(retiree(changes=[change("22", LISTED + DAY)])) == [
        ("retiree_in", LISTED, "listed", None),
        ("retiree_out", LISTED + DAY, "moved_out", None),
    ]
    assert flows(retiree(changes=[change("13", LISTED + DAY)])) == [
        ("retiree_in", LISTED, "listed", None)
    ]


def test_who_died_in_the_ledger_of_persons_is_out_of_care_since_that_day():
    died = LISTED + 3 * DAY
    without_report = flows(retiree(died_on=died, death_reported_on=died + DAY))
    assert without_report[1:] == [
        ("retiree_out", died, "died", None),
        ("retiree_reported", died + DAY, "died", died),
    ]
    reported = retiree(died_on=died, changes=[change("21", died + DAY, died + 2 * DAY)])
    assert flows(reported)[1:] == [
        ("retiree_out", died, "died", None),
        ("retiree_reported", died + 2 * DAY, "died", died),
    ]


@pytest.mark.parametrize(("after", "owed", "holds"), [(-1, False, True), (0, True, False)])
def test_a_year_after_retirement_a_proof_is_owed_and_a_proof_holds_for_a_year(after, owed, holds):
    record = retiree(retired_on=date(2025, 3, 1), proofs=[date(2025, 3, 1)])
    state = retiree_facts(record, rules())[0][-1]
    day = date(2026, 3, 1) + after * DAY
    assert (state.proof_from <= day, day < state.proof_until) == (owed, holds)
