"""A list as a file: CSV, which is streamed, or an Excel workbook; exactly the rows, columns and order of the page.

Cells are masked as on the page. Where the reader has an open export permit for the list, the
rows of its area are whole. Cells cannot be run by a spreadsheet (core/spreadsheets.py).
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from datetime import date
from itertools import chain, islice
from typing import IO, Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from server.accounts.access import common_prefix
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.console.listing import Listing, conditions
from server.console.problems import ListTooLong
from server.console.tables import Reading, TableColumn
from server.core.clock import now
from server.core.keyset import ordered
from server.core.spreadsheets import Echo, inert
from server.disclosure.selectors import areas_of, facts_of

_BATCH = 1000
_WIDTHS = {"num": 10, "when": 12, "nowrap": 16}
_WIDTH = 24


def record_export(shown: Listing, reading: Reading, user: User, kind: str) -> int:
    """Record that the list is let out as a file; the number of its rows. Raises ListTooLong."""
    most = shown.most[kind]
    number = shown.rows[: most + 1].count()
    if number > most:
        raise ListTooLong(most=most)
    record(
        Act.EXPORT,
        actor=user,
        object_type=shown.rows.model._meta.model_name or "",
        area=common_prefix(reading.access.areas()),
        facts={
            "rows": number,
            "columns": [column.name for column in columns_of(shown)],
            "filters": sorted(set(shown.filterset.filters) & set(shown.state.query)),
            "format": kind,
            **facts_of(shown.permits(reading.access)),
        },
    )
    return number


def reading_of(shown: Listing, reading: Reading) -> Reading:
    """The reading with the areas that open permits of the reader let out whole. One query."""
    return Reading(reading.access, whole_in=areas_of(shown.permits(reading.access)))


def columns_of(shown: Listing) -> list[TableColumn]:
    """The columns of the file: those of the page that hold values."""
    columns = [column for column in shown.state.columns if column.is_in_files]
    return columns or [column for column in shown.table.columns if column.is_in_files]


def csv_lines(shown: Listing, reading: Reading) -> Iterator[str]:
    """The lines of a CSV file that Excel opens as UTF-8."""
    out = csv.writer(Echo())
    head = out.writerow([inert(str(column.label)) for column in columns_of(shown)])
    return chain(["\ufeff", head], (out.writerow(line) for line in _lines(shown, reading)))


def workbook(shown: Listing, reading: Reading, title: str) -> IO[bytes]:
    """An Excel file: the rows under a head that stays in view, and a sheet that says what they are."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_name(title))
    sheet.freeze_panes = "A2"
    columns = columns_of(shown)
    for place, column in enumerate(columns, 1):
        width = next((w for kind, w in _WIDTHS.items() if kind in column.kind), _WIDTH)
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.append([_bold(sheet, column) for column in columns])
    last = 1
    for last, line in enumerate(_lines(shown, reading), 2):  # noqa: B007 the last one counts
        sheet.append(line)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{last}"
    _describe(book, shown, title, rows=last - 1)
    file = tempfile.TemporaryFile()  # noqa: SIM115 the response closes it
    book.save(file)
    file.seek(0)
    return file


def _describe(book: Any, shown: Listing, title: str, *, rows: int) -> None:
    about = book.create_sheet(_("About this file"))
    about.column_dimensions["A"].width = about.column_dimensions["B"].width = _WIDTH
    about.append([_("Title"), inert(title)])
    about.append([_("Rows"), rows])
    about.append([_("Written at"), f"{localtime(now()):%Y-%m-%d %H:%M}"])
    for label, text in conditions(shown.filterset):
        about.append([inert(label), inert(text)])


def _bold(sheet: Any, column: TableColumn) -> Any:
    cell = WriteOnlyCell(sheet, inert(str(column.label)))
    cell.font = Font(bold=True)
    return cell


def _sheet_name(title: str) -> str:
    return "".join(" " if sign in r"[]:*?/\\" else sign for sign in title)[:31] or "1"


def _lines(shown: Listing, reading: Reading) -> Iterator[list[Any]]:
    """The cells of each row, read in batches, the names of each batch in one query."""
    keys, columns = shown.table.sorted_by(shown.state.sort), columns_of(shown)
    rows = ordered(shown.rows, keys).iterator(_BATCH)
    while batch := list(islice(rows, _BATCH)):
        named = shown.read(batch, reading)
        for row in batch:
            yield [_cell(column, row, named) for column in columns]


def _cell(column: TableColumn, row: Any, reading: Reading) -> Any:
    value = inert(column.text(row, reading))
    return value.isoformat() if isinstance(value, date) and value.year < 1900 else value
