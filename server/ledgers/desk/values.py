"""Reading the value that office staff give for a column. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from server.core.codes import code_lists
from server.ledgers.definitions.columns import Column, Kind
from server.ledgers.definitions.readings import spelled
from server.ledgers.problems import BadValue


def plain_value(column: Column, value: Any, today: date) -> Any:
    """The value as contributions hold it, texts in the spelling that forms give them.

    `today` is the office's day. Raises BadValue, which says what is wrong and never quotes the value.
    """
    try:
        plain = _READERS[column.kind](value)
        if column.reads is not None:
            plain = _text(spelled(column.reads, plain, today))
    except (ValueError, TypeError, KeyError, InvalidOperation) as error:
        raise BadValue(
            column=column.name, why=_("it is not a valid {kind}").format(kind=column.kind)
        ) from error
    if column.kind in (Kind.CODE, Kind.CODES):
        allowed = code_lists()[column.codes].codes
        for code in [plain] if column.kind is Kind.CODE else plain:
            if code not in allowed:
                raise BadValue(
                    column=column.name, why=_("it is not in list {list}").format(list=column.codes)
                )
    return plain


def _text(value: Any) -> str:
    text = str(value).strip()
    if not text:
        raise ValueError
    return text


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
        str(value).lower()
    ]


def _integer(value: Any) -> int:
    number = int(value)
    if abs(number) >= 2**31:
        raise ValueError
    return number


def _decimal(value: Any) -> str:
    number = Decimal(str(value)).quantize(Decimal("0.01"))
    if not number.is_finite() or abs(number) >= Decimal(10) ** 12:
        raise ValueError
    return str(number)


def _point(value: Any) -> list[float | None]:
    lon, lat, *rest = value
    lon, lat = float(lon), float(lat)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90) or len(rest) > 2:
        raise ValueError
    metres = [None if part is None else float(part) for part in rest]
    if not all(part is None or math.isfinite(part) for part in metres):
        raise ValueError
    return [lon, lat, *(metres or [None, None])]


def _instant(value: Any) -> str:
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if instant.tzinfo is None:
        raise ValueError
    return instant.isoformat()


def _refuse(value: Any) -> Any:
    raise ValueError


_READERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _text,
    Kind.SEALED: _text,
    Kind.IMAGE: _text,
    Kind.AREA: _text,
    Kind.CODE: _text,
    Kind.CODES: lambda value: sorted({_text(code) for code in value}),
    Kind.INTEGER: _integer,
    Kind.USER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: lambda value: date.fromisoformat(str(value)).isoformat(),
    Kind.INSTANT: _instant,
    Kind.POINT: _point,
    Kind.JSON: lambda value: value,
    Kind.ENTRY: _refuse,
}
