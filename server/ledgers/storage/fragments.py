"""Parts of statements that several modules have to write alike."""

from __future__ import annotations

from server.core.clock import OFFICE
from server.ledgers.definitions.vocabulary import CaseState


def open_case(table: str) -> str:
    """A condition: the case of this table alias is open."""
    return f"{table}.state <> '{CaseState.CLOSED}'"


def office_day(instant: str) -> str:
    """The day of an instant by the office's clock."""
    return f"({instant} at time zone '{OFFICE}')::date"
