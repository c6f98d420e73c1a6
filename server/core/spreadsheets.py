"""Makes cells of CSV and XLSX files that people open, so that no spreadsheet runs them.

The rule: text that begins with `= + - @`, with the full-width form of one of them, or with a
control character, gets an apostrophe before it, which spreadsheets take as “this is text”.
Spaces before such a character change nothing. What is a number, a date or a truth value by
its type stays what it is, so that -5 can be added up; a number that came as text, such as a
phone number with +86, is text. Control characters that no table can hold are replaced.

Files for programs (/v1, entity lists) do not pass here: they give values as they are.
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Final

XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_RUN: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_TYPED: Final = (bool, int, float, Decimal, date, time, timedelta)  # a datetime is a date

Cell = str | bool | int | float | Decimal | date | time | timedelta


def inert(cell: object) -> Cell:
    """The value as a cell that is not run; "" for None."""
    if isinstance(cell, str):
        if cell[:1].isalnum() and cell.isprintable():
            return cell  # nearly all cells, at once
    elif cell is None:
        return ""
    elif isinstance(cell, _TYPED):
        return cell
    text = str(cell)
    begins = text.lstrip(" \N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}\N{ZERO WIDTH NO-BREAK SPACE}")
    is_run = begins.startswith(_RUN) or not begins[:1].isprintable()
    return f"{chr(39) if is_run else ''}{_CONTROL.sub(chr(0xFFFD), text)}"


class Echo:
    """A file that gives each line back instead of keeping it: for `csv.writer`."""

    def write(self, line: str) -> str:
        """The line."""
        return line
