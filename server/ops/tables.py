"""Tables on a terminal, aligned also where characters are two columns wide, as Chinese ones are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from unicodedata import combining, east_asian_width


def table(rows: Iterable[Sequence[object]]) -> str:
    """The rows as lines, each column as wide as its widest cell; no trailing spaces."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*texts, strict=True)]
    return "\n".join(
        "  ".join(text + " " * (column - width(text)) for text, column in zip(row, widths, strict=True))
        .rstrip()
        for row in texts
    )  # fmt: skip


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(
        0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1
        for character in text
    )
