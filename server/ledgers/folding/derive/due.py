"""The day rule: which cases are open, and whether their next visit is overdue, due, soon or later. Pure.

Phones, map, pages and counts all follow it (rules.md, Due dates). SQL says the same by
the fragments of `storage.fragments`, which are made of these constants.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from server.ledgers.definitions.vocabulary import CaseState

SOON: Final = timedelta(days=7)
"""A due day within so many days after today is soon."""


class Urgency(StrEnum):
    """How a due day stands to today."""

    OVERDUE = "overdue"  # from the day after the due day
    DUE = "due"  # on the due day
    SOON = "soon"  # the seven days before
    LATER = "later"
    NONE = "none"  # nothing is due


def urgency(due_on: date | None, today: date) -> Urgency:
    """How a due day stands to today."""
    if due_on is None:
        return Urgency.NONE
    if due_on < today:
        return Urgency.OVERDUE
    if due_on == today:
        return Urgency.DUE
    return Urgency.SOON if due_on <= today + SOON else Urgency.LATER


def is_open(state: str) -> bool:
    """Whether a case in this state is open: everything but closed, so a suspended case too."""
    return state != CaseState.CLOSED
