"""Values that columns of a side of two worlds hold: open ones, and those that only the restricted role sees."""

from __future__ import annotations

from typing import Any

from server.core.codes import code_lists, restricted_codes
from server.core.sealing import seal_text
from server.ledgers.definitions.columns import Column, Kind
from tests.factories.side import Side


def open_code(column: Column) -> str:
    codes = code_lists().get(column.codes) or code_lists()["YN"]
    return next(code for code in codes.codes if code not in codes.restricted)


def restricted_value(side: Side, column: Column, place: str) -> Any:
    """A value that only the restricted role sees; a text names its place."""
    match column.kind:
        case Kind.JSON:
            return {"family": "0", "reason": "11", "skills": ["1"], "training": ["01"], "wish": []}
        case Kind.SEALED:
            return seal_text(f"{side.sealed_no}44", column.name)
        case Kind.TEXT:
            return f"{side.tag} {place} despair"
        case Kind.BOOLEAN:
            return True
        case Kind.CODE | Kind.CODES:
            return _restricted_code(column)
    return None


def _restricted_code(column: Column) -> Any:
    hidden = restricted_codes(column.codes)
    code = next(reversed(hidden)) if hidden else next(iter(code_lists()[column.codes].codes))
    with_open = [open_code(column), code] if hidden else [code]
    return with_open if column.kind is Kind.CODES else code
