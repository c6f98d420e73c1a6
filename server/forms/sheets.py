"""Reads the sheets of a workbook as pyxform reads them: headers, rows, what it skips.

The server and pyxform are given the same cells (`Grid.dicts`), and headers are understood by
pyxform's own table of columns and aliases, so the two cannot disagree. Where pyxform would stop
reading or leave something out without a word, there is a fault or a remark with sheet and row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter
from pyxform import aliases, constants
from pyxform.parsing.sheet_headers import clean_text_values, process_header, to_snake_case
from pyxform.question import MultipleChoiceQuestion, Option
from pyxform.survey import Survey
from pyxform.xls2json_backends import RE_WHITESPACE, is_empty, xlsx_value_to_str

from server.forms.problems import Fault

MAX_ROWS: Final = 10_000
MAX_COLUMNS: Final = 200
MAX_BLANK_ROWS: Final = 60
"""After so many blank rows pyxform ends a sheet."""
MAX_BLANK_COLUMNS: Final = 20
"""After so many columns without a header pyxform ends the header row."""
_LAST_ROW: Final = 1_048_576  # of any .xlsx
_LEDGERS: Final = "ledgers"
_NAMES: Final = {"id_string": "form_id", "title": "form_title", "list name": "list_name"}
"""pyxform's names of columns, as the documentation of XLSForm has them."""
_SAVE_TO: Final = "bind::entities:saveto"


class TooManyRows(ValueError):
    """A sheet has more than MAX_ROWS rows with cells; the argument is its name."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the header, as trimmed text, without blank cells."""

    sheet: str
    number: int
    cells: dict[str, str]  # by header, as both stand in the workbook
    known: dict[str, str]  # by the column's name in the documentation, texts as pyxform cleans them

    def __getitem__(self, column: str) -> str:
        return self.known.get(column, "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The headers and rows of a sheet, without blank rows."""

    name: str
    headers: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


@dataclass(slots=True)
class Grid:
    """The cells of a sheet as text, and what is wrong with their arrangement."""

    name: str
    columns: dict[int, str] = field(default_factory=dict)  # index → header
    rows: list[dict[str, str]] = field(default_factory=list)  # from row 2 on, blank ones too
    faults: list[Fault] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(self.columns.values())

    def dicts(self) -> list[dict[str, str]]:
        """The rows as pyxform takes them; its own, since it changes them."""
        return [dict(row) for row in self.rows]

    def sheet(self, *, cleans: bool) -> Sheet:
        """The sheet without blank rows; with `cleans`, runs of spaces of the survey are one space."""
        names = names_of(self.name, self.headers)
        strips = cleans and self.name == constants.SURVEY
        return Sheet(
            self.name,
            self.headers,
            tuple(
                Row(
                    self.name,
                    number,
                    dict(cells),
                    {
                        names[header]: clean_text_values(text, strip_whitespace=strips)
                        for header, text in cells.items()
                    },
                )
                for number, cells in enumerate(self.rows, start=2)
                if cells
            ),
        )


def chosen(titles: Iterable[str]) -> tuple[dict[str, str], list[Fault]]:
    """The sheets that count, name → title: known names in any capitals; the only sheet is the survey."""
    titles = list(titles)
    known: dict[str, list[str]] = {}
    for title in titles:
        if title.lower() in {*constants.SUPPORTED_SHEET_NAMES, _LEDGERS}:
            known.setdefault(title.lower(), []).append(title)
    if not known and len(titles) == 1:
        known[constants.SURVEY] = titles
    faults = [
        Fault(
            _("Several sheets have this name: {names}.").format(names=", ".join(same)),
            _("Remove or rename all but one."),
            sheet=name,
        )
        for name, same in known.items()
        if len(same) > 1
    ]
    return {name: same[0] for name, same in known.items()}, faults


def grid(worksheet: Any, name: str) -> Grid:
    """The cells of a worksheet. Raises TooManyRows, and whatever openpyxl's parsers raise."""
    read = Grid(name)
    values = worksheet.iter_rows(max_row=_LAST_ROW, max_col=MAX_COLUMNS, values_only=True)
    header = [_text(value) for value in next(values, ())]
    _read_headers(read, header)
    blank = n_with_cells = 0
    for number, row in enumerate(values, start=2):
        if row.count(None) == len(row):  # a sheet may have a million such rows
            blank += 1
            continue
        cells = {column: text for column, value in enumerate(row) if (text := _text(value))}
        if not cells:
            blank += 1
            continue
        if not read.columns:
            read.faults.append(_no_header(name, number))
            return read
        if blank > MAX_BLANK_ROWS:
            read.faults.append(_after_blank_rows(name, number, blank))
            return read
        n_with_cells += 1
        if n_with_cells > MAX_ROWS:
            raise TooManyRows(name)
        _check_row(read, number, blank, n_with_cells, cells)
        read.rows += ({} for _blank in range(blank))
        blank = 0
        read.rows.append(
            {read.columns[column]: text for column, text in cells.items() if column in read.columns}
        )
    return read


def _read_headers(read: Grid, texts: list[str]) -> None:
    blank = 0
    for column, text in enumerate(texts):
        header = RE_WHITESPACE.sub(" ", text)
        if not header:
            blank += 1
        elif blank > MAX_BLANK_COLUMNS:
            read.faults.append(
                Fault(
                    _(
                        "The column “{column}” stands after {n} columns without a header, where reading stops."
                    ).format(column=header, n=blank),
                    _("Delete the empty columns before it."),
                    sheet=read.name,
                    row=1,
                )
            )
            return
        elif header in read.columns.values():
            read.faults.append(
                Fault(
                    _("The column “{column}” occurs twice.").format(column=header),
                    _("Remove one of the two."),
                    sheet=read.name,
                    row=1,
                )
            )
            blank = 0
        else:
            read.columns[column] = header
            blank = 0


def _check_row(read: Grid, number: int, blank: int, place: int, cells: Mapping[int, str]) -> None:
    """Note what of a row with cells pyxform would not read."""
    headless = [column for column in cells if column not in read.columns]
    if headless and headless[0] not in _remarked(read):
        read.remarks.append(
            _("sheet {sheet}, row {row}: column {column} has no header; it is not read.").format(
                sheet=read.name, row=number, column=get_column_letter(headless[0] + 1)
            )
        )
    if read.name != constants.SETTINGS:
        return
    if place == 1 and blank:
        read.faults.append(
            Fault(
                _("The row below the header is blank, and only that row counts."),
                _("Delete the blank rows between header and values."),
                sheet=read.name,
                row=number - blank,
            )
        )
    elif place == 2:
        read.remarks.append(
            _("sheet {sheet}, row {row}: only the first row below the header counts.").format(
                sheet=read.name, row=number
            )
        )


def _remarked(read: Grid) -> Collection[int]:
    """The columns without header about which there is a remark: one remark a sheet is enough."""
    return range(MAX_COLUMNS) if read.remarks else ()


def _no_header(name: str, number: int) -> Fault:
    return Fault(
        _("The first row is blank, and the headers must stand in it."),
        _("Delete the blank rows above row {row}.").format(row=number),
        sheet=name,
        row=1,
    )


def _after_blank_rows(name: str, number: int, blank: int) -> Fault:
    return Fault(
        _("This row stands below {n} blank rows, where reading stops.").format(n=blank),
        _("Delete the blank rows above it, or the row and all below if they are not meant."),
        sheet=name,
        row=number,
    )


def _text(value: Any) -> str:
    """A cell as pyxform reads it: whole numbers without decimals, truth values as TRUE or FALSE."""
    if isinstance(value, str):
        value = value.strip()
    return "" if is_empty(value) else xlsx_value_to_str(value).strip()


def cleans_texts(settings: Grid | None) -> bool:
    """Whether pyxform makes runs of spaces in the survey one space: unless the setting clean_text_values says no."""
    row = next(iter(settings.sheet(cleans=False)), None) if settings else None
    return bool(aliases.yes_no.get(row["clean_text_values"] if row else "yes", True))


@cache
def _columns(sheet: str) -> tuple[Mapping[str, Any], frozenset[str]]:
    """pyxform's aliases and columns of a sheet."""
    match sheet:
        case constants.SURVEY:
            return aliases.survey_header, frozenset(MultipleChoiceQuestion.get_slot_names())
        case constants.SETTINGS:
            return aliases.settings_header, frozenset(Survey.get_slot_names())
        case constants.ENTITIES:
            names = frozenset(column.value for column in constants.EntityColumns.value_list())
            return aliases.entities_header, names
        case _:
            return aliases.list_header, frozenset(Option.get_slot_names())


def names_of(sheet: str, headers: Collection[str]) -> dict[str, str]:
    """Header → the column's name in the documentation; of an unknown column, the header."""
    if sheet == _LEDGERS:
        return {header: to_snake_case(header) for header in headers}
    header_aliases, columns = _columns(sheet)
    use_double_colon = any("::" in header for header in headers)
    names = {}
    for header in headers:
        _new, tokens = process_header(header, use_double_colon, header_aliases, columns)
        name = "::".join(tokens)
        if sheet == constants.ENTITIES and name == "dataset":
            name = "list_name"
        names[header] = "save_to" if name == _SAVE_TO else _NAMES.get(name, name)
    return names
