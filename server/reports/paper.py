"""A report as PDF for signature: title, unit, period, preparer, signature and seal lines, page numbers (decision 0379)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.translation import get_language

from server.reports.definitions.indicators import YUAN
from server.reports.definitions.tables import Column, Rate
from server.reports.forms import forms_of
from server.reports.selectors import Table
from server.reports.sheets import about, rows_of

PDF_TYPE: Final = "application/pdf"
_MOST_COLUMNS: Final = 16
"""More of them cannot be read side by side on a page; such a report has a line for each column."""
_MOST_UPRIGHT: Final = 4
"""So many numbers side by side fit on an upright page."""
_MOST_DIVISIONS: Final = 10
"""So many divisions side by side fit on a page; more go on below, under heads of their own."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table."""

    name: str
    unit: str  # "" where the table has no column of units
    numbers: list[str]
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under one heading; "" for none."""

    heading: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Block:
    """A table on the page: heads of one or two rows, and lines in sections."""

    title: str
    groups: list[
        tuple[str, int]
    ]  # heading over columns, and how many; none where heads stand alone
    heads: list[str]
    sections: list[Section]
    has_units: bool = False

    @property
    def width(self) -> int:
        """How many columns it has, the names among them."""
        return len(self.heads) + (2 if self.has_units else 1)


def as_pdf(table: Table, preparer: str, digest: str = "") -> bytes:
    """The report as PDF, A4, upright or across by its width; `digest` is that of a frozen table.

    Draws with the fonts of the machine and fetches nothing. Numbers stand as in `rows_of`.
    """
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    page = render_to_string("reports/paper.html", _content(table, preparer, digest))
    nothing = URLFetcher(allowed_protocols=())
    return bytes(HTML(string=page, url_fetcher=nothing).write_pdf(full_fonts=False) or b"")


def _content(table: Table, preparer: str, digest: str) -> dict[str, Any]:
    blocks = blocks_of(table)
    widest = max(len(block.heads) for block in blocks)
    return {
        "table": table,
        "about": list(about(table)),
        "blocks": blocks,
        "is_across": widest > _MOST_UPRIGHT,
        "preparer": preparer,
        "digest": digest,
        "language": get_language() or "zh-hans",
    }


def blocks_of(table: Table) -> list[Block]:
    """The tables of a report in their order: those that it prescribes for the whole area, then the divisions."""
    is_turned = table.report.width > _MOST_COLUMNS
    return [*_prescribed(table), *(_turned(table) if is_turned else [_straight(table)])]


def number_text(column: Column, number: float | str | None) -> str:
    """A number as papers show it: with thousands separated, two decimals where its column has them, "—" for none."""
    if number is None:
        return "—"
    if isinstance(number, str):
        return number
    has_cents = column.has_decimals if isinstance(column, Rate) else column.unit is YUAN
    if has_cents or number != int(number):
        return f"{number:,.2f}"
    return f"{int(number):,}"


def _straight(table: Table) -> Block:
    columns = list(table.report.columns())
    lines = [
        Line(
            name, "",
            [number_text(column, number) for column, number in zip(columns, numbers, strict=True)],
            key == "total",
        )
        for key, name, numbers in rows_of(table)
    ]  # fmt: skip
    groups = [(str(group.label), len(group.columns)) for group in table.report.groups]
    return Block("", groups, [str(column.label) for column in columns], [Section("", lines)])


def _turned(table: Table) -> Iterator[Block]:
    """A line for each column of the report; so many divisions at a time as fit on a page."""
    rows = list(rows_of(table))
    for first in range(0, len(rows), _MOST_DIVISIONS):
        shown = rows[first : first + _MOST_DIVISIONS]
        sections, place = [], 0
        for group in table.report.groups:
            lines = []
            for column in group.columns:
                numbers = [number_text(column, row[2][place]) for row in shown]
                lines.append(Line(str(column.label), str(column.unit), numbers))
                place += 1
            sections.append(Section(str(group.label), lines))
        yield Block("", [], [name for _key, name, _numbers in shown], sections, has_units=True)


def _prescribed(table: Table) -> Iterator[Block]:
    for form in forms_of(table):
        lines = [
            Line(
                name, "",
                [number_text(cell.column, cell.number) if cell.column else "" for cell in cells],
            )
            for name, cells in form.lines
        ]  # fmt: skip
        yield Block(form.title, [], list(form.heads), [Section("", lines)])


def texts_of(blocks: Sequence[Block]) -> list[str]:
    """All numbers of the tables, from left to right and top to bottom."""
    return [
        number
        for block in blocks
        for section in block.sections
        for line in section.lines
        for number in line.numbers
    ]
