"""Writes the code lists (core.codes) into a workbook's choices sheet.

A list in the choices sheet with the name of a code list is that code list: its codes,
their order and their labels come from codes.csv. Every other list belongs to the form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from server.core.codes import CodeList

LABELS: Final = {"label::中文 (zh)": "zh", "label::English (en)": "en"}
SELECTS: Final = ("select_one", "select_multiple", "rank")

Row = dict[str, Any]


class NoChoicesSheet(ValueError):
    """The workbook lacks a survey or choices sheet, or a column that is needed."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A workbook with its code lists as in codes.csv; `content` is the given bytes when nothing differed."""

    content: bytes
    changed: tuple[str, ...]  # names of the lists that differed


def with_code_lists(content: bytes, lists: Mapping[str, CodeList]) -> Rewritten:
    """Rewrite the code lists in a workbook's choices sheet.

    A code list that the survey uses but the sheet lacks is added at the end of the sheet. Cells of
    other columns stay with their code. Raises NoChoicesSheet.
    """
    book = openpyxl.load_workbook(BytesIO(content))
    for name in ("survey", "choices"):
        if name not in book.sheetnames:
            raise NoChoicesSheet(f"no {name} sheet")
    sheet = book["choices"]
    headers = [str(cell.value or "") for cell in sheet[1]]
    missing = [name for name in ("list_name", "name", *LABELS) if name not in headers]
    if missing:
        raise NoChoicesSheet(f"choices sheet without {', '.join(missing)}")

    present = [
        dict(zip(headers, values, strict=True))
        for values in sheet.iter_rows(min_row=2, max_col=len(headers), values_only=True)
    ]
    while present and not any(present[-1].values()):
        present.pop()
    wanted = list(_wanted(present, lists, _used_lists(book["survey"], lists)))
    changed = sorted(
        name
        for name in lists
        if [row for row in present if row["list_name"] == name]
        != [row for row in wanted if row["list_name"] == name]
    )
    if not changed:
        return Rewritten(content, ())
    _write(sheet, headers, wanted)
    out = BytesIO()
    book.save(out)
    return Rewritten(out.getvalue(), tuple(changed))


def _used_lists(survey: Worksheet, lists: Mapping[str, CodeList]) -> list[str]:
    """The names of the code lists that the survey's questions use, in the order of the questions."""
    headers = [str(cell.value or "") for cell in survey[1]]
    if "type" not in headers:
        raise NoChoicesSheet("survey sheet without type")
    column = headers.index("type")
    used: dict[str, None] = {}
    for values in survey.iter_rows(min_row=2, values_only=True):
        words = str(values[column] or "").split()
        if len(words) > 1 and words[0] in SELECTS and words[1] in lists:
            used[words[1]] = None
    return list(used)


def _wanted(present: list[Row], lists: Mapping[str, CodeList], used: list[str]) -> Iterator[Row]:
    """The sheet's rows as they should be; a code list takes the place of its first row."""
    kept = {(row["list_name"], str(row["name"])): row for row in present}
    done: set[str] = set()
    for row in [*present, *({"list_name": name} for name in used)]:
        name = row["list_name"]
        if name not in lists:
            yield row
        elif name not in done:
            done.add(name)
            for choice in choice_rows(lists[name]):
                yield kept.get((name, choice["name"]), {}) | choice


def choice_rows(code_list: CodeList) -> Iterator[dict[str, str]]:
    """A code list as rows of a choices sheet: cells by header, in the order of its codes."""
    for code, label in code_list.codes.items():
        texts = {header: getattr(label, language) for header, language in LABELS.items()}
        yield {"list_name": code_list.name, "name": code, **texts}


def _write(sheet: Worksheet, headers: list[str], rows: list[Row]) -> None:
    """Fill the sheet below its header; new rows get the cell styles of the first row."""
    look = [copy(cell._style) for cell in sheet[2]] if sheet.max_row > 1 else []
    if sheet.max_row > len(rows) + 1:
        sheet.delete_rows(len(rows) + 2, sheet.max_row - len(rows) - 1)
    for number, row in enumerate(rows, start=2):
        for column, header in enumerate(headers, start=1):
            cell = sheet.cell(number, column)
            cell.value = row.get(header)
            if not cell.has_style and column <= len(look):
                cell._style = copy(look[column - 1])
