"""Makes an .xlsx of an old .xls workbook, so that everything behind reads one kind of file.

Cells become the texts that pyxform reads out of them, in their places, and formulas become their
values; formats, pictures and macros are not kept. The records of the file are counted before
xlrd reads them (decision 0372). Row numbers stay those that Excel shows.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, Final

import openpyxl
import xlrd
from django.utils.translation import gettext as _
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel
from pyxform.xls2json_backends import xls_value_to_unicode
from xlrd.xldate import XLDateError

from server.forms.compound_files import SIGNATURE, workbook_stream
from server.forms.problems import Fault, FaultyWorkbook, NotAWorkbook, WorkbookTooLarge
from server.forms.workbook import MAX_BYTES

MAX_CELLS: Final = 200_000
_MEBIBYTE: Final = 1024 * 1024
_BOF, _EOF, _BOUNDSHEET, _MULRK = 0x0809, 0x000A, 0x0085, 0x00BD
_ALL_BOFS: Final = (0x0009, 0x0209, 0x0409, _BOF)  # of all versions, as xlrd takes them
_HIDDEN: Final = (0x0018, 0x008F)  # defined names; sheets that Excel 4 put among the globals
_VERSIONS: Final = (0x0500, 0x0600)
_IGNORED: Final = 0xFFFF  # the number of no record
_CELLS: Final = frozenset(
    {0x0203, 0x0204, 0x00FD, 0x027E, _MULRK, 0x0006, 0x0206, 0x0406, 0x0205, 0x00D6}
)


class _TooManyCells(ValueError):
    """The workbook has more than MAX_CELLS cells."""


def as_xlsx(content: bytes, filename: str) -> bytes:
    """The workbook as .xlsx if it is an .xls, else as it is.

    Raises NotAWorkbook, WorkbookTooLarge, and FaultyWorkbook for a cell that no .xlsx can hold.
    """
    if not content.startswith(SIGNATURE):
        return content
    if len(content) > MAX_BYTES:
        reason = _("it is over {n} MB").format(n=MAX_BYTES // _MEBIBYTE)
        raise WorkbookTooLarge(filename=filename, reason=reason)
    try:
        stream = _checked(workbook_stream(content))
        old = xlrd.open_workbook(
            file_contents=stream, logfile=io.StringIO(), ragged_rows=True, on_demand=True
        )
        return _written(old)
    except _TooManyCells:
        reason = _("it has over {n} cells").format(n=MAX_CELLS)
        raise WorkbookTooLarge(filename=filename, reason=reason) from None
    except FaultyWorkbook:
        raise
    except Exception:  # xlrd raises whatever its parser raises
        reason = _("an old .xls file that is damaged, is protected, or holds no workbook")
        raise NotAWorkbook(filename=filename, reason=reason) from None


def _checked(stream: bytes) -> bytes:
    """The stream without what xlrd would calculate or read besides its sheets. Raises ValueError, struct.error.

    Sheets must not overlap, so that each byte is read once.
    """
    checked = bytearray(stream)
    _check_beginning(stream, 0)
    places = []
    for kind, at, _length in _records(stream, 0):
        if kind in _HIDDEN:
            struct.pack_into("<H", checked, at - 4, _IGNORED)
        elif kind == _BOUNDSHEET:
            places.append(struct.unpack_from("<I", stream, at)[0])
    left, cells = len(stream), 0
    for place in places:
        _check_beginning(stream, place)
        widths: dict[int, int] = {}
        for kind, at, length in _records(stream, place):
            left -= 4 + length
            if left < 0:
                raise ValueError("sheets overlap")
            if kind in _CELLS:
                row, column = struct.unpack_from("<HH", stream, at)
                if kind == _MULRK:
                    (column,) = struct.unpack_from("<H", stream, at + length - 2)
                widths[row] = max(widths.get(row, 0), column + 1)
        cells += sum(widths.values())
        if cells > MAX_CELLS:
            raise _TooManyCells
    return bytes(checked)


def _check_beginning(stream: bytes, at: int) -> None:
    """Refuse a part that is not of Excel 5 or later. Raises ValueError, struct.error."""
    kind, _length, version = struct.unpack_from("<HHH", stream, at)
    if kind != _BOF or version not in _VERSIONS:
        raise ValueError("a part of another version")


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and length of each record from here to the end of the part, with the parts inside."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, at + 4, length
        at += 4 + length
        depth += (kind in _ALL_BOFS) - (kind == _EOF)
        if depth <= 0:
            return


def _written(old: Any) -> bytes:
    sheets = {name: _texts(old, number) for number, name in enumerate(old.sheet_names())}
    book = openpyxl.Workbook(write_only=True)
    copies = [book.create_sheet(name) for name in old.sheet_names()]
    if [copy.title for copy in copies] != list(sheets):
        raise ValueError("two sheets of one name")
    for copy, rows in zip(copies, sheets.values(), strict=True):
        for texts in rows:
            copy.append([_written_cell(copy, text) if text else None for text in texts])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _texts(old: Any, number: int) -> list[list[str]]:
    """The texts of a sheet, row by row."""
    sheet = old.sheet_by_index(number)
    rows = []
    for row in range(sheet.nrows):
        texts = [_text(cell, old.datemode) for cell in sheet.row(row)]
        if any(ILLEGAL_CHARACTERS_RE.search(text) for text in texts):
            raise FaultyWorkbook(_control_character(sheet.name, row + 1))
        rows.append(texts)
    old.unload_sheet(number)
    return rows


def _written_cell(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"  # also of text that begins as a formula does
    return cell


def _text(cell: Any, datemode: int) -> str:
    """The cell as pyxform reads it; a day of early 1900, which it refuses, as .xlsx files give it."""
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return ""
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#N/A"))
    try:
        return str(xls_value_to_unicode(cell.value, cell.ctype, datemode)).strip()
    except XLDateError:
        return str(from_excel(cell.value, CALENDAR_MAC_1904 if datemode else CALENDAR_WINDOWS_1900))


def _control_character(sheet: str, row: int) -> Fault:
    return Fault(
        _("A cell holds a control character, which an .xlsx file cannot hold."),
        _("Type the cell's text anew."),
        sheet=sheet,
        row=row,
    )
