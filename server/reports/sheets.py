"""A report as a sheet: XLSX in the layout of a form that is signed, and CSV. No text of it is ever read as a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import BytesIO, StringIO
from typing import Any, Final

from django.utils.translation import gettext as _

from server.core.clock import OFFICE
from server.core.labels import listed
from server.core.spreadsheets import inert
from server.reports.annexes import Line
from server.reports.definitions.indicators import YUAN
from server.reports.definitions.tables import Column, Rate
from server.reports.forms import forms_of
from server.reports.selectors import WITHHELD, Table

CSV_TYPE: Final = "text/csv; charset=utf-8"
_BOM: Final = "\ufeff"
_FIRST_WIDTH, _WIDTH, _DIVISION_WIDTH = 22, 9, 13  # characters
_MOST_COLUMNS: Final = 40
"""More of them cannot be read side by side on one page."""
_MOST_UPRIGHT: Final = 4
"""So many divisions side by side fit on an upright page."""
_HEAD_ROW: Final = 4  # the groups; the columns are below


def file_name(table: Table, ending: str) -> str:
    """A name for the sheet, of code, area and period."""
    return f"{table.report.code}-{table.area}-{table.period.name}.{ending}"


def rows_of(table: Table) -> Iterator[tuple[str, str, list[float | str | None]]]:
    """(key, name, numbers) of each row, the total last; "*" for a number that the reader may not see."""
    for key, numbers in table.cells.items():
        name = _("Total") if key == "total" else table.labels[key]
        yield (
            key,
            name,
            [
                WITHHELD if (key, column.name) in table.hidden else numbers[column.name]
                for column in table.report.columns()
            ],
        )


def as_csv(table: Table) -> bytes:
    """The report as CSV for spreadsheets: UTF-8 with a mark, one heading line."""
    text = StringIO()
    writer = csv.writer(text)
    heads = [
        f"{group.label}/{column.label}" for group in table.report.groups for column in group.columns
    ]
    writer.writerow([inert(head) for head in (_("Row"), *heads)])
    for _key, name, numbers in rows_of(table):
        writer.writerow([inert(name), *("" if n is None else n for n in numbers)])
    return (_BOM + text.getvalue()).encode()


def as_xlsx(table: Table, preparer: str, annex: Sequence[Line] = ()) -> bytes:
    """The report as a workbook: title, unit, period and preparer, headings over groups, to be printed on one page's width.

    A report with more than 40 columns has a line for each, and the divisions side by side. Tables
    that a report prescribes for the whole area come first, a name list last, on sheets of their own.
    """
    from openpyxl import Workbook

    book = Workbook()
    sheet: Any = book.active
    sheet.title = table.report.code
    layout = _turned if table.report.width > _MOST_COLUMNS else _straight
    last, width = layout(sheet, table)
    _frame(sheet, table, preparer, last, width)
    if table.report.forms:
        prescribed = book.create_sheet(_("Prescribed tables"), 0)
        _frame(prescribed, table, preparer, *_prescribed(prescribed, table))
        book.active = 0
    if table.report.annex:
        _annex(book.create_sheet(_("Name list")), table, annex)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _frame(sheet: Any, table: Table, preparer: str, last: int, width: int) -> None:
    """What stands above and below the numbers, borders, and the print area as wide as one page."""
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter

    title = _line(sheet, 1, f"{table.report.code} {table.report.title}", 1, width)
    title.font, title.alignment = Font(bold=True, size=16), _centred()
    about_table = _line(sheet, 2, listed(about(table)), 1, width)
    about_table.alignment = Alignment(wrap_text=True, vertical="center")
    sheet.row_dimensions[2].height = 32
    _line(sheet, 3, _("Unit of numbers: as defined for each column; rates in percent"), 1, width)
    thin = Side(style="thin")
    for row in sheet.iter_rows(min_row=_HEAD_ROW, max_row=last, max_col=width):
        for cell in row:
            cell.border = Border(left=thin, right=thin, top=thin, bottom=thin)
    signed = _("Prepared by: {name}    Checked by:            Responsible:            Date:")
    _line(sheet, last + 2, signed.format(name=preparer), 1, width)
    sheet.print_area = f"A1:{get_column_letter(width)}{last + 2}"
    sheet.page_setup.paperSize = 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _centred() -> Any:
    from openpyxl.styles import Alignment

    return Alignment(horizontal="center", vertical="center", wrap_text=True)


def _line(sheet: Any, row: int, text: str, first: int, last: int) -> Any:
    """A text in cells that are merged from one column to another."""
    cell = sheet.cell(row, first, inert(text))
    if last > first:
        sheet.merge_cells(start_row=row, end_row=row, start_column=first, end_column=last)
    return cell


def _number(cell: Any, column: Column, number: float | str | None) -> None:
    from openpyxl.styles import Alignment

    cell.value = number if number is not None else "—"
    has_cents = column.has_decimals if isinstance(column, Rate) else column.unit is YUAN
    cell.number_format = "#,##0.00" if has_cents else "#,##0"
    cell.alignment = Alignment(horizontal="right")


def _straight(sheet: Any, table: Table) -> tuple[int, int]:
    """A line for each row of the report; the last line and the number of columns of the sheet."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    columns = list(table.report.columns())
    sheet.cell(_HEAD_ROW, 1, inert(_("Row"))).alignment = _centred()
    sheet.merge_cells(start_row=_HEAD_ROW, end_row=_HEAD_ROW + 1, start_column=1, end_column=1)
    place = 2
    for group in table.report.groups:
        head = _line(sheet, _HEAD_ROW, str(group.label), place, place + len(group.columns) - 1)
        head.alignment, head.font = _centred(), Font(bold=True)
        for column in group.columns:
            sheet.cell(_HEAD_ROW + 1, place, inert(str(column.label))).alignment = _centred()
            place += 1
    last = _HEAD_ROW + 1
    for last, (key, name, numbers) in enumerate(rows_of(table), _HEAD_ROW + 2):
        sheet.cell(last, 1, inert(name)).font = Font(bold=key == "total")
        for place, (column, number) in enumerate(zip(columns, numbers, strict=True), 2):
            _number(sheet.cell(last, place), column, number)
    sheet.column_dimensions["A"].width = _FIRST_WIDTH
    for place in range(2, len(columns) + 2):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTH
    sheet.row_dimensions[_HEAD_ROW + 1].height = 45
    sheet.freeze_panes = sheet.cell(_HEAD_ROW + 2, 2)
    sheet.print_title_rows = f"{_HEAD_ROW}:{_HEAD_ROW + 1}"
    sheet.page_setup.orientation = "landscape"
    return last, len(columns) + 1


def _turned(sheet: Any, table: Table) -> tuple[int, int]:
    """A line for each column of the report, the divisions side by side; as `_straight`."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    rows = list(rows_of(table))
    width = len(rows) + 3
    _line(sheet, _HEAD_ROW, _("Item"), 1, 2).alignment = _centred()
    for place, name in enumerate((_("Unit"), *(name for _key, name, _numbers in rows)), 3):
        head = sheet.cell(_HEAD_ROW, place, inert(name))
        head.alignment, head.font = _centred(), Font(bold=True)
    line = _HEAD_ROW
    for group in table.report.groups:
        first = line + 1
        for column in group.columns:
            line += 1
            sheet.cell(line, 2, inert(str(column.label)))
            sheet.cell(line, 3, inert(str(column.unit))).alignment = _centred()
            for place, (_key, _name, numbers) in enumerate(rows, 4):
                _number(sheet.cell(line, place), column, numbers[line - _HEAD_ROW - 1])
        head = sheet.cell(first, 1, inert(str(group.label)))
        head.alignment, head.font = _centred(), Font(bold=True)
        sheet.merge_cells(start_row=first, end_row=line, start_column=1, end_column=1)
    for letter, wide in (("A", 16), ("B", _FIRST_WIDTH), ("C", 8)):
        sheet.column_dimensions[letter].width = wide
    for place in range(4, width + 1):
        sheet.column_dimensions[get_column_letter(place)].width = _DIVISION_WIDTH
    sheet.freeze_panes = sheet.cell(_HEAD_ROW + 1, 4)
    sheet.print_title_rows = f"{_HEAD_ROW}:{_HEAD_ROW}"
    sheet.print_title_cols = "A:C"
    sheet.page_setup.orientation = "landscape" if len(rows) > _MOST_UPRIGHT else "portrait"
    return line, width


def _prescribed(sheet: Any, table: Table) -> tuple[int, int]:
    """The tables that the report prescribes, one below the other; as `_straight`."""
    from openpyxl.styles import Font

    forms = forms_of(table)
    width = 1 + max(len(form.heads) for form in forms)
    line = _HEAD_ROW - 1
    for form in forms:
        line += 1
        _line(sheet, line, form.title, 1, width).font = Font(bold=True)
        line += 1
        for place, text in enumerate((_("Item"), *form.heads), 1):
            sheet.cell(line, place, inert(text)).alignment = _centred()
        for name, cells in form.lines:
            line += 1
            sheet.cell(line, 1, inert(name))
            for place, cell in enumerate(cells, 2):
                if cell.column is not None:
                    _number(sheet.cell(line, place), cell.column, cell.number)
    sheet.column_dimensions["A"].width = 2 * _FIRST_WIDTH
    for letter in "BCDE"[: width - 1]:
        sheet.column_dimensions[letter].width = _DIVISION_WIDTH
    return line, width


def _annex(sheet: Any, table: Table, lines: Sequence[Line]) -> None:
    from openpyxl.styles import Font

    title = _("{code} {title}: name list").format(code=table.report.code, title=table.report.title)
    sheet.append([inert(title)])
    sheet.append([inert(listed(about(table)))])
    sheet.append([inert(head) for head in (_("Movement"), _("Name"), _("Area"), _("Day"))])
    for cell in sheet[3]:
        cell.font = Font(bold=True)
    for line in lines:
        sheet.append([inert(line.column), inert(line.name), inert(line.area_name), line.day])
    for letter, width in zip("ABCD", (16, 16, 24, 12), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.print_title_rows = "3:3"
    sheet.page_setup.paperSize = 9


def about(table: Table) -> Iterator[str]:
    """What stands above a report: whose it is, of when, and as known when."""
    period = table.period
    yield _("Reporting unit: {name}").format(name=table.area_name)
    yield _("Period: {name} ({first} to {last})").format(
        name=period.name, first=period.first, last=period.last
    )
    at = table.scope.known_by or table.counted_at
    yield _("As known at {time}").format(time=at.astimezone(OFFICE).strftime("%Y-%m-%d %H:%M"))
