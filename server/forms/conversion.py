"""Converts a workbook with pyxform, and finds all that pyxform refuses in it, each with sheet and row.

pyxform stops at the first thing that it refuses, and names its row only sometimes. Here the row is
found by asking which row, made harmless, lets pyxform get further; with that row harmless the
conversion is tried again for the next fault. Nothing that was made harmless is ever published.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from pyxform import constants
from pyxform.errors import PyXFormError
from pyxform.xls2json import RE_BEGIN_CONTROL, RE_END_CONTROL
from pyxform.xls2xform import ConvertResult, convert

from server.core.xml import BadXml
from server.forms import refusals, xform
from server.forms.problems import Fault, FaultyWorkbook
from server.forms.sheets import names_of
from server.forms.workbook import Workbook

MOST_FAULTS: Final = 20
PATIENCE: Final = 8.0  # seconds for finding further faults
"""The first fault and its row are always looked for, by at most some twenty conversions; others only until then."""

_Definition = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What pyxform refused: its message, and the sheet and row that it names."""

    message: str
    sheet: str
    row: int | None


def converted(workbook: Workbook) -> ConvertResult:
    """The XForm of a workbook. Raises FaultyWorkbook with all faults that pyxform sees."""
    result = _convert(workbook.definition)
    if isinstance(result, ConvertResult):
        return result
    raise FaultyWorkbook(list(_all_faults(workbook.definition, result)))


def without_logic(workbook: Workbook, rows: Sequence[int]) -> ConvertResult | None:
    """The form with these survey rows as plain questions; None when pyxform refuses that."""
    definition = deepcopy(workbook.definition)
    for row in rows:
        _make_harmless(definition, constants.SURVEY, row)
    result = _convert(definition)
    return result if isinstance(result, ConvertResult) else None


def _convert(definition: _Definition) -> ConvertResult | _Refusal:
    try:
        result = convert(xlsform=deepcopy(definition), form_name="data", warnings=[])
    except PyXFormError as error:
        return _refusal(str(error))
    except Exception as error:  # some broken forms make pyxform raise KeyError and the like
        return _refusal(type(error).__name__)
    try:
        xform.read(result.xform.encode())
    except BadXml as error:
        code = str(error.data["reason"]).partition(" ")[0]  # without the place, which moves
        return _Refusal(f"{refusals.UNREADABLE}{code}", "", None)
    except xform.BadXForm:
        pass  # told by publication, which reads the form anyway
    return result


def _refusal(message: str) -> _Refusal:
    sheet, row = refusals.place(message)
    return _Refusal(message, sheet, row)


def _all_faults(definition: _Definition, refusal: _Refusal) -> Iterator[Fault]:
    definition, until = deepcopy(definition), time.monotonic() + PATIENCE
    seen: set[tuple[str, int | None, str]] = set()
    for _number in range(MOST_FAULTS):
        sheet, row = refusal.sheet, refusal.row
        if row is None and not (sheet and sheet not in (constants.SURVEY, constants.CHOICES)):
            sheet, row = _place_of(definition, refusal)
        place = (sheet, row, refusal.message)
        if place in seen:
            return
        seen.add(place)
        yield refusals.fault(refusal.message, sheet or constants.SURVEY, row)
        if row is None or time.monotonic() > until:
            return
        if not _make_harmless(definition, sheet, row):
            return
        result = _convert(definition)
        if isinstance(result, ConvertResult):
            return
        refusal = result


def _place_of(definition: _Definition, refusal: _Refusal) -> tuple[str, int | None]:
    """Sheet and row that pyxform refuses without naming them."""
    names_choices = "choice" in refusal.message.lower()
    for sheet in sorted((constants.SURVEY, constants.CHOICES), reverse=not names_choices):
        rows = [number for number, cells in _rows(definition, sheet) if cells]
        if not rows or not _differs(definition, sheet, rows, refusal):
            continue
        low, high = 0, len(rows)  # making rows[:high] harmless helps, rows[:low] does not
        while high - low > 1:
            middle = (low + high) // 2
            if _differs(definition, sheet, rows[:middle], refusal):
                high = middle
            else:
                low = middle
        return sheet, rows[high - 1]
    for sheet in (
        constants.SETTINGS,
        constants.ENTITIES,
        constants.EXTERNAL_CHOICES,
        constants.OSM,
    ):
        rows = [number for number, cells in _rows(definition, sheet) if cells]
        without = {**definition, sheet: []}
        if rows and _is_other(_convert(without), refusal):
            return sheet, rows[0]
    return refusal.sheet, None


def _differs(definition: _Definition, sheet: str, rows: Sequence[int], refusal: _Refusal) -> bool:
    """Whether pyxform no longer refuses the same when these rows are harmless."""
    changed = deepcopy(definition)
    for row in rows:
        _make_harmless(changed, sheet, row)
    return _is_other(_convert(changed), refusal)


def _is_other(result: ConvertResult | _Refusal, refusal: _Refusal) -> bool:
    return isinstance(result, ConvertResult) or result.message != refusal.message


def _rows(definition: _Definition, sheet: str) -> Iterator[tuple[int, dict[str, str]]]:
    return enumerate(definition.get(sheet) or (), start=2)


def _make_harmless(definition: _Definition, sheet: str, row: int) -> bool:
    """Make a row one that pyxform takes; False when that would change what other rows mean."""
    rows = definition.get(sheet) or []
    if sheet not in (constants.SURVEY, constants.CHOICES) or not 2 <= row < len(rows) + 2:
        return False
    headers = list((definition.get(f"{sheet}_header") or [{}])[0])
    header_of = {name: header for header, name in names_of(sheet, headers).items()}
    cells = rows[row - 2]
    name = header_of.get("name", "name")
    spare = f"harmless_{row}"
    if sheet == constants.CHOICES:
        listed = header_of.get("list_name", "list_name")
        rows[row - 2] = {listed: cells.get(listed, ""), name: spare}
        return True
    kind = header_of.get("type", "type")
    was = cells.get(kind, "")
    if RE_BEGIN_CONTROL.match(was) or RE_END_CONTROL.match(was):
        kept = {header: cells[header] for header in (kind, name) if header in cells}
        is_changed: bool = kept != cells
        rows[row - 2] = kept
        return is_changed
    others = {other.get(name) for number, other in _rows(definition, sheet) if number != row}
    is_plain = refusals.is_name(cells.get(name, "")) and cells.get(name) not in others
    label = next((header for header in headers if header.lower().startswith("label")), "")
    if not label:
        definition[f"{sheet}_header"][0][label := "label"] = None
    plain = {kind: "text", name: cells[name] if is_plain else spare, label: spare}
    differs: bool = plain != cells
    rows[row - 2] = plain
    return differs
