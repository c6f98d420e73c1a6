"""A phone that sends, and a clerk who reviews its area."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import override_settings

from server.ops.migration_states import changed_models_alone
from tests.conftest import STREET
from tests.factories.old_database import head_of, load
from tests.factories.old_words import ROWS, delete_words, write_disclosures, write_words
from tests.factories.quarantine import sending
from tests.factories.submissions import Phone


@pytest.fixture
def send(phone: Phone) -> Any:
    return sending(phone)


@pytest.fixture
def clerk(phone: Phone, make_user: Callable[..., Any]) -> Any:
    return make_user("li", role="street", area=STREET)


@contextmanager
def scratch_database(name: str, template: str = "template1") -> Iterator[None]:
    """A database of that name, a copy of another, to which Django's connection leads inside the block."""
    try:
        with new_database(name, template):
            yield
    finally:
        drop_when_left(name)


@contextmanager
def new_database(name: str, template: str) -> Iterator[None]:
    """As `scratch_database`; the database stays."""
    usual = connection.settings_dict["NAME"]
    quoted = connection.ops.quote_name(name)
    copied = connection.ops.quote_name(template)

    def administer(statement: str) -> None:
        with connection._nodb_cursor() as cursor:
            cursor.execute(statement)

    connection.close()
    administer(f"drop database if exists {quoted}")
    administer(f"create database {quoted} template {copied}")
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def drop_when_left(name: str) -> None:
    """Drop a database; again for a while where autovacuum is in it, which this role may not put out."""
    for _try in range(100):
        try:
            with connection._nodb_cursor() as cursor:
                cursor.execute(f"drop database {connection.ops.quote_name(name)} with (force)")
            return
        except ProgrammingError:
            time.sleep(0.1)
    raise TimeoutError(name)


@pytest.fixture
def nothing_cached(monkeypatch) -> None:
    """A process that has read no form version: the old database numbers its own from 1."""
    from server.forms import selectors as forms
    from server.ledgers.refolding import merging

    monkeypatch.setattr(merging, "_mappings", {})
    monkeypatch.setattr(forms, "_entity_forms", {})


OLD_KEYS = [base64.b64decode(key) for key in head_of(ROWS)["keys"].split(",")]


def fill_with_old_rows() -> None:
    """Make the tables of 4cc3719 in the connected database, and load its rows."""
    connection.prepare_database()  # PostGIS
    with changed_models_alone():
        MigrationExecutor(connection).migrate(list(head_of(ROWS)["migrations"].items()))
    with transaction.atomic():
        load(ROWS)


@pytest.fixture(scope="session")
def migrated_template(django_db_setup, django_db_blocker) -> Iterator[str]:
    """The name of a database with the rows of 4cc3719 and of old_words.py in today's tables, for copies."""
    name = f"template_{connection.settings_dict['NAME']}"
    with (
        override_settings(RUHU_SECRET_KEYS=OLD_KEYS, RUHU_KEYS_PATH=None),
        django_db_blocker.unblock(),
        new_database(name, "template1"),
    ):
        fill_with_old_rows()
        write_disclosures()
        write_words()
        call_command("migrate", verbosity=0)
    yield name
    with django_db_blocker.unblock():
        drop_when_left(name)


@pytest.fixture
def upgraded_database(
    migrated_template, django_db_blocker, settings, nothing_cached
) -> Iterator[None]:
    """An older database with data, migrated to today's tables, as the migrations left it."""
    settings.RUHU_SECRET_KEYS = OLD_KEYS
    with (
        django_db_blocker.unblock(),
        scratch_database(f"copy_{connection.settings_dict['NAME']}", migrated_template),
    ):
        yield


@pytest.fixture
def migrated_database(upgraded_database) -> None:
    """That database with the rows of a street alone, as an office would have them."""
    delete_words()
