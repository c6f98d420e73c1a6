"""Conditions that select rows for an entity list: those of certain areas, or certain entries.

Area prefixes and uuids stand literally in the statement, so that the planner sees them and
uses the index. Both are checked to be digits or uuids. A statement with such a condition
has to be run with parameters, because the `%` of the prefixes is doubled.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from uuid import UUID

from server.ledgers.storage.fragments import open_case


def in_areas(column: str, areas: Iterable[str]) -> str:
    """A condition: the area code in the column begins with one of these prefixes. Raises ValueError."""
    prefixes = sorted(areas)
    if not all(prefix == "" or prefix.isdecimal() for prefix in prefixes):
        raise ValueError("an area is a prefix of digits")
    likes = [f"{column} like '{prefix}%%'" for prefix in prefixes]
    return f"({' or '.join(likes)})" if likes else "false"


class Selection(ABC):
    """The entries that a list is read for, as SQL conditions on the tables it is made of."""

    @abstractmethod
    def rows(self, area_code: str, entry: str) -> str:
        """A condition on the list's own rows; the arguments are their columns."""

    @abstractmethod
    def households(self, column: str) -> str:
        """A condition on a column that refers to a household."""

    def open_cases(self, case: str) -> str:
        """A condition: the table alias is an open case of these households or of their residents."""
        return (
            f"{open_case(case)} and {case}.id in ("  # noqa: S608 digits or uuids
            "select id from ledgers_assistancecase"
            f" where {self.households('subject_household_id')}"
            " union all select owned.id from ledgers_person owner"
            " join ledgers_assistancecase owned on owned.subject_person_id = owner.id"
            f" where {self.households('owner.household_id')})"
        )


class AreaSelection(Selection):
    """All entries of these areas. Raises ValueError."""

    def __init__(self, areas: Iterable[str]) -> None:
        self._areas = sorted(areas)

    def rows(self, area_code: str, entry: str) -> str:
        return in_areas(area_code, self._areas)

    def households(self, column: str) -> str:
        within = in_areas("area_code", self._areas)
        return f"{column} in (select id from ledgers_household where {within})"  # noqa: S608 digits


class EntrySelection(Selection):
    """Certain entries, whatever their area."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._uuids = ",".join(str(UUID(entry)) for entry in sorted(entries))

    def rows(self, area_code: str, entry: str) -> str:
        return f"{entry} = any('{{{self._uuids}}}'::uuid[])"

    def households(self, column: str) -> str:
        return f"{column} = any('{{{self._uuids}}}'::uuid[])"
