"""Writes JSON. Nothing else of the server writes it to the database, so that no infinity or NaN gets there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def dumps(
    value: Any, *, default: Callable[[Any], Any] | None = None, is_sorted: bool = False
) -> str:
    """The value as JSON text; `is_sorted` puts names in order, so that equal values give equal texts.

    Raises ValueError for a number that JSON does not know: infinity, NaN.
    """
    return json.dumps(
        value,
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
        default=default,
        sort_keys=is_sorted,
    )
