"""When a record was finished on the phone, from the end of Collect's audit log (openrosa.md, Times and clocks). Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

NAME: Final = "audit.csv"
TAIL: Final = 1 << 16
"""Bytes at the end of a log within which its last event stands; with tracked changes it may be tens of MB."""

_EVENT: Final = re.compile(rb"^[a-z][a-z -]*,[^,\r\n]*,(\d{12,14}),(\d{12,14})?", re.MULTILINE)


def finished_at(tail: bytes) -> datetime | None:
    """The latest time in the log's last bytes, by the phone's clock; None when there is none.

    Collect writes nothing to the log after the record was finished. Answers with line breaks
    stand in the log too; such a line counts only if it has the shape of an event.
    """
    times = [int(number) for event in _EVENT.finditer(tail) for number in event.groups() if number]
    return datetime.fromtimestamp(max(times) / 1000, UTC) if times else None
