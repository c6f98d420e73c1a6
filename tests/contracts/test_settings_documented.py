"""Every environment variable that is read is in README's table, and nothing else is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"RUHU_[A-Z_]+|DATABASE_URL")


def _read_by_settings() -> set[str]:
    """First arguments of env.str(…), env.bool(…), …"""
    tree = ast.parse((ROOT / "server/config/settings.py").read_text(encoding="utf-8"))
    return {
        str(node.args[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and getattr(node.func.value, "id", "") == "env"
        and isinstance(node.args[0], ast.Constant)
    }


def _read_by_set_up() -> set[str]:
    names = set()
    for module in (ROOT / "server/ops/setup").glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                names |= {node.value} if _NAME.fullmatch(node.value) else set()
    return names


def test_readme_lists_exactly_what_is_read():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split("## Environment variables")[1].split("\n## ")[0]
    listed = re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE)
    assert listed == sorted(set(listed))
    assert set(listed) == _read_by_settings() | _read_by_set_up()
