"""Writes another version into a workbook. Pure."""

from __future__ import annotations

from io import BytesIO

import openpyxl

from server.forms.sheets import names_of


def with_version(content: bytes, version: str) -> bytes:
    """The workbook with this `version` on its settings sheet, so that it names the version it is published as.

    For workbooks that `forms.workbook.read` accepts.
    """
    book = openpyxl.load_workbook(BytesIO(content))
    titles = (title for title in book.sheetnames if title.lower() == "settings")
    title = next(titles, None)
    sheet = book.create_sheet("settings") if title is None else book[title]
    headers = [" ".join(str(cell.value or "").split()) for cell in sheet[1]]
    names = names_of("settings", [header for header in headers if header])
    columns = [number for number, header in enumerate(headers, 1) if names.get(header) == "version"]
    if columns:
        column = columns[0]
    else:
        column = len([header for header in headers if header]) + 1
        sheet.cell(1, column, "version")
    rows = enumerate(sheet.iter_rows(min_row=2, values_only=True), 2)
    filled = (number for number, values in rows if any(value is not None for value in values))
    row = next(filled, 2)
    sheet.cell(row, column).value = version
    out = BytesIO()
    book.save(out)
    return out.getvalue()
