"""How ledger values are written for people: by label, masked where they must be.

Pure but for code lists and the masking of sealed columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from server.accounts.access import RESTRICTED, Access
from server.core.codes import label_of
from server.ledgers.columns import Column, Kind, Sensitivity, columns_of
from server.ledgers.masking import shown
from server.ledgers.models.base import LedgerEntry
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
            return "、".join(label_of(column.codes, code) for code in value)
        case Kind.BOOLEAN:
            return _("yes") if value else _("no")
        case Kind.AREA:
            return names.get(value, value)
        case Kind.POINT:
            return f"{value.y:.5f}, {value.x:.5f}"
        case Kind.JSON:
            return structured(value)
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
        return "；".join(f"{name}：{structured(inner)}" for name, inner in value.items() if inner)
    if isinstance(value, list):
        return "、".join(structured(inner) for inner in value)
    return plain(value)


def category_names(codes: Iterable[str], area_code: str, access: Access) -> list[str]:
    """Assistance categories by name, each once; the sensitive ones only for the restricted role."""
    visible = visible_categories(access, area_code, codes)
    return list(dict.fromkeys(label_of("AC", code) for code in visible))
