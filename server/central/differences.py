"""What differs between the answers of two versions of a record, as Central's diffs say so. Pure."""

from __future__ import annotations

from typing import Any, TypeAlias

from lxml import etree

from server.core.xml import local_name

Path: TypeAlias = tuple[str | tuple[str, int], ...]
"""The names on the way to an answer; of several siblings of one name each with its number from 0."""


def differences(before: etree._Element | None, now: etree._Element | None) -> list[dict[str, Any]]:
    """The answers that differ: `path`, `old` and `new`, null where a version has none."""
    old, new = answers(before), answers(now)
    return [
        {
            "path": [list(step) if isinstance(step, tuple) else step for step in path],
            "old": old.get(path),
            "new": new.get(path),
        }
        for path in dict.fromkeys((*new, *old))
        if old.get(path) != new.get(path)
    ]


def answers(root: etree._Element | None) -> dict[Path, str]:
    """Path → text, of every answer."""
    texts: dict[Path, str] = {}
    if root is not None:
        _read(root, (), texts)
    return texts


def _read(element: etree._Element, above: Path, texts: dict[Path, str]) -> None:
    children = [child for child in element if isinstance(child.tag, str)]
    names = [local_name(child) for child in children]
    counted: dict[str, int] = {}
    for child, name in zip(children, names, strict=True):
        number = counted[name] = counted.get(name, -1) + 1
        step: str | tuple[str, int] = (name, number) if names.count(name) > 1 else name
        if any(isinstance(inner.tag, str) for inner in child):
            _read(child, (*above, step), texts)
        elif text := (child.text or "").strip():
            texts[(*above, step)] = text
