"""Ledger values in words, as pages show them: codes by label, sealed values masked.

Reads code lists, and opens sealed values to mask them; no database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from html import unescape
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from server.accounts.access import REVEALERS, Access
from server.core.codes import label_of
from server.core.labels import facts, listed
from server.ledgers.definitions.columns import Column, Kind, Sensitivity, columns_of
from server.ledgers.definitions.sensitivity import FIVE_CLEAR
from server.ledgers.models.base import LedgerEntry
from server.ledgers.reading.masking import dated, holds_text, is_masked, shown, without_numbers
from server.ledgers.reading.provenance import title_of
from server.ledgers.selectors import (
    is_elsewhere,
    joined,
    joined_key,
    may_see_restricted,
    value_for,
    visible_categories,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of an entry as the page shows it."""

    name: str
    label: str
    text: str
    masked: bool  # the text is a mask; the value can be revealed
    origin: Any = None  # ledgers.selectors.Origin
    why: Any = ()  # ledgers.selectors.Reason: the conditions of a computed flag
    leads_to: tuple[str, Any] | None = None  # path of a ledger and entry in it that the value names


def sheet(
    entry: LedgerEntry,
    access: Access,
    *,
    origins: Mapping[str, Any] | None = None,
    names: Mapping[Any, str] | None = None,
    leave_out: Iterable[str] = (),
    why: Mapping[str, Any] | None = None,
) -> list[Cell]:
    """The entry's filled columns in the order declared; `names` resolves areas, entries and users, `why` explains flags."""
    skipped = set(leave_out)
    cells = []
    for column in columns_of(type(entry)).values():
        if column.name in skipped:
            continue
        cell = cell_of(entry, column, access, origins or {}, names or {})
        if cell is not None:
            cells.append(replace(cell, why=(why or {}).get(column.name, ())))
    return cells


def cell_of(
    entry: LedgerEntry,
    column: Column,
    access: Access,
    origins: Mapping[str, Any],
    names: Mapping[Any, str],
    *,
    is_whole: bool = False,
) -> Cell | None:
    """One column of an entry; None when it is empty, or restricted and the reader lacks the role.

    A restricted column is not even named: that it has a value tells as much as the value. What
    `is_whole` is not masked, for exports that a permit allows.
    """
    if column.sensitivity is Sensitivity.RESTRICTED and not may_see_restricted(
        access, entry.area_code
    ):
        return None
    sees_days = is_whole or access.may(REVEALERS, entry.area_code)
    leads_to = None
    if column.kind is Kind.SEALED:
        text = shown(entry, column.name, is_whole=is_whole) or ""
    elif column.kind in (Kind.ENTRY, Kind.USER):
        key = joined_key(entry, column.name)
        text = without_numbers(str(names.get(key, ""))) if key is not None else ""
        if is_elsewhere(entry, column.name):
            text = _("in another area")
        elif key is not None and column.kind is Kind.ENTRY:
            to: Any = entry._meta.get_field(column.name).related_model
            leads_to = (to.ledger.path, key)
    else:
        value: Any = getattr(entry, column.name)
        if column.rounded is not None:
            value = dated(entry, column, sees_days=sees_days)
        value = value_for(access, entry, column, value)
        text = written(value, column, names)
        if holds_text(column) and not is_whole:
            text = without_numbers(text)
    if not text:
        return None
    return Cell(
        name=column.name,
        label=str(column.label),
        text=text,
        masked=is_masked(entry, column, sees_days=sees_days),
        origin=origins.get(column.name),
        leads_to=leads_to,
    )


def joined_title(row: Any, name: str) -> str:
    """What people call what the row names there; "in another area", or "" for nothing."""
    if is_elsewhere(row, name):
        return _("in another area")
    named = joined(row, name)
    if named is None:
        return ""
    return without_numbers(title_of(named)) if isinstance(named, LedgerEntry) else str(named)


def written(value: Any, column: Column, names: Mapping[Any, str]) -> str:
    """A column's value in words, in the active language; "" for none."""
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
    """A plain value as text: instants and days as at the office, decimals without trailing zeros."""
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "Y-m-d H:i")
    if isinstance(value, date):
        return date_format(value, "Y-m-d")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value)


def minute(value: datetime | None) -> str:
    """An instant to the minute, as at the office; "" for none."""
    return plain(value) if value else ""


def words_of(html: str) -> str:
    """The text of a cell without its markup, for files."""
    return unescape(strip_tags(html)) if isinstance(html, SafeString) else html


def structured(value: Any) -> str:
    """A JSON value as readable text: values with their names, lists as enumerations."""
    if isinstance(value, dict):
        return facts((name, structured(inner)) for name, inner in value.items() if inner)
    if isinstance(value, list):
        return listed(structured(inner) for inner in value)
    return plain(value)


def _five_clear(case_facts: Mapping[str, Any]) -> str:
    """The five facts of a case (五清): each by the label and the codes of the column it was taken from."""
    parts = []
    for name, column in FIVE_CLEAR.items():
        value = case_facts.get(name) or []
        codes = value if isinstance(value, list) else [value]
        parts.append((column.label, listed(label_of(column.codes, code) for code in codes)))
    return facts((label, text) for label, text in parts if text)


def _followup(rows: Iterable[Mapping[str, Any]]) -> str:
    """The follow-up visits after a placement: when each was due, and when it took place."""
    return listed(
        (
            _("after {months} months: due {due_on}, visited {done_on}")
            if row["done_on"]
            else _("after {months} months: due {due_on}")
        ).format(**row)
        for row in rows
    )


_JSON: dict[str, Callable[[Any], str]] = {
    "five_clear": _five_clear,
    "followup": _followup,
    "on_job": _followup,
}


def category_names(codes: Iterable[str], area_code: str, access: Access) -> list[str]:
    """Assistance categories by name, each once; the sensitive ones only for the restricted role."""
    visible = visible_categories(access, area_code, codes)
    return list(dict.fromkeys(label_of("AC", code) for code in visible))
