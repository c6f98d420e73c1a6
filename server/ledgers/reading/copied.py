"""The cells of a ledger's file as PostgreSQL writes them, from the declarations of the columns (decision 0367). Pure.

Each cell is an SQL expression that gives the text of the cell, or null for an empty one. What
SQL cannot say (a sealed value, a text with a personal number in it or with a sign that a
spreadsheet would run, a restricted code) is left *open*: the stored value stands between two control
characters, with the place of the cell and whether the reader sees the row whole and restricted. Whoever
reads the lines puts the cell there (server/api/open_cells.py). No other cell holds a control character.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Model

from server.core.clock import OFFICE
from server.core.codes import restricted_codes
from server.core.masking import Precision
from server.core.personal_numbers import SHORTEST
from server.ledgers.definitions.columns import Column, Depends, Kind, Sensitivity, columns_of
from server.ledgers.definitions.sensitivity import has_restricted
from server.ledgers.reading.joined import RECORDED_BY, SHOWS, SOURCE
from server.ledgers.reading.masking import holds_text, is_maskable
from server.ledgers.storage.copying import Cells

END: Final = b",\x03\n"
"""How each line ends."""
OPEN_CELL: Final = re.compile(rb"\x01(\d+[a-d]):([^\x02]*)\x02")
"""An open cell: its place and a member of SIGHTS, and the stored value as the kind of its column has it (`opened`)."""
SIGHTS: Final = {"a": (False, False), "b": (False, True), "c": (True, False), "d": (True, True)}
"""Whether the reader sees the row whole, and whether its restricted columns."""
UNSURE: Final = "?"
"""Before the name of a column in the open cell `masked`: it counts if its text is shown masked."""

_CODES: Final = "^[0-9A-Za-z_ ]*$"
_TEXT: Final = "^[0-9A-Za-z一-鿿][ -~一-鿿、。，：；（）《》“”—·]*$"
"""A text that no spreadsheet runs, and whose only digits are those of ASCII."""
_SUMMER_TIMES_END: Final = "1992-01-01"
"""From here on the offices' clocks are eight hours ahead of UTC."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The areas in which the reader sees rows whole, and restricted columns."""

    whole: tuple[str, ...] = ()
    restricted: tuple[str, ...] = ()


def cells_of(
    model: type[Model],
    names: Sequence[str],
    more: Sequence[Column],
    sight: Sight,
    *,
    is_inert: bool,
) -> Cells:
    """The cells of a ledger's columns in this order; `more` are columns besides those declared.

    Inert ones are for spreadsheets (core/spreadsheets.py), others for programs that read types: instants of these are in UTC.
    """
    columns = {**columns_of(model), **{column.name: column for column in more}}
    writer = _Writer(columns, sight, is_inert)
    expressions = tuple(writer.cell(place, name) for place, name in enumerate(names))
    return Cells(tuple(writer.paths), writer.seen(), writer.masked, (*expressions, r"E'\x03'"))


@dataclass(slots=True)
class _Writer:
    columns: dict[str, Column]
    sight: Sight
    is_inert: bool
    paths: dict[str, str] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)  # texts that are expected to be codes
    masked: str = "null::text"

    def at(self, path: str) -> str:
        """The value at the path."""
        return self.paths.setdefault(path, f"entry.c{len(self.paths)}")

    def seen(self) -> str:
        """The expressions of `seen`: once a row, what several cells ask."""
        area = self.at("area_code")
        whole, sees = _within(self.sight.whole, area), _within(self.sight.restricted, area)
        letters = " ".join(
            f"when {'' if shows_whole else 'not '}({whole}) and {'' if shows_all else 'not '}({sees}) then '{letter}:'"
            for letter, (shows_whole, shows_all) in SIGHTS.items()
        )
        are_codes = f"concat({', '.join(self.codes)}) ~ '{_CODES}'" if self.codes else "true"
        return f"{whole} as whole, {sees} as sees, case {letters} end as sight, {are_codes} as are_codes"

    def cell(self, place: int, name: str) -> str:
        """The cell of a column, or of what every row has."""
        column = self.columns.get(name)
        if column is None:
            return self._of_every_row(place, name)
        written = self._column(place, column)
        if column.sensitivity is Sensitivity.RESTRICTED:
            return f"case when seen.sees then {written} end"
        return written

    def _of_every_row(self, place: int, name: str) -> str:
        match name:
            case "area_code":
                return self._code(place, self.at(name))
            case "observed_at":
                return self._instant(place, self.at(name))
            case "recorded_by":
                return self._user(place, name)
            case "source":
                return self._source(place)
            case "elsewhere":
                return self._elsewhere()
            case "withheld":
                hidden = " ".join(c.name for c in self.columns.values() if has_restricted(c))
                return f"case when not seen.sees then {_literal(hidden)} end" if hidden else "null"
            case "masked":
                return self._masked(place)
            case _:  # a number, a date or an id
                return f"{self.at(name)}::text"

    def _column(self, place: int, column: Column) -> str:
        value = self.at(column.name)
        match column.kind:
            case Kind.CODE:
                hidden = self._hidden(column)
                return self._code(place, value, f"{value} in ({hidden})" if hidden else "")
            case Kind.CODES:
                return self._code_list(place, column, value)
            case Kind.AREA:
                return self._code(place, value)
            case Kind.BOOLEAN:
                return f"case when {value} then 'True' when not {value} then 'False' end"
            case Kind.DECIMAL if (
                self.is_inert
            ):  # a text for programs, which a sign would make a formula
                return f"case when {value} < 0 then '''' || {value}::text else {value}::text end"
            case Kind.DATE:
                return self._date(column, value)
            case Kind.INSTANT:
                return self._instant(place, value)
            case Kind.POINT:
                return _point(place, f"{value}::geometry")
            case Kind.ENTRY:
                return f"case when {self.at(SHOWS + column.name)} then {self.at(f'{column.name}_id')}::text end"
            case Kind.USER:
                return self._user(place, column.name)
            case Kind.SEALED:
                return _open(place, value)
            case Kind.TEXT | Kind.IMAGE if column.is_searched:
                is_clear = self._is_clear(column)
                whole = f"coalesce('.' || encode({self.at('whole_texts')}, 'hex'), '')"
                return f"case when {is_clear} then {value} else {_open(place, f'{_hex(value)} || {whole}')} end"
            case Kind.TEXT | Kind.JSON:
                return _open(place, f"encode({value}, 'hex')")
            case _:
                return f"{value}::text"

    def _hidden(self, column: Column) -> str:
        return ", ".join(map(_literal, restricted_codes(column.codes)))

    def _code(self, place: int, value: str, is_hidden: str = "") -> str:
        self.codes.append(value)
        plain = (
            f"seen.are_codes and not (not seen.sees and coalesce({is_hidden}, false))"
            if is_hidden
            else "seen.are_codes"
        )
        return f"case when {plain} then nullif({value}, '') else {_open(place, _hex(value))} end"

    def _code_list(self, place: int, column: Column, value: str) -> str:
        written = rf"array_to_string({value}, ' ', E'\x01')"
        self.codes.append(written)
        plain, hidden = "seen.are_codes", self._hidden(column)
        if hidden:
            plain += f" and not (not seen.sees and coalesce({value} && array[{hidden}]::varchar[], false))"
        opened = _open(place, _hex(f"array_to_json({value})::text"))
        return f"case when {plain} then nullif({written}, '') else {opened} end"

    def _date(self, column: Column, value: str) -> str:
        if column.rounded is None:
            return f"{value}::text"
        digits, rest = (4, "-01-01") if column.rounded.to is Precision.YEAR else (7, "-01")
        hidden = self._hides_day(column)
        return f"case when {hidden} then left({value}::text, {digits}) || '{rest}' else {value}::text end"

    def _hides_day(self, column: Column) -> str:
        """Whether a date of a row that is not seen whole is shown without its day."""
        condition = column.rounded.when if column.rounded else None
        return "not seen.whole" + (f" and {self._holds(condition)}" if condition else "")

    def _holds(self, condition: Depends) -> str:
        value, values = (
            self.at(condition.column),
            ", ".join(_literal(str(v)) for v in condition.values),
        )
        if self.columns[condition.column].kind is Kind.CODES:
            return f"coalesce({value} && array[{values}]::varchar[], false)"
        return f"coalesce({value}::text in ({values}), false)"

    def _instant(self, place: int, value: str) -> str:
        if not self.is_inert:
            return f"to_char({value} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        local = f"({value} at time zone '{OFFICE.key}')"
        return (
            f"case when {value} < '{_SUMMER_TIMES_END}' then {_open(place, _hex(f'{value}::text'))}"
            f" when date_trunc('second', {value}) = {value} then replace({local}::text, ' ', 'T') || '+08:00'"
            f" else to_char({local}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || '+08:00' end"
        )

    def _user(self, place: int, name: str) -> str:
        value = self.at(f"{name}__username")
        return f"case when {self.at(SHOWS + name)} then case when {value} ~ '{_TEXT}' then {value} else {_open(place, _hex(value))} end end"

    def _source(self, place: int) -> str:
        form, instance = self.at(f"{SOURCE}__form__form_id"), self.at(f"{SOURCE}__instance_id")
        parts = """'{{"form":' || {} || ',"instance_id":' || {} || '}}'"""
        plain = parts.format(*(f"""'"' || {text} || '"'""" for text in (form, instance)))
        exact = parts.format(*(f"to_json({text})::text" for text in (form, instance)))
        is_plain = rf"{form} || {instance} ~ '^[-\w:.]*$'"
        shown = f"case when {is_plain} then {plain} else {_open(place, _hex(exact))} end"
        return f"case when {self.at(SHOWS + SOURCE)} then {shown} end"

    def _elsewhere(self) -> str:
        linked = [c.name for c in self.columns.values() if c.kind in (Kind.ENTRY, Kind.USER)]
        names = {**{name: name for name in linked}, SOURCE: "source", RECORDED_BY: RECORDED_BY}
        parts = ", ".join(
            f"case when {self.at(f'{name}_id')} is not null and {self.at(SHOWS + name)} is null then '{shown}' end"
            for name, shown in names.items()
        )
        return f"nullif(concat_ws(' ', {parts}), '')"

    def _masked(self, place: int) -> str:
        maskable = [column for column in self.columns.values() if is_maskable(column)]
        parts = ", ".join(self._if_masked(column) for column in maskable)
        if not parts:
            return "null"
        self.masked = f"case when not seen.whole then concat_ws(' ', {parts}) end"
        opened = _open(place, "hidden.masked")
        return f"case when strpos(hidden.masked, '{UNSURE}') > 0 then {opened} else nullif(hidden.masked, '') end"

    def _if_masked(self, column: Column) -> str:
        condition, shown = f"{self.at(column.name)} is not null", column.name
        if column.sensitivity is Sensitivity.RESTRICTED:
            condition += " and seen.sees"
        if column.kind is Kind.DATE:
            condition += f" and {self._hides_day(column)}"
        elif column.kind is not Kind.SEALED:
            shown = UNSURE + shown
            if column.is_searched:
                condition += f" and not {self._is_clear(column)}"
        return f"case when {condition} then '{shown}' end"

    def _is_clear(self, column: Column) -> str:
        """Whether a searched text is shown as it is stored."""
        value = self.at(column.name)
        clear = f"{self.at('whole_texts')} is null and {value} ~ '{_TEXT}'"
        if holds_text(column):
            clear += f" and (length({value}) < {SHORTEST} or length({value}) - length(translate({value}, '0123456789', '')) < {SHORTEST})"
        return f"coalesce({clear}, false)"


def _point(place: int, value: str) -> str:
    numbers = [f"st_{axis}({value})::text" for axis in "xy"]
    few = " and ".join(rf"{number} ~ '^-?\d+\.\d{{1,12}}$'" for number in numbers)
    written = (
        f"""'{{"type":"Point","coordinates":[' || {numbers[0]} || ',' || {numbers[1]} || ']}}'"""
    )
    return f"case when {few} then {written} else {_open(place, f'{value}::text')} end"


def _open(place: int, value: str) -> str:
    return rf"E'\x01{place}' || seen.sight || {value} || E'\x02'"


def _hex(text: str) -> str:
    return f"encode(convert_to({text}, 'UTF8'), 'hex')"


def _within(areas: Sequence[str], area: str) -> str:
    """Whether the area begins with one of the prefixes."""
    if not areas or "" in areas:
        return "true" if areas else "false"
    return " or ".join(f"starts_with({area}, {_literal(prefix)})" for prefix in areas)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"
