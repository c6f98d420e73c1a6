"""Lists as tables that are declared by their columns: what a page, a file and paper show of the same rows.

    TableColumn("n_staff", _("Staff"), text_of(column), sort=(Key("n_staff"),), kind="num")

The address holds the state of a table: which `columns` it shows, its `sort`, the place of the
page (`after` or `before` a row, `last`), and the filters. Pure but for what its cells call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import QueryDict

from server.accounts.access import Access
from server.core.keyset import Key, Place

_PAGES_BY_NUMBER = 200
"""Numbered pages, as old links name them, end here."""
STATE = ("columns", "sort", "with", "after", "before", "last", "page")
"""Parameters of the address that are no filters of the list."""
PLACES = ("after", "before", "last", "page")
"""Those that name a page of it."""

Value = str | int | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads a table, the names of what its rows name, and the areas in which a permit shows values whole.

    `more` is what else the cells of a list read for all rows of a page at once.
    """

    access: Access
    names: Mapping[Any, str] = field(default_factory=dict)
    whole_in: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def is_whole(self, area: str) -> bool:
        """Whether a permit shows the values of rows in this area without masks."""
        return any(area.startswith(prefix) for prefix in self.whole_in)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column: its head, its cell in files, its cell on a page where that is more than the text."""

    name: str
    label: Any
    text: Callable[[Any, Reading], Value]
    html: Callable[[Any, Reading], str] | None = None
    sort: tuple[Key, ...] = ()
    kind: str = ""  # class of the cells: num, when, nowrap
    is_shown: bool = True  # unless the address says which columns are
    is_in_files: bool = True  # not for buttons

    def cell(self, row: Any, reading: Reading) -> Any:
        """What the page shows."""
        return self.html(row, reading) if self.html is not None else self.text(row, reading)


@dataclass(frozen=True, slots=True)
class Table:
    """A list of entries: its columns, its own order, the page of a row, and how an address names a row."""

    columns: tuple[TableColumn, ...]
    order: tuple[Key, ...]
    address: Callable[[Any], str]  # "" where rows have no page
    key: Callable[[str], UUID | int] = UUID  # raises ValueError
    anchor: str = ""  # rows are marked with it and their key, for links to them

    def sorted_by(self, name: str) -> tuple[Key, ...]:
        """The keys of a column, "-name" for falling; those of the table where the column is none to sort by."""
        column = next((item for item in self.columns if item.name == name.removeprefix("-")), None)
        if column is None or not column.sort:
            return self.order
        return tuple(key.turned() for key in column.sort) if name.startswith("-") else column.sort


@dataclass(frozen=True, slots=True)
class Head:
    """A column as the page heads it: which way it is sorted now, and where a click on it leads."""

    column: TableColumn
    direction: str  # ascending, descending, or "" for a column that the list is not sorted by
    url: str  # "" where it cannot be sorted by


@dataclass(frozen=True, slots=True)
class State:
    """What an address says of a table."""

    columns: tuple[TableColumn, ...]
    sort: str
    place: Place
    added: tuple[str, ...]  # filters that the reader added to the form
    query: QueryDict

    def link(self, **changes: str | None) -> str:
        """The address's parameters with these instead; None takes one out. Its place is left out."""
        query = self.query.copy()
        for name in PLACES:
            query.pop(name, None)
        for name, value in changes.items():
            if value is None:
                query.pop(name, None)
            else:
                query[name] = value
        return query.urlencode()

    def heads(self) -> list[Head]:
        """The heads of the columns shown. A second click turns the order round, a third gives the list's own."""
        return [self._head(column) for column in self.columns]

    def _head(self, column: TableColumn) -> Head:
        if not column.sort:
            return Head(column, "", "")
        falling = f"-{column.name}"
        if self.sort == column.name:
            return Head(column, "ascending", self.link(sort=falling))
        if self.sort == falling:
            return Head(column, "descending", self.link(sort=None))
        return Head(column, "", self.link(sort=column.name))


def state_of(table: Table, query: QueryDict) -> State:
    """What the address says; what it says wrongly is passed over, because old links must open."""
    wanted = _words(query, "columns")
    columns = [column for column in table.columns if column.name in wanted]
    if not columns:
        columns = [column for column in table.columns if column.is_shown]
    sort = query.get("sort") or query.get("ordering", "")  # as REST and old links call it
    if not any(column.name == sort.removeprefix("-") and column.sort for column in table.columns):
        sort = ""
    place = Place(
        after=_row(table, query.get("after")),
        before=_row(table, query.get("before")),
        is_last="last" in query,
        page=_number(query.get("page")),
    )
    return State(tuple(columns), sort, place, tuple(_words(query, "with")), query)


def _words(query: QueryDict, name: str) -> list[str]:
    return [word for text in query.getlist(name) for word in text.split(",") if word]


def _row(table: Table, text: str | None) -> UUID | int | None:
    try:
        return table.key(text) if text else None
    except ValueError:
        return None


def whole_number(text: str) -> int:
    """A row's number as an address names it. Raises ValueError."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise ValueError(text)
    return int(text)


def _number(text: str | None) -> int:
    """The number of a page; 1 for what is none."""
    is_number = text is not None and text.isascii() and text.isdecimal() and len(text) < 6
    return min(max(int(text), 1), _PAGES_BY_NUMBER) if is_number and text else 1


def lines(
    columns: Sequence[TableColumn], rows: Sequence[Any], reading: Reading
) -> list[tuple[Any, list[tuple[TableColumn, Any]]]]:
    """Each row with its cells for a page."""
    return [(row, [(column, column.cell(row, reading)) for column in columns]) for row in rows]
