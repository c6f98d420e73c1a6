"""Lists on a terminal: columns under one another, also where a sign is two columns wide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from unicodedata import combining, east_asian_width


def table(rows: Iterable[Sequence[object]]) -> str:
    """The rows, a line each, as wide as their widest cells; nothing stands after the last cell."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*texts, strict=True)]
    return "\n".join(
        "  ".join(text + " " * (wide - width(text)) for text, wide in zip(row, widths, strict=True))
        .rstrip()
        for row in texts
    )  # fmt: skip


def width(text: str) -> int:
    """How many columns of a terminal it takes."""
    return sum(
        0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text
    )
