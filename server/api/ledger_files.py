"""A ledger's whole list as a file: CSV or Excel, in the order of its keys, with the values of REST's rows.

PostgreSQL writes the cells (`ledgers/reading/copied.py`); those it leaves open pass the field of the serializer that
the lists of JSON have, so that a file shows nothing that those do not. Rows are read some thousands at a time,
each time by a statement of its own: memory does not grow with the ledger, and a slow client holds up nothing. An Excel
file begins once it is whole.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import IO, Any, Final

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer

from server.api.open_cells import OpenCells
from server.core.plain import dumps
from server.core.spreadsheets import XLSX_TYPE
from server.ledgers import selectors
from server.ledgers.definitions.columns import Kind

_FIRST: Final = 200
_BATCH: Final = 10_000
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


class ParquetFile(CsvFile):
    """`?format=parquet`: the whole list; GeoParquet where rows have a place."""

    media_type = "application/vnd.apache.parquet"
    format = "parquet"


class GeoPackageFile(CsvFile):
    """`?format=gpkg`: the whole list of a ledger with a place."""

    media_type = "application/geopackage+sqlite3"
    format = "gpkg"


FILES: Final = (CsvFile, ExcelFile, ParquetFile)
FORMATS: Final = frozenset(renderer.format for renderer in (*FILES, GeoPackageFile))


def columns_shown(serializer: serializers.Serializer) -> list[str]:
    """The columns of a file: the serializer's fields, without what only rows of JSON need."""
    names: list[str] = [*serializer.fields]  # type: ignore[list-item] # a mapping from names, which stubs take for a list
    return [name for name in names if name not in ("memberships", "row_version")]


def csv_parts(rows: QuerySet[Any], serializer: serializers.Serializer) -> Iterator[bytes]:
    """The parts of a CSV file that Excel opens as UTF-8; lists are written as codes with blanks between."""
    yield f"\ufeff{','.join(columns_shown(serializer))}\r\n".encode()
    yield from parts_of(rows, serializer, is_inert=True)


def parts_of(
    rows: QuerySet[Any], serializer: serializers.Serializer, *, is_inert: bool
) -> Iterator[bytes]:
    """The lines of CSV without their head, some thousands at a time; for programs they need not be inert."""
    open_cells = OpenCells(rows.model, serializer, columns_shown(serializer), is_inert=is_inert)
    keys = rows.order_by("pk").annotate(key=Cast("pk", TextField())).values_list("key", flat=True)
    remaining, size = keys.iterator(_BATCH), _FIRST
    while batch := list(islice(remaining, size)):
        yield b"".join(selectors.copied(rows, batch, open_cells.cells, open_cells.filled))
        size = _BATCH


def workbook(rows: QuerySet[Any], serializer: serializers.Serializer, title: str) -> IO[bytes]:
    """An Excel file of the rows under a head that stays in view; a further sheet where one is full."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    lines = csv.reader(lines_of(csv_parts(rows, serializer)))
    columns = columns_shown(serializer)
    next(lines)
    typed = _typed(serializer, columns)
    sheet, filled = _sheet(book, title, columns), 0
    for cells in lines:
        if filled == _MOST_IN_EXCEL:
            sheet, filled = _sheet(book, title, columns), 0
        line: list[Any] = [*cells]
        for place, made in typed:
            if line[place]:
                line[place] = made(line[place])
        sheet.append(line)
        filled += 1
    file = tempfile.TemporaryFile()  # noqa: SIM115 the response closes it
    book.save(file)
    file.seek(0)
    return file


def lines_of(parts: Iterable[bytes]) -> Iterator[str]:
    """The lines of a CSV file, for csv.reader; a cell with a line break is in several."""
    for part in parts:
        yield from io.StringIO(part.decode(), newline="")


def _typed(
    serializer: serializers.Serializer, columns: list[str]
) -> list[tuple[int, Callable[[str], Any]]]:
    """The places of numbers and truth values, each with what makes the value of its text."""
    made: dict[str, Callable[[str], Any]] = {}
    for name, field in serializer.fields.items():
        kind = getattr(getattr(field, "column", None), "kind", None)
        if kind is Kind.INTEGER or isinstance(field, serializers.IntegerField):
            made[str(name)] = int
        elif kind is Kind.BOOLEAN:
            made[str(name)] = "True".__eq__
    return [(place, made[name]) for place, name in enumerate(columns) if name in made]


def _sheet(book: Any, title: str, columns: list[str]) -> Any:
    sheet = book.create_sheet(f"{title[:26]} {len(book.worksheets) + 1}")
    sheet.freeze_panes = "A2"
    sheet.append(columns)
    return sheet
