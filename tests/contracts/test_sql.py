"""SQL of the ledgers stands in one package, and no SQL spells out a code, a kind or a state."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from django.apps import apps
from django.db import models

from server.ledgers.definitions import vocabulary
from server.submissions.models import ReviewState

SERVER = Path(__file__).parents[2] / "server"
STATEMENT = re.compile(
    r"\s*(with\s+\w+\s+as\b|select\b.*\b(from|count|exists|pg_\w+|\*)|insert\s+into\b|update\s+\S+(\s+as)?(\s+\w+)?\s+set\b"
    r"|delete\s+from\b|create\s+(temporary\s+)?table\b|drop\s+table\b|truncate\b|analyze\b)",
    re.IGNORECASE | re.DOTALL,
)
CLAUSE = re.compile(
    r"\s*(and|case|cross|from|join|left|on|or|order|returning|union|where)\b", re.IGNORECASE
)
QUOTED = re.compile(r"'([^'\s]+)'")


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a module but its docstrings, with its line; what an f-string fills in is left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    explaining = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)} | {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if id(node) in explaining:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "…"
                    for part in node.values
                ),
            )


def modules(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*.py")) if "migrations" not in path.parts)


def runs_sql(path: Path) -> bool:
    """Whether a module holds a statement, or imports what runs one."""
    return "ledgers.storage.database" in path.read_text(encoding="utf-8") or any(
        STATEMENT.match(text) for _line, text in texts(path)
    )


def test_the_ledgers_sql_stands_in_storage():
    astray = {
        path.relative_to(SERVER / "ledgers").as_posix()
        for path in modules(SERVER / "ledgers")
        if path.parent.name != "storage" and runs_sql(path)
    }
    assert not astray, "move the statement into server/ledgers/storage (database.py says how)"


def words() -> set[str]:
    """Every code, kind, state and family that is a member of an enum."""
    enums: list[type[StrEnum]] = [
        value
        for value in vars(vocabulary).values()
        if isinstance(value, type) and issubclass(value, StrEnum) and value is not StrEnum
    ]
    choices: list[type[models.TextChoices]] = [
        value
        for model in apps.get_models()
        if model.__module__.startswith("server.")
        for value in vars(model).values()
        if isinstance(value, type) and issubclass(value, models.TextChoices)
    ]
    return {str(word.value) for enum in (*enums, *choices, ReviewState) for word in enum} - {""}


def test_no_statement_spells_out_a_word_of_an_enum():
    known = words()
    spelled = [
        f"{path.relative_to(SERVER)}:{line}: '{word}'"
        for path in modules(SERVER)
        for line, text in texts(path)
        if STATEMENT.match(text) or CLAUSE.match(text)
        for word in QUOTED.findall(text)
        if word in known
    ]
    assert not spelled, "write the member of its enum into the statement with an f-string"


def test_what_counts_as_sql():
    for sql in (
        "select id from t",
        "\n  with a as (select 1) table a",
        "update public.t set a = 1",
        "update t as u set a = 1",
        "delete from t",
        "select pg_advisory_xact_lock(%s)",
    ):
        assert STATEMENT.match(sql), sql
    for prose in ("Select a form.", "update the list", "with it", "Create a table"):
        assert not STATEMENT.match(prose), prose
