"""The day rule: due on the day, overdue from the day after, soon the seven days before (rules.md, Due dates)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from server.ledgers.definitions.vocabulary import CaseState
from server.ledgers.folding.derive.due import is_open, urgency

DUE_ON = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("days_before", "expected"),
    [
        (-1, "overdue"),
        (0, "due"),
        (1, "soon"),
        (7, "soon"),
        (8, "later"),
    ],
)
def test_the_day_decides(days_before, expected):
    assert urgency(DUE_ON, DUE_ON - timedelta(days=days_before)) == expected


def test_without_a_due_day_nothing_is_due():
    assert urgency(None, DUE_ON) == "none"


def test_every_case_but_a_closed_one_is_open():
    assert [state for state in CaseState if not is_open(state)] == [CaseState.CLOSED]
