"""Two-language labels of data: columns, code lists, questions.

Screens go through gettext; labels of data travel with the data's own declaration in
both languages, so that one line declares a column whole.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import get_language


def in_chinese() -> bool:
    """Whether the active language is Chinese; it is when none is active."""
    return (get_language() or "zh").startswith("zh")


def comma() -> str:
    """What stands between the parts of an enumeration."""
    return "、" if in_chinese() else ", "


def listed(parts: Iterable[object]) -> str:
    """An enumeration in the active language."""
    return comma().join(map(str, parts))


def facts(named: Iterable[tuple[object, object]]) -> str:
    """Names with their values, as one line in the active language."""
    colon, stop = ("：", "；") if in_chinese() else (": ", "; ")
    return stop.join(f"{name}{colon}{value}" for name, value in named)


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


__all__ = ["Label", "comma", "facts", "in_chinese", "listed"]
