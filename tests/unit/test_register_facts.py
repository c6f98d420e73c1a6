"""What follows from petitions and matters at employers: whatever state follows which, the stock changes by what came and went."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.ledgers.folding.derive.rules import rules
from server.reports.facts.records import CourseRecord, RecordState
from server.reports.facts.registers import PETITIONS, matter_facts
from tests.factories.ledgers import COMMUNITY

BEGUN = date(2026, 4, 1)
DAY = timedelta(days=1)


def record(steps, stamped=None, **values) -> CourseRecord:
    """An entry with these states, each so many days after its beginning."""
    history = [[(BEGUN + days * DAY).isoformat(), state, 1, "stated"] for days, state in steps]
    return CourseRecord(
        "r", COMMUNITY, BEGUN, steps[-1][1], {"state": history}, stamped or {}, "1", **values
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("12345678")), min_size=1, max_size=6),
    st.dictionaries(st.sampled_from("257"), st.dates(date(2026, 3, 1), date(2026, 6, 1))),
)
def test_stock_and_flows_agree_on_every_day(steps, stamped):
    rows = list(PETITIONS.facts(record([(0, "1"), *sorted(steps)], stamped), rules()))
    states = [row for row in rows if isinstance(row, RecordState)]
    assert [row.until for row in states][:-1] == [row.since for row in states][1:]
    stock = 0
    for day in sorted({row.since for row in states}):
        for event in rows:
            if not isinstance(event, RecordState) and event.day == day:
                stock += {"petition_in": 1, "petition_out": -1}.get(event.kind, 0)
        (held,) = [
            row for row in states if row.since <= day and not (row.until and row.until <= day)
        ]
        assert stock == held.is_open


def test_the_day_that_a_column_gives_for_a_state_is_its_day():
    stated = record([(0, "1"), (9, "2"), (20, "5")], {"2": BEGUN + 4 * DAY})
    states = [row for row in PETITIONS.facts(stated, rules()) if isinstance(row, RecordState)]
    assert [(row.state, row.since) for row in states] == [
        ("1", BEGUN), ("2", BEGUN + 4 * DAY), ("5", BEGUN + 20 * DAY),
    ]  # fmt: skip
    assert [row.due_on for row in states] == [BEGUN + 15 * DAY, BEGUN + 64 * DAY, None]


@pytest.mark.parametrize(
    ("issues", "mediation", "amount", "recovered"),
    [
        (("1",), (), Decimal(500), True),
        (("1", "2"), ("1",), Decimal(500), True),
        (("2",), ("1",), Decimal(500), False),
        (("1",), ("2",), Decimal(500), False),
        (("1",), ("3",), Decimal(500), False),
        (("1",), ("1",), None, False),
    ],
)
def test_wages_count_as_recovered_where_the_matter_is_settled_and_not_by_arbitration(
    issues, mediation, amount, recovered
):
    settled = record([(0, "1"), (5, "4")], categories=mediation, amount=amount)
    kinds = [getattr(row, "kind", "") for row in matter_facts(settled, issues, rules())]
    assert ("arrears_settled" in kinds) == recovered
