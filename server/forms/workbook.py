"""Reads an uploaded XLSForm workbook safely, and keeps the number of each row.

The zip is checked by its directory before anything is unpacked (decision 0030), because the
.xlsx parsers unpack whatever they are given. Row numbers are those that Excel shows.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import openpyxl
from django.utils.translation import gettext as _

from server.forms.problems import Fault, FaultyWorkbook, NotAWorkbook, WorkbookTooLarge

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_UNPACKED: Final = 24 * 1024 * 1024
MAX_PARTS: Final = 500
MAX_RATIO: Final = 150
"""The highest compression ratio of a part of more than a mebibyte; real sheets reach about 40."""
MAX_ROWS: Final = 10_000
MAX_COLUMNS: Final = 200
MAX_BLANK_ROWS: Final = 60
"""After so many blank rows pyxform ends a sheet; so does this module."""

SHEETS: Final = ("survey", "choices", "settings", "ledgers", "entities")

_MEBIBYTE: Final = 1024 * 1024
_SECTION = re.compile(r"(begin|end)[\s_]+(group|repeat|loop)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the header: its cells by header, as trimmed text, without blank cells."""

    sheet: str
    number: int
    cells: dict[str, str]

    def __getitem__(self, header: str) -> str:
        return self.cells.get(header, "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The headers and rows of a sheet, without blank rows."""

    name: str
    headers: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheets of an XLSForm that the server reads; an absent sheet is empty."""

    survey: Sheet
    choices: Sheet
    settings: Sheet
    ledgers: Sheet
    entities: Sheet
    rows_by_path: dict[tuple[str, ...], Row] = field(repr=False)

    @property
    def setting(self) -> Row:
        """The settings sheet's only row."""
        return self.settings.rows[0] if self.settings.rows else Row("settings", 2, {})

    def row_of(self, path: str) -> Row | None:
        """The survey row of the node at an XForm path such as /data/place/loc; None when there is none."""
        return self.rows_by_path.get(tuple(path.split("/")[2:]))

    def choice_row(self, list_name: str, value: str) -> Row | None:
        """The choices row of this value of the list; None when there is none."""
        for row in self.choices:
            if (row["list_name"] or row["list name"]) == list_name and row["name"] == value:
                return row
        return None


def read(content: bytes, filename: str) -> Workbook:
    """The workbook's sheets.

    Raises NotAWorkbook, WorkbookTooLarge, or FaultyWorkbook when the survey or settings
    sheet is missing or a header occurs twice.
    """
    _check_archive(content, filename)
    try:
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
    except Exception:  # openpyxl raises whatever its parsers raise
        raise NotAWorkbook(filename=filename, reason=_("its sheets cannot be read")) from None
    try:
        sheets = {name: _read_sheet(book, name, filename) for name in SHEETS}
    finally:
        book.close()
    _check_sheets(sheets, book.sheetnames)
    return Workbook(**sheets, rows_by_path=dict(_paths(sheets["survey"])))


def _check_archive(content: bytes, filename: str) -> None:
    """Refuse a zip that would be dangerous to unpack, by its directory alone."""
    if len(content) > MAX_BYTES:
        raise WorkbookTooLarge(
            filename=filename, reason=_("it is over {n} MB").format(n=MAX_BYTES // _MEBIBYTE)
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        reason = _("an old .xls file") if content[:4] == b"\xd0\xcf\x11\xe0" else _("not a zip")
        raise NotAWorkbook(filename=filename, reason=reason) from None
    with archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS:
            raise WorkbookTooLarge(
                filename=filename, reason=_("it holds {n} parts").format(n=len(parts))
            )
        unpacked = sum(part.file_size for part in parts)
        swollen = any(
            part.file_size > _MEBIBYTE and part.file_size > MAX_RATIO * max(part.compress_size, 1)
            for part in parts
        )
        if unpacked > MAX_UNPACKED or swollen:
            raise WorkbookTooLarge(
                filename=filename,
                reason=_("it unpacks to {n} MB").format(n=max(1, unpacked // _MEBIBYTE)),
            )
        if "xl/workbook.xml" not in {part.filename for part in parts}:
            raise NotAWorkbook(filename=filename, reason=_("a zip, but no workbook"))
        _check_parts(archive, parts, filename)


def _check_parts(archive: zipfile.ZipFile, parts: Iterable[zipfile.ZipInfo], filename: str) -> None:
    """Refuse parts that declare entities, are encrypted, or have another size than the directory says."""
    for part in parts:
        try:
            content = archive.read(part)
        except Exception:  # zlib, RuntimeError (encrypted), BadZipFile (checksum, sizes)
            raise NotAWorkbook(filename=filename, reason=_("a damaged zip")) from None
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise NotAWorkbook(filename=filename, reason=_("it declares XML entities"))


def _read_sheet(book: Any, name: str, filename: str) -> Sheet:
    title = next((title for title in book.sheetnames if title.lower() == name), None)
    if title is None or not hasattr(book[title], "iter_rows"):
        return Sheet(name)
    try:
        first = book[title].iter_rows(max_row=1, max_col=MAX_COLUMNS, values_only=True)
        headers = [_text(cell) for cell in next(first, ())]
        while headers and not headers[-1]:
            headers.pop()
        rows: list[Row] = []
        table = book[title].iter_rows(
            min_row=2, max_row=MAX_ROWS + 2, max_col=max(1, len(headers)), values_only=True
        )
        for number, values in enumerate(table, start=2):
            cells = {
                header: text
                for header, value in zip(headers, values, strict=False)
                if header and value is not None and (text := _text(value))
            }
            if cells:
                rows.append(Row(name, number, cells))
            elif number - (rows[-1].number if rows else 1) > MAX_BLANK_ROWS:
                break
    except Exception:  # a damaged sheet: openpyxl raises whatever its parsers raise
        raise NotAWorkbook(filename=filename, reason=_("its sheets cannot be read")) from None
    if len(rows) > MAX_ROWS:
        raise WorkbookTooLarge(
            filename=filename,
            reason=_("its sheet {sheet} has over {n} rows").format(sheet=name, n=MAX_ROWS),
        )
    named = [header for header in headers if header]
    if repeated := next((header for header in named if named.count(header) > 1), None):
        raise FaultyWorkbook(
            Fault(
                _("The column “{column}” occurs twice.").format(column=repeated),
                _("Remove one of the two."),
                sheet=name,
                row=1,
            )
        )
    return Sheet(name, tuple(named), tuple(rows))


def _text(value: Any) -> str:
    """A cell as pyxform reads it: whole numbers without decimals, truth values as TRUE/FALSE."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _check_sheets(sheets: dict[str, Sheet], present: list[str]) -> None:
    for name in ("survey", "settings"):
        if not sheets[name].rows:
            raise FaultyWorkbook(
                Fault(
                    _("The sheet is missing or empty; the file has: {sheets}.").format(
                        sheets=", ".join(present)
                    ),
                    _("Add a sheet named “{name}”.").format(name=name),
                    sheet=name,
                )
            )


def _paths(survey: Sheet) -> Iterator[tuple[tuple[str, ...], Row]]:
    """Each named survey row with its path: the names of its groups, then its own."""
    inside: list[str] = []
    for row in survey:
        section = _SECTION.match(row["type"])
        if section is None:
            if row["name"]:
                yield (*inside, row["name"]), row
        elif section[1].lower() == "begin":
            inside.append(row["name"])
            yield tuple(inside), row
        elif inside:
            inside.pop()
