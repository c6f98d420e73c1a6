"""Writes an XLSForm workbook as text, one line a row, so that a diff shows which question changed. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import groupby

from server.core.codes import CodeList
from server.forms.choice_lists import choice_rows
from server.forms.sheets import Row
from server.forms.workbook import SHEETS, Workbook

HEAD = """# {filename}

Written by `./ruhu formtext` from `xlsforms/{filename}`; do not edit. One line is one row of a sheet, its cells in the
order of the columns, empty cells left out. A code list that equals `server/core/codes.csv` is one line. To change
the form, edit the workbook in a spreadsheet program, raise `version` on its settings sheet, then run `./ruhu formtext`
and commit both files.
"""


def text_twin(workbook: Workbook, filename: str, lists: Mapping[str, CodeList]) -> str:
    """The text of a workbook: a section for each sheet that has rows, in the order of SHEETS.

    `lists` are the code lists, by name. Equal workbooks give equal texts; a cell's text is
    as `workbook.read` gives it, written as a JSON string, so every line reads back unambiguously.
    """
    sections = [HEAD.format(filename=filename)]
    for name in SHEETS:
        rows = getattr(workbook, name).rows
        lines = _choice_lines(rows, lists) if name == "choices" else map(_line, rows)
        if rows:
            sections.append("\n".join([f"## {name}", "", "```text", *lines, "```", ""]))
    return "\n".join(sections)


def _line(row: Row) -> str:
    return " ".join(
        f"{header}={json.dumps(text, ensure_ascii=False)}" for header, text in row.cells.items()
    )


def _choice_lines(rows: tuple[Row, ...], lists: Mapping[str, CodeList]) -> Iterator[str]:
    """A line for each choice, but one for a whole code list whose rows say what codes.csv says."""
    for name, run in groupby(rows, key=lambda row: row["list_name"]):
        choices = list(run)
        wanted = list(choice_rows(lists[name])) if name in lists else []
        if wanted and [choice.cells for choice in choices] == wanted:
            yield (
                f"list_name={json.dumps(name, ensure_ascii=False)}: the {len(wanted)} codes of"
                f" codes.csv, sha256 {_digest(wanted)}"
            )
        else:
            yield from map(_line, choices)


def _digest(rows: list[dict[str, str]]) -> str:
    """The first 12 hexadecimal digits of the rows' SHA-256."""
    return sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()[:12]
