"""Labels of data in two languages, for columns, codes and questions; and lists as text.

Texts of screens go through gettext. The label of a column stands in its declaration, in
both languages.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import get_language


def in_chinese() -> bool:
    """Whether the active language is Chinese, or none is active."""
    return (get_language() or "zh").startswith("zh")


def comma() -> str:
    """The separator of an enumeration in the active language."""
    return "、" if in_chinese() else ", "


def listed(parts: Iterable[object]) -> str:
    """The parts as one text, separated as in the active language."""
    return comma().join(map(str, parts))


def facts(pairs: Iterable[tuple[object, object]]) -> str:
    """`name: value; name: value`, punctuated as in the active language."""
    colon, stop = ("：", "；") if in_chinese() else (": ", "; ")
    return stop.join(f"{name}{colon}{value}" for name, value in pairs)


class Label:
    """A text in Chinese and English; `str()` gives it in the active language."""

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
