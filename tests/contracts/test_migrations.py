"""Migrations say what the models say; the test database itself is made by them from nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_models_and_migrations_are_in_step(capsys):
    call_command("makemigrations", "--check", "--dry-run")


@pytest.mark.django_db
def test_the_database_was_made_from_nothing_by_all_migrations():
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_migrations_are_named_and_import_no_room():
    for path in (ROOT / "server").glob("*/migrations/[0-9]*.py"):
        assert "_auto_" not in path.name
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^(from|import) server\.\w+\.(services|selectors)", text, re.M), path
