"""How ledger values are written for people: by label, masked where they must be.

Pure but for code lists and the masking of sealed columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from server.accounts.access import RESTRICTED, Access
from server.core.codes import label_of
from server.core.labels import facts, listed
from server.ledgers.definitions.columns import Column, Kind, Sensitivity, columns_of
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.models.base import LedgerEntry
from server.ledgers.reading.masking import shown
from server.ledgers.selectors import visible_categories


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of an entry as the page shows it."""

    name: str
    label: str
    text: str
    masked: bool  # there is more behind the mask
    origin: Any = None  # ledgers.selectors.Origin


def sheet(
    entry: LedgerEntry,
    access: Access,
    *,
    origins: Mapping[str, Any] | None = None,
    names: Mapping[Any, str] | None = None,
    leave_out: Iterable[str] = (),
) -> list[Cell]:
    """The entry's filled columns in the order declared; `names` resolves areas, entries and users."""
    skipped = set(leave_out)
    cells = []
    for column in columns_of(type(entry)).values():
        if column.name in skipped:
            continue
        cell = cell_of(entry, column, access, origins or {}, names or {})
        if cell is not None:
            cells.append(cell)
    return cells


def cell_of(
    entry: LedgerEntry,
    column: Column,
    access: Access,
    origins: Mapping[str, Any],
    names: Mapping[Any, str],
) -> Cell | None:
    """One column of an entry; None when it is empty, or not for this reader's eyes.

    That a restricted column is filled says as much as what is in it, so it is not even named.
    """
    if column.sensitivity is Sensitivity.RESTRICTED and not access.may(RESTRICTED, entry.area_code):
        return None
    if column.kind is Kind.SEALED:
        text = shown(entry, column.name) or ""
    elif column.kind in (Kind.ENTRY, Kind.USER):
        key = getattr(entry, f"{column.name}_id")
        text = str(names.get(key, "")) if key is not None else ""
    else:
        value = getattr(entry, column.name)
        if column.kind is Kind.CODES and column.codes == "AC":
            value = visible_categories(access, entry.area_code, value or [])
        text = written(value, column, names)
    if not text:
        return None
    return Cell(
        name=column.name,
        label=str(column.label),
        text=text,
        masked=column.kind is Kind.SEALED,
        origin=origins.get(column.name),
    )


def written(value: Any, column: Column, names: Mapping[Any, str]) -> str:
    """A value in words."""
    if value is None or value == "" or value == []:
        return ""
    match column.kind:
        case Kind.CODE:
            return label_of(column.codes, value)
        case Kind.CODES:
            return listed(label_of(column.codes, code) for code in value)
        case Kind.BOOLEAN:
            return _("yes") if value else _("no")
        case Kind.AREA:
            return names.get(value, value)
        case Kind.POINT:
            return f"{value.y:.5f}, {value.x:.5f}"
        case Kind.JSON:
            return _JSON.get(column.name, structured)(value)
    return plain(value)


def plain(value: Any) -> str:
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "Y-m-d H:i")
    if isinstance(value, date):
        return date_format(value, "Y-m-d")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value)


def structured(value: Any) -> str:
    """JSON that a person can read: the values, with their names where they have some."""
    if isinstance(value, dict):
        return facts((name, structured(inner)) for name, inner in value.items() if inner)
    if isinstance(value, list):
        return listed(structured(inner) for inner in value)
    return plain(value)


def _five_clear(known: Mapping[str, Any]) -> str:
    """五清 (ledgers.derive.cases): each fact by the name and in the words of the column it is from."""
    told = []
    for name, column in _CLEAR.items():
        found = known.get(name) or []
        codes = found if isinstance(found, list) else [found]
        told.append((column.label, listed(label_of(column.codes, code) for code in codes)))
    return facts((label, text) for label, text in told if text)


_CLEAR = {
    "family": COLUMNS["person"]["relation"],
    "reason": COLUMNS["spell"]["unemp_reason"],
    "skills": COLUMNS["person"]["skill_grade"],  # its code where nobody put the skills in words
    "training": COLUMNS["person"]["training_wish"],
    "wish": COLUMNS["person"]["wish_job"],
}


def _followup(rows: Iterable[Mapping[str, Any]]) -> str:
    """The follow-up visits after somebody was placed: until when, and when they were made."""
    return listed(
        (
            _("after {months} months: due {due_on}, visited {done_on}")
            if row["done_on"]
            else _("after {months} months: due {due_on}")
        ).format(**row)
        for row in rows
    )


_JSON: dict[str, Callable[[Any], str]] = {"five_clear": _five_clear, "followup": _followup}


def category_names(codes: Iterable[str], area_code: str, access: Access) -> list[str]:
    """Assistance categories by name, each once; the sensitive ones only for the restricted role."""
    visible = visible_categories(access, area_code, codes)
    return list(dict.fromkeys(label_of("AC", code) for code in visible))
