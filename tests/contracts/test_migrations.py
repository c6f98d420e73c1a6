"""Migrations say what the models say; the test database itself is made by them from nothing."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    CreateModel,
    RemoveIndex,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import UniqueConstraint

from server.ops.migration_states import changed_models_alone

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


GROWING = {
    "audit": ("entry",),
    "ledgers": (
        "assistancecase", "contribution", "employer", "entityclaim", "entrylink", "household",
        "identitykey", "ledgerexception", "listedentity", "membership", "person", "spell",
        "vacancy", "visit",
    ),
    "submissions": ("attachment", "reviewdecision", "submission", "submissionversion"),
}  # fmt: skip
"""Tables with many rows, by app."""
BEFORE_THE_RULE = {"ledgers": 17, "submissions": 19, "audit": 2}
"""The last migration of each app that was written without the rule."""


def test_indexes_of_growing_tables_are_made_without_locking_them():
    """Until an index is made in the usual way, nothing can be accepted or merged: half a minute with two million rows."""
    for app, names in GROWING.items():
        for path in (ROOT / "server" / app / "migrations").glob("[0-9]*.py"):
            module = import_module(f"server.{app}.migrations.{path.stem}")
            if int(path.name[:4]) <= BEFORE_THE_RULE[app]:
                continue
            operations = module.Migration.operations
            created = {item.name.lower() for item in operations if isinstance(item, CreateModel)}
            for operation in operations:
                if isinstance(operation, AddIndex | RemoveIndex | AddConstraint):
                    model = operation.model_name.lower()
                    is_concurrent = isinstance(
                        operation, AddIndexConcurrently | RemoveIndexConcurrently
                    )
                    is_check = isinstance(operation, AddConstraint) and not isinstance(
                        operation.constraint, UniqueConstraint
                    )
                    assert model not in names or model in created or is_concurrent or is_check, (
                        f"{path.name}: use AddIndexConcurrently and atomic = False for {model}"
                    )


def test_a_model_that_is_rendered_alone_keeps_its_relations():
    """An upgrade renders a changed model alone (decision 0390): as Django does, but not its neighbours again."""

    def relations(operations: list[Operation]) -> set[tuple[str, str, bool]]:
        state = ProjectState()
        state.apps  # noqa: B018 rendered from here on, as in a migration
        for operation in operations:
            operation.state_forwards("geo", state)
        home, person = (state.apps.get_model("geo", name) for name in ("home", "person"))
        (to_home,) = (field for field in person._meta.fields if field.name == "home")
        assert to_home.related_model is home
        assert to_home.target_field.model is home
        return {
            (model.__name__, field.name, field.is_relation)
            for model in (home, person)
            for field in model._meta.get_fields()
        }

    operations = [
        CreateModel("Home", [("id", models.BigAutoField(primary_key=True))]),
        CreateModel(
            "Person",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("home", models.ForeignKey("geo.Home", models.CASCADE)),
            ],
        ),
        AddField("Home", "address", models.TextField(default="")),
        AddIndex("Home", models.Index(fields=["address"], name="by_address")),
        AddField("Person", "born", models.DateField(null=True)),
    ]
    usual = relations(operations)
    assert ("Home", "person", True) in usual
    with changed_models_alone():
        assert relations(operations) == usual
