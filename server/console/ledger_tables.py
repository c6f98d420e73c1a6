"""The tables of the ledgers, made from the declarations of their columns; some ledgers have columns of their own besides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models.functions import Trunc
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from server.accounts.access import RESTRICTED, REVEALERS, Access
from server.console.pages import area_names
from server.console.presentation import category_names, cell_of, joined_title, plain
from server.console.tables import Reading, Table, TableColumn, Value
from server.console.templatetags.console import due_badge
from server.core.codes import restricted_codes
from server.core.keyset import Key
from server.core.labels import listed
from server.core.masking import mask_numbers
from server.core.sealed_fields import is_sealed
from server.ledgers.definitions.columns import Column, Kind, Sensitivity
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.models.base import LedgerEntry
from server.ledgers.models.people import GROUPS
from server.ledgers.selectors import joined_key

OWN_PAGES = {
    "person": "person",
    "household": "household",
    "employer": "employer",
    "case": "case",
}
"""Ledger → the page of an entry, where it is not made from the declaration."""
_COLUMNS_SHOWN = 6
_IN_CELLS = frozenset({Kind.JSON, Kind.POINT, Kind.IMAGE})
_NUMBERS = frozenset({Kind.INTEGER, Kind.DECIMAL})
NAME = ("person", "name")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SHOWN = {
    "person": ("name", "sex", "birth_date", "id_no", "emp_status", "edu", "groups", "area"),
    "household": ("hh_no", "head_person", "home", "area", "n_members", "assisted_categories",
                  "last_confirmed_on"),
    "case": ("subject", "category", "state", "opened_on", "last_visit", "next_due",
             "linked_worker", "area"),
    "employer": ("name", "uscc", "industry", "address", "contact", "n_staff", "area"),
    "vacancy": ("title", "employer", "n_wanted", "n_filled", "wage_min", "wage_max", "edu_min",
                "state", "expires_on", "area"),
}  # fmt: skip
"""Ledger → the columns shown first, where they are not simply the first declared."""
_ORDER = {
    "person": (Key("area_code"), Key("name")),
    "household": (Key("area_code"), Key("hh_no")),
    "employer": (Key("area_code"), Key("name")),
    "vacancy": (Key("expires_on", falls=True),),
}


def table_of(definition: LedgerDefinition, access: Access) -> Table:
    """The table of a ledger for this reader, who is not told of columns that are restricted everywhere."""
    sees_days = access.areas(REVEALERS) == access.areas()
    may_restricted = bool(access.areas(RESTRICTED))
    columns = [
        _column(definition, column, sees_days=sees_days)
        for column in definition.columns.values()
        if column.kind not in _IN_CELLS
        and (may_restricted or column.sensitivity is not Sensitivity.RESTRICTED)
    ]
    columns += _MORE.get(definition.name, ())
    columns += _OF_EVERY_ENTRY
    shown = _SHOWN.get(definition.name) or _first(definition)
    placed = {name: place for place, name in enumerate(shown)}
    columns.sort(key=lambda column: placed.get(column.name, len(placed)))
    columns = [_shown(column, is_shown=column.name in placed) for column in columns]
    columns[0] = _linked(columns[0], definition)
    order = _ORDER.get(definition.name, (Key("observed_at", falls=True),))
    if definition.name == "case":  # open ones first; the day of the close may be masked
        closed = Key("closed_on" if sees_days else Trunc("closed_on", "month"), falls=True)
        order = (closed, Key("next_due"))
    return Table(tuple(columns), order, lambda row: address_of(definition, row))


def address_of(definition: LedgerDefinition, row: LedgerEntry) -> str:
    """The page of an entry."""
    if page := OWN_PAGES.get(definition.name):
        return reverse(f"console:{page}", args=[row.pk])
    return reverse("console:entry", args=[definition.path, row.pk])


def names_of(definition: LedgerDefinition, rows: Sequence[LedgerEntry]) -> dict[Any, str]:
    """Id or code → name, of the entries, users and areas that the rows name. One query."""
    columns = definition.columns.values()
    joined = [column.name for column in columns if column.kind in (Kind.ENTRY, Kind.USER)]
    areas = ["area_code", *(column.name for column in columns if column.kind is Kind.AREA)]
    titles: dict[Any, str] = {
        key: joined_title(row, name)
        for row in rows
        for name in joined
        if (key := joined_key(row, name)) is not None
    }
    return {**titles, **area_names(getattr(row, name) or "" for row in rows for name in areas)}


def joined_columns(definition: LedgerDefinition) -> list[str]:
    """What the rows of a ledger name in others, to be read with them."""
    columns = definition.columns.values()
    return [column.name for column in columns if column.kind in (Kind.ENTRY, Kind.USER)]


def sortable(model: type[LedgerEntry], column: Column, *, sees_days: bool) -> tuple[Key, ...]:
    """The keys of a column's order; none where the order would tell what the column does not show.

    A sealed column has no order, a restricted one would give itself away, and so would a code
    that some readers see as another. A masked day is sorted by its month or year.
    """
    is_open = column.sensitivity in (Sensitivity.OPEN, Sensitivity.BIRTH)
    if not is_open or is_sealed(model, column.name):
        return ()
    if column.kind in (Kind.CODE, Kind.AREA) and restricted_codes(column.codes):
        return ()
    if column.kind is Kind.TEXT and not column.is_searched:
        return ()
    if column.kind not in (
        Kind.TEXT, Kind.CODE, Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATE, Kind.INSTANT, Kind.AREA,
    ):  # fmt: skip
        return ()
    if column.rounded is not None and not sees_days:
        return (Key(Trunc(column.name, str(column.rounded.to))),)
    return (Key(column.name),)


def _column(definition: LedgerDefinition, column: Column, *, sees_days: bool) -> TableColumn:
    kind = {Kind.DATE: "when", Kind.INSTANT: "when", Kind.SEALED: "nowrap masked"}.get(column.kind)
    if column.kind in _NUMBERS:
        kind = "num"
    is_short = column.kind in (Kind.USER, Kind.CODE) or (definition.name, column.name) == NAME
    if is_short or definition.machine_of(column.name):
        kind = kind or "nowrap"
    return TableColumn(
        column.name,
        column.label,
        _text(column),
        html=_due if column.name == "next_due" else _html(column),
        sort=sortable(definition.model, column, sees_days=sees_days),
        kind=kind or "",
    )


def _text(column: Column) -> Callable[[Any, Reading], Value]:
    def text(row: Any, reading: Reading) -> Value:
        is_whole = reading.is_whole(row.area_code)
        cell = cell_of(row, column, reading.access, {}, reading.names, is_whole=is_whole)
        return "" if cell is None else _typed(column.kind, cell.text)

    return text


def _html(column: Column) -> Callable[[Any, Reading], str]:
    def html(row: Any, reading: Reading) -> str:
        cell = cell_of(row, column, reading.access, {}, reading.names)
        if cell is None:
            return ""
        if cell.leads_to is None:
            return cell.text
        return format_html(
            '<a href="{}">{}</a>', reverse("console:entry", args=cell.leads_to), cell.text
        )

    return html


def _typed(kind: Kind, text: str) -> Value:
    """A number or day by its type, so that a spreadsheet can add and sort; anything else as text."""
    if kind is Kind.INTEGER and text.lstrip("-").isdigit():
        return int(text)
    if kind is Kind.DECIMAL and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return Decimal(text)
    if kind is Kind.DATE and _DAY.fullmatch(text):
        return date.fromisoformat(text)
    return text


def _due(row: Any, _reading: Reading) -> str:
    due_on = row.next_due
    return format_html("{} {}", plain(due_on), due_badge(due_on)) if due_on else ""


def _first(definition: LedgerDefinition) -> list[str]:
    """The columns shown of a ledger that says nothing of it: what is required, some others, then its state."""
    states = [machine.column for machine in definition.machines[:1]]
    columns = [
        column
        for column in definition.columns.values()
        if column.kind not in _IN_CELLS and column.name not in states
    ]
    columns.sort(key=lambda column: not column.required)
    first = [column.name for column in columns[:_COLUMNS_SHOWN]]
    return [*first, *states, "observed_at", "area"]


def _shown(column: TableColumn, *, is_shown: bool) -> TableColumn:
    return TableColumn(
        column.name, column.label, column.text, column.html, column.sort, column.kind, is_shown
    )


def _linked(column: TableColumn, definition: LedgerDefinition) -> TableColumn:
    """The first column, by which a row is opened."""

    def html(row: Any, reading: Reading) -> str:
        text = column.text(row, reading)
        return format_html('<a href="{}">{}</a>', address_of(definition, row), text or "—")

    return TableColumn(
        column.name, column.label, column.text, html, column.sort, column.kind, column.is_shown
    )


def _badges(texts: Iterable[str]) -> str:
    return format_html_join(" ", '<span class="badge brand">{}</span>', ((text,) for text in texts))


def _group_labels(row: Any) -> list[str]:
    columns = row.ledger.columns
    return [str(columns[name].label) for name in GROUPS if getattr(row, name)]


def _assistance(row: Any, reading: Reading) -> list[str]:
    codes = row.category if hasattr(row, "category") else row.assisted_categories
    return category_names(codes or [], row.area_code, reading.access)


def _subject(row: Any, _reading: Reading) -> str:
    return (
        joined_title(row, "subject_person")
        or joined_title(row, "subject_household")
        or row.case_no
        or ""
    )


def _home(row: Any, _reading: Reading) -> str:
    parts = (row.address, row.building, row.room)
    return " ".join(mask_numbers(part) for part in parts if part)


_AREA = TableColumn(
    "area", _("Area"), lambda row, reading: reading.names.get(row.area_code, row.area_code),
    sort=(Key("area_code"),),
)  # fmt: skip
_OF_EVERY_ENTRY = (
    TableColumn(
        "observed_at", _("Observed"), lambda row, _reading: plain(row.observed_at)[:10],
        sort=(Key("observed_at"),), kind="when",
    ),
    TableColumn(
        "last_confirmed_on", _("Last confirmed"), lambda row, _reading: row.last_confirmed_on,
        html=lambda row, _reading: plain(row.last_confirmed_on) if row.last_confirmed_on else "",
        sort=(Key("last_confirmed_on"),), kind="when",
    ),
    _AREA,
)  # fmt: skip
_ASSISTANCE = TableColumn(
    "assisted_categories", _("Assistance"), lambda row, reading: listed(_assistance(row, reading)),
    html=lambda row, reading: _badges(_assistance(row, reading)),
)  # fmt: skip
_MORE: dict[str, tuple[TableColumn, ...]] = {
    "person": (
        TableColumn(
            "groups", _("Groups"), lambda row, _reading: listed(_group_labels(row)),
            html=lambda row, _reading: _badges(_group_labels(row)),
        ),
    ),
    "household": (TableColumn("home", _("Address"), _home, sort=(Key("address"),)), _ASSISTANCE),
    "case": (TableColumn("subject", _("Person or household"), _subject),),
}  # fmt: skip
