"""The tables of their own that a report prescribes, filled with the numbers of its last row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from server.reports.counting import TOTAL
from server.reports.definitions.tables import Column, Form
from server.reports.selectors import WITHHELD, Table

_MOST_RANKED: Final = 10


@dataclass(frozen=True, slots=True)
class Cell:
    """A number and its column; no column where the form has no number."""

    column: Column | None
    number: float | str | None


@dataclass(frozen=True, slots=True)
class Filled:
    """A form with its lines; those of a ranking in their order."""

    title: str
    heads: list[str]
    lines: list[tuple[str, list[Cell]]]


def forms_of(table: Table) -> list[Filled]:
    """The forms of a report for the whole area; none where the report prescribes none."""
    return [
        Filled(str(form.label), [str(head) for head in form.heads], list(_lines(table, form)))
        for form in table.report.forms
    ]


def _lines(table: Table, form: Form) -> Iterator[tuple[str, list[Cell]]]:
    columns = {column.name: column for column in table.report.columns()}
    for label, names in _ranked(table, form):
        yield str(label), [Cell(columns.get(name), _number(table, name)) for name in names]


def _number(table: Table, name: str) -> float | str | None:
    return WITHHELD if (TOTAL, name) in table.hidden else table.cells[TOTAL].get(name)


def _ranked(table: Table, form: Form) -> Sequence[tuple[object, Sequence[str]]]:
    if form.ranked_by is None:
        return form.lines
    place, sign = form.ranked_by, -1 if form.is_least else 1
    numbers = table.cells[TOTAL]
    ranked = [(sign * (numbers.get(line[1][place]) or 0), line) for line in form.lines]
    first = sorted(
        (item for item in ranked if item[0] > 0), key=lambda item: item[0], reverse=True
    )  # equal ones stay in the order of the list
    return [line for _number, line in first[:_MOST_RANKED]]
