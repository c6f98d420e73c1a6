"""The rows of an old ledger that an office kept as an Excel workbook or a CSV file. Pure.

Offices put titles above the header, headings of two rows, merged cells, totals and hidden
rows into their sheets. Every row that holds a value comes out, with its place in the file
and, where it is no record, the reason.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import openpyxl

_SEARCHED: Final = 15
"""How many rows from the top may hold the header."""
_TOTAL: Final = re.compile(
    r"(?:合\s*计|总\s*计|小\s*计|本页合计|共\s*计|total)[:：]?.*", re.IGNORECASE
)
_BRACKETS: Final = re.compile(r"[(（\[【].*?[)）\]】]")


class Part(StrEnum):
    """What a row is within its sheet."""

    RECORD = "record"
    ABOVE = "above"  # a title, or anything else above the header
    HEADER = "header"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Line:
    """A row with at least one value: its number as Excel shows it, and its cells from column A on."""

    number: int
    cells: tuple[Any, ...]
    part: Part = Part.RECORD
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class OldSheet:
    """A sheet, its headings from column A on, and every row that is not blank."""

    name: str
    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    is_hidden: bool = False


class UnreadableFile(ValueError):
    """The file is neither a workbook (.xlsx) nor a CSV file in UTF-8 or GB 18030."""


def read(content: bytes, filename: str, known: frozenset[str]) -> list[OldSheet]:
    """The sheets of the file that are not empty. `known` holds the headings to look for, as `plain` writes them.

    Raises UnreadableFile.
    """
    if filename.lower().endswith(".csv"):
        rows = [Line(n, tuple(row)) for n, row in enumerate(csv.reader(_text(content)), 1)]
        sheets = [(filename, rows, False)]
    else:
        sheets = list(_workbook(content))
    return [
        _parted(name, [line for line in rows if _is_filled(line.cells)], hidden, known)
        for name, rows, hidden in sheets
        if any(_is_filled(line.cells) for line in rows)
    ]


def plain(heading: object) -> str:
    """A heading without blanks, brackets and what stands in them, in half-width and lower case."""
    text = _BRACKETS.sub("", unicodedata.normalize("NFKC", str(heading or "")))
    return re.sub(r"[\s:：*＊]", "", text).lower()


def _text(content: bytes) -> io.StringIO:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return io.StringIO(content.decode(encoding), newline="")
        except UnicodeDecodeError:
            continue
    raise UnreadableFile


def _workbook(content: bytes) -> Iterator[tuple[str, list[Line], bool]]:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True, keep_links=False)
    except Exception:  # openpyxl raises whatever its parsers raise
        raise UnreadableFile from None
    for sheet in book.worksheets:
        merged: dict[tuple[int, int], Any] = {}
        for area in sheet.merged_cells.ranges:
            if area.min_row != area.max_row or area.min_row <= _SEARCHED:
                value = sheet.cell(area.min_row, area.min_col).value
                merged |= dict.fromkeys(area.cells, value)
        lines = [
            Line(
                number,
                tuple(
                    merged.get((number, column), value) for column, value in enumerate(values, 1)
                ),
                is_hidden=bool(sheet.row_dimensions[number].hidden),
            )
            for number, values in enumerate(sheet.iter_rows(values_only=True), 1)
        ]
        yield sheet.title, lines, sheet.sheet_state != "visible"


def _is_filled(cells: Sequence[Any]) -> bool:
    return any(str(cell).strip() for cell in cells if cell is not None)


def _parted(name: str, lines: list[Line], is_hidden: bool, known: frozenset[str]) -> OldSheet:
    """The sheet with the part of each row: the header is the row near the top with most known headings."""

    def matches(line: Line) -> int:
        return len({plain(cell) for cell in line.cells} & known)

    top = lines[:_SEARCHED]
    best = max(top, key=matches)  # the first of equal ones
    if matches(best) < 2:
        return OldSheet(name, (), tuple(lines), is_hidden)
    at = lines.index(best)
    headings = [str(cell or "").strip() for cell in best.cells]
    below = lines[at + 1] if at + 1 < len(lines) else None
    has_second = below is not None and below.number == best.number + 1 and matches(below) > 0
    if below is not None and has_second:
        for column, cell in enumerate(below.cells):
            if plain(cell) in known or not headings[column]:
                headings[column] = str(cell or "").strip()
    parted = []
    for index, line in enumerate(lines):
        if index < at:
            part = Part.ABOVE
        elif index == at or (index == at + 1 and has_second) or _is_header(line.cells, known):
            part = Part.HEADER
        elif _is_total(line.cells):
            part = Part.TOTAL
        else:
            part = Part.RECORD
        parted.append(Line(line.number, line.cells, part, line.is_hidden))
    return OldSheet(name, tuple(headings), tuple(parted), is_hidden)


def _is_header(cells: Sequence[Any], known: frozenset[str]) -> bool:
    """Whether most of the row's cells are headings, as where a header is printed again on each page."""
    filled = [heading for heading in map(plain, cells) if heading]
    return len(filled) > 1 and 2 * sum(heading in known for heading in filled) > len(filled)


def _is_total(cells: Sequence[Any]) -> bool:
    """Whether the first text of the row says that the row adds up others."""
    first = next(
        (str(cell).strip() for cell in cells if cell is not None and str(cell).strip()), ""
    )
    return _TOTAL.fullmatch(first) is not None
