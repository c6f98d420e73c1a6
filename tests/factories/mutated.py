"""Workbooks as people spoil them: other capitals, blank rows, moved cells, odd texts, missing sheets."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from datetime import datetime, time

import openpyxl
from openpyxl.workbook import Workbook

ODD = [
    "", " ", "\u00a0", "a b", "ä", "中文", "😂", "“q”", "${nowhere}", "${", "1", 1, 1.5, 2.0, True, False, -1, "1e999",
    datetime(2026, 1, 2, 3, 4),  # noqa: DTZ001 as a cell holds it
    time(5, 6), "x" * 300, "<a>&", "a\nb", "begin group", "end group", "begin repeat", "end repeat",
    "select_one nolist", "select_multiple YN", "calculate", "audit", "note", "form_id", "=1+1", "'", '"', "yes", "no",
    "uuid()", "once(uuid())", "concat(", "1 +", ". > 3", "true()", "bind::ruhu:saveto", "household.id", "person.nope", "meta", "data", "body",
]  # fmt: skip
HEADERS = [
    "type",
    "name",
    "label",
    "Type",
    "NAME",
    "label::English (en)",
    "relevant",
    "form id",
    "value",
    "list name",
    "save_to",
    "",
    None,
    5,
]


def mutated(content: bytes, rng: random.Random) -> bytes:
    """The workbook with one to four mutations."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for _number in range(rng.randint(1, 4)):
        rng.choice(MUTATIONS)(book, rng)
    if not book.sheetnames:
        book.create_sheet("survey")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(book: Workbook, rng: random.Random):
    return book[rng.choice(book.sheetnames)] if book.sheetnames else book.create_sheet("survey")


def _cell(book: Workbook, rng: random.Random) -> None:
    sheet = _sheet(book, rng)
    sheet.cell(
        rng.randint(1, sheet.max_row + 1), rng.randint(1, sheet.max_column + 1)
    ).value = rng.choice(ODD)


def _header(book: Workbook, rng: random.Random) -> None:
    sheet = _sheet(book, rng)
    sheet.cell(1, rng.randint(1, sheet.max_column + 1)).value = rng.choice(HEADERS)


def _header_spelling(book: Workbook, rng: random.Random) -> None:
    for cell in _sheet(book, rng)[1]:
        text = str(cell.value or "")
        cell.value = rng.choice(
            [text.upper(), text.title(), text.replace("_", " "), f" {text} ", text]
        )


def _blank_rows(book: Workbook, rng: random.Random) -> None:
    sheet = _sheet(book, rng)
    sheet.insert_rows(rng.randint(1, sheet.max_row + 1), rng.choice([1, 2, 59, 60, 61, 70]))


def _blank_columns(book: Workbook, rng: random.Random) -> None:
    sheet = _sheet(book, rng)
    sheet.insert_cols(rng.randint(1, sheet.max_column + 1), rng.choice([1, 2, 20, 21]))


def _delete_row(book: Workbook, rng: random.Random) -> None:
    sheet = _sheet(book, rng)
    sheet.delete_rows(rng.randint(1, sheet.max_row), rng.choice([1, 1, 1, 3]))


def _delete_column(book: Workbook, rng: random.Random) -> None:
    sheet = _sheet(book, rng)
    sheet.delete_cols(rng.randint(1, sheet.max_column))


def _copy_row(book: Workbook, rng: random.Random) -> None:
    sheet = _sheet(book, rng)
    sheet.append([cell.value for cell in sheet[rng.randint(1, sheet.max_row)]])


def _rename(book: Workbook, rng: random.Random) -> None:
    sheet = _sheet(book, rng)
    title = rng.choice(
        [sheet.title.upper(), sheet.title.title(), f"{sheet.title} ", f"{sheet.title}1", "Tabelle"]
    )
    if title.lower() not in {other.lower() for other in book.sheetnames if other != sheet.title}:
        sheet.title = title


def _remove(book: Workbook, rng: random.Random) -> None:
    if len(book.sheetnames) > 1:
        book.remove(_sheet(book, rng))


def _add(book: Workbook, rng: random.Random) -> None:
    name = rng.choice(["notes", "entities", "external_choices", "osm", "ledgers", "Settings"])
    if name.lower() not in {title.lower() for title in book.sheetnames}:
        book.create_sheet(name).append(rng.choices(HEADERS, k=3))
        book[name].append(rng.choices(ODD, k=3))


MUTATIONS: list[Callable[[Workbook, random.Random], None]] = [
    _cell, _cell, _cell, _header, _header_spelling, _blank_rows, _blank_columns, _delete_row, _delete_column, _copy_row,
    _rename, _remove, _add,
]  # fmt: skip
