"""Two-language labels of data: columns, code lists, questions.

Screens go through gettext; labels of data travel with the data's own declaration in
both languages, so that one line declares a column whole.
"""

from __future__ import annotations

from django.utils.translation import get_language


def in_chinese() -> bool:
    """Whether the active language is Chinese; it is when none is active."""
    return (get_language() or "zh").startswith("zh")


class Label:
    """A text in Chinese and English that reads itself in the active language."""

    __slots__ = ("en", "zh")

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en

    def __str__(self) -> str:
        return self.zh if in_chinese() else self.en

    def __repr__(self) -> str:
        return f"Label({self.zh!r}, {self.en!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Label) and (self.zh, self.en) == (other.zh, other.en)

    def __hash__(self) -> int:
        return hash((self.zh, self.en))


__all__ = ["Label", "in_chinese"]
