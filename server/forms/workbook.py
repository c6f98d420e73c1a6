"""Reads an XLSForm workbook from outside, safely, and remembers where each cell stood.

The zip is judged by its directory before anything is unpacked (decision 0030): the .xlsx
parsers beneath would unpack whatever they are given. Row numbers are those Excel shows.
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
"""How much a part of more than a mebibyte may shrink; real sheets reach about 40."""
MAX_ROWS: Final = 10_000
MAX_COLUMNS: Final = 200
MAX_BLANK_ROWS: Final = 60
"""After so many blank rows pyxform takes a sheet as ended; so it is here."""

SHEETS: Final = ("survey", "choices", "settings", "ledgers", "entities")

_MEBIBYTE: Final = 1024 * 1024
_SECTION = re.compile(r"(begin|end)[\s_]+(group|repeat|loop)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row under the header: its cells by header, blank ones left out, all as trimmed text."""

    sheet: str
    number: int
    cells: dict[str, str]

    def __getitem__(self, header: str) -> str:
        return self.cells.get(header, "")


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    headers: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheets of an XLSForm that mean something here; an absent sheet is an empty one."""

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
        """The survey row that made the node at an XForm path such as /data/place/loc."""
        return self.rows_by_path.get(tuple(path.split("/")[2:]))

    def choice_row(self, list_name: str, value: str) -> Row | None:
        for row in self.choices:
            if (row["list_name"] or row["list name"]) == list_name and row["name"] == value:
                return row
        return None


def read(content: bytes, filename: str) -> Workbook:
    """The workbook's sheets.

    Raises NotAWorkbook, WorkbookTooLarge, or FaultyWorkbook when the survey or settings
    sheet is missing or a header stands twice.
    """
    _judge_archive(content, filename)
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
    _demand_sheets(sheets, book.sheetnames)
    return Workbook(**sheets, rows_by_path=dict(_paths(sheets["survey"])))


def _judge_archive(content: bytes, filename: str) -> None:
    """Refuse, by the zip directory alone, what would be dangerous to unpack."""
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
        _demand_plain_xml(archive, parts, filename)


def _demand_plain_xml(
    archive: zipfile.ZipFile, parts: Iterable[zipfile.ZipInfo], filename: str
) -> None:
    """No part declares entities, is encrypted, or has another size than the directory says."""
    for part in parts:
        try:
            content = archive.read(part)
        except Exception:  # zlib, RuntimeError (encrypted), BadZipFile (checksum, sizes)
            raise NotAWorkbook(filename=filename, reason=_("a damaged zip")) from None
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise NotAWorkbook(filename=filename, reason=_("it declares XML entities"))


def _read_sheet(book: Any, name: str, filename: str) -> Sheet:
    found = next((title for title in book.sheetnames if title.lower() == name), None)
    if found is None or not hasattr(book[found], "iter_rows"):
        return Sheet(name)
    try:
        first = book[found].iter_rows(max_row=1, max_col=MAX_COLUMNS, values_only=True)
        headers = [_text(cell) for cell in next(first, ())]
        while headers and not headers[-1]:
            headers.pop()
        rows: list[Row] = []
        table = book[found].iter_rows(
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
    if twice := next((header for header in named if named.count(header) > 1), None):
        raise FaultyWorkbook(
            Fault(
                _("The column “{column}” stands twice.").format(column=twice),
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


def _demand_sheets(sheets: dict[str, Sheet], present: list[str]) -> None:
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
    """Each named survey row by the names of its groups and itself."""
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
