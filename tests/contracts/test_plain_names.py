"""A variable says what it holds: words that could stand for anything are no names in server/."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SERVER = Path(__file__).parents[2] / "server"
VAGUE = frozenset({"found", "told", "said", "one"})
MODULES = sorted(path for path in SERVER.rglob("*.py") if "migrations" not in path.parts)


def test_no_variable_has_a_name_that_says_nothing():
    """Rename it after what it holds: `rows`, `paths`, `contribution`, `column`."""
    vague = [
        f"{path.relative_to(SERVER)}:{line}: {name}"
        for path in MODULES
        for name, line in _assigned(path)
        if name in VAGUE
    ]
    assert vague == []


def _assigned(path: Path) -> Iterator[tuple[str, int]]:
    """Every name that the module binds: variables, parameters, attributes of classes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
