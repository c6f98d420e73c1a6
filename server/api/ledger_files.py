"""A ledger's whole list as a file: CSV, GeoJSON or Excel, in the order of its keys, with the values of REST's rows.

Each row passes the same serializer as in lists of JSON, so that a file shows nothing that those do not. Rows are
read by a cursor of the database and written as they come: memory does not grow with the ledger. An Excel file
begins once it is whole.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, Final

from rest_framework import serializers
from rest_framework.renderers import BaseRenderer

from server.core.plain import dumps
from server.core.spreadsheets import XLSX_TYPE, Echo, inert

_BATCH: Final = 1000
_MOST_IN_EXCEL: Final = 1_048_575
"""Rows below the head of an Excel sheet."""


class CsvFile(BaseRenderer):
    """`?format=csv` or `Accept: text/csv`: the whole list."""

    media_type = "text/csv"
    format = "csv"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        """Only problems are rendered here, as JSON."""
        return dumps(data).encode()


class ExcelFile(CsvFile):
    """`?format=xlsx`: the whole list."""

    media_type = XLSX_TYPE
    format = "xlsx"


FILES: Final = (CsvFile, ExcelFile)
FORMATS: Final = frozenset(renderer.format for renderer in FILES)


def columns_shown(serializer: serializers.Serializer) -> list[str]:
    """The columns of a file: the serializer's fields, without what only rows of JSON need."""
    names: list[str] = [*serializer.fields]  # type: ignore[list-item] # a mapping from names, which stubs take for a list
    return [name for name in names if name not in ("memberships", "row_version")]


def csv_lines(rows: Iterable[Any], serializer: serializers.Serializer) -> Iterator[str]:
    """The lines of a CSV file that Excel opens as UTF-8; lists are written as codes with blanks between."""
    columns = columns_shown(serializer)
    write: Callable[[list[Any]], Any] = csv.writer(Echo()).writerow
    yield "\ufeff" + write(columns)
    lines: list[str] = []
    for cells in _cells(rows, serializer, columns):
        lines.append(write(cells))
        if len(lines) == _BATCH:
            yield "".join(lines)
            lines = []
    yield "".join(lines)


def workbook(rows: Iterable[Any], serializer: serializers.Serializer, title: str) -> IO[bytes]:
    """An Excel file of the rows under a head that stays in view; a further sheet where one is full."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    columns = columns_shown(serializer)
    sheet, filled = None, 0
    for cells in _cells(rows, serializer, columns):
        if sheet is None or filled == _MOST_IN_EXCEL:
            sheet, filled = _sheet(book, title, columns), 0
        sheet.append(cells)
        filled += 1
    if sheet is None:
        _sheet(book, title, columns)
    file = tempfile.TemporaryFile()  # noqa: SIM115 the response closes it
    book.save(file)
    file.seek(0)
    return file


def _sheet(book: Any, title: str, columns: list[str]) -> Any:
    sheet = book.create_sheet(f"{title[:26]} {len(book.worksheets) + 1}")
    sheet.freeze_panes = "A2"
    sheet.append(columns)
    return sheet


def _cells(
    rows: Iterable[Any], serializer: serializers.Serializer, columns: list[str]
) -> Iterator[list[Any]]:
    """The cells of each row: each field of the serializer is asked itself, without what a serializer does around its fields for each row."""
    fields = [serializer.fields[name] for name in columns]
    asked = [(field.get_attribute, field.to_representation) for field in fields]
    for row in rows:
        values = ((read(row), show) for read, show in asked)
        yield [_cell(None if value is None else show(value)) for value, show in values]


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = (
            " ".join(map(str, value)) if all(isinstance(v, str) for v in value) else dumps(value)
        )
    elif isinstance(value, dict):
        value = dumps(value)
    return inert(value)
