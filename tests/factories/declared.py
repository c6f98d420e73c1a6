"""A row of every ledger that is folded by its declaration alone, for tests that walk over all ledgers."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.gis.geos import Point

from server.core.codes import code_lists
from server.core.sealing import seal_text, search_hash
from server.ledgers.definitions.columns import Column, Kind, hash_purpose
from server.ledgers.definitions.ledgers import DEFINITIONS, FOLDED, LEDGERS
from tests.factories.console import AT, entry

_PLAIN = {
    Kind.INTEGER: 3,
    Kind.DECIMAL: 4,
    Kind.BOOLEAN: True,
    Kind.DATE: date(2026, 3, 1),
    Kind.INSTANT: AT,
    Kind.POINT: Point(113.355, 23.125, srid=4326),
    Kind.IMAGE: "signature.jpg",
}


def make_declared(area: str, **named: Any) -> dict[str, Any]:
    """Ledger → a new row in the area, all columns filled; `named` are rows that its links name, by ledger."""
    rows: dict[str, Any] = dict(named)
    later: list[tuple[Any, str, str]] = []
    for ledger in FOLDED:
        if ledger in rows:
            continue
        values: dict[str, Any] = {}
        model = LEDGERS[ledger]
        for column in DEFINITIONS[ledger].columns.values():
            if column.kind is Kind.ENTRY:
                to = model._meta.get_field(column.name).related_model
                later.append((ledger, column.name, to.ledger.name))
            else:
                values.update(_value(column, area))
        for machine in DEFINITIONS[ledger].machines:
            values[machine.column] = machine.start
        rows[ledger] = model._default_manager.create(**entry(area, **values))
    for ledger, name, to in later:
        if to in rows:
            LEDGERS[ledger]._default_manager.filter(pk=rows[ledger].pk).update(**{name: rows[to]})
    return rows


def _value(column: Column, area: str) -> dict[str, Any]:
    name = column.name
    match column.kind:
        case Kind.TEXT:
            return {name: f"{column.label.zh}一"}
        case Kind.SEALED:
            return {
                name: seal_text("0001", name),
                f"{name}_hash": search_hash("0001", hash_purpose(column)),
            }
        case Kind.CODE:
            return {name: next(iter(code_lists()[column.codes].codes))}
        case Kind.CODES:
            return {name: list(code_lists()[column.codes].codes)[:1]}
        case Kind.AREA:
            return {name: area}
        case kind if kind in _PLAIN:
            return {name: _PLAIN[kind]}
    return {}
