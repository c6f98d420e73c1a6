"""A database from before the quarantine was a room of its own keeps every row, and what is known of accepted documents."""

from __future__ import annotations

import hashlib

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from server.accounts.access import access_of
from server.core import clock
from server.ops import policies_in_force
from server.quarantine import services
from server.quarantine.models import Quarantined, QuarantineRefusal, Reopening, Repair
from server.submissions.models import AcceptedDocument
from server.submissions.problems import InstanceConflict
from server.submissions.selectors import document_of
from tests.conftest import STREET
from tests.factories.quarantine import mend, refuse, sending, take
from tests.factories.submissions import RECEIVED_AT, instance, make_form, make_phone

BEFORE = [("submissions", "0011_reopenings"), ("quarantine", None)]
TABLES = {
    Quarantined: "submissions_quarantined",
    Repair: "submissions_repair",
    Reopening: "submissions_reopening",
    QuarantineRefusal: "submissions_quarantinerefusal",
}

pytestmark = pytest.mark.django_db(transaction=True)


_mutate_state = Migration.mutate_state


def mutated(migration: Migration, state: ProjectState, preserve: bool = True) -> ProjectState:
    """The state after the migration, without the classes of its models, which the executor then makes.

    Going back, Django makes the classes of nearly all models anew after each operation, of each
    migration before it begins; only those between two migrations are ever looked at.
    """
    if not preserve:
        return _mutate_state(migration, state, preserve=False)
    classes = state.__dict__.pop("apps")
    try:
        return _mutate_state(migration, state)
    finally:
        state.__dict__["apps"] = classes


@pytest.fixture
def migrate(monkeypatch):
    """migrate(targets), () for the newest state; that again at the end, also after a failure."""

    def to(targets) -> None:
        if not targets:
            call_command("migrate", verbosity=0)
            return
        policies_in_force.release()
        with monkeypatch.context() as patch:
            patch.setattr(Migration, "mutate_state", mutated)
            MigrationExecutor(connection).migrate(targets)

    yield to
    to(())


def rows_of(table: str, order: str = "id") -> list[dict[str, object]]:
    with connection.cursor() as cursor:
        cursor.execute(f"select * from {table} order by {order}")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_rows_of_an_older_database_are_kept_and_new_ones_follow(
    divisions, make_user, migrate
) -> None:
    make_form()
    phone, clerk = make_phone(), make_user("li", role="street", area=STREET)
    send = sending(phone)
    send(instance(1))
    accepted = refuse(send, InstanceConflict, instance(1, met_whom="2"), {"door.jpg": b"2"})
    mend(accepted, clerk, "new_instance")
    version = take(accepted, clerk).version_id
    reopened = refuse(send, InstanceConflict, instance(1, met_whom="3"))
    by_clerk = {"user": clerk, "access": access_of(clerk), "at": clock.now()}
    services.dismiss(item=reopened, reason="第一份正确", **by_clerk)
    services.reopen(item=reopened, reason="看错了", **by_clerk)
    QuarantineRefusal.objects.create(
        day=RECEIVED_AT.date(), limit="total", reason="form-closed", submitter=clerk, count=3
    )
    kept = {model: rows_of(model._meta.db_table) for model in TABLES}
    types = dict(ContentType.objects.filter(app_label="quarantine").values_list("model", "pk"))

    migrate(BEFORE)

    for model, table in TABLES.items():
        assert len(rows_of(table)) == len(kept[model]) > 0
    old = rows_of("submissions_quarantined")[0]
    assert (old["taken_as_id"], old["settled_by_id"]) == (version, clerk.pk)
    assert "submissions_accepteddocument" not in connection.introspection.table_names()
    assert (
        dict(
            ContentType.objects.filter(app_label="submissions", model__in=types).values_list(
                "model", "pk"
            )
        )
        == types
    )

    migrate(())

    assert {model: rows_of(model._meta.db_table) for model in TABLES} == kept
    assert (
        dict(ContentType.objects.filter(app_label="quarantine").values_list("model", "pk")) == types
    )
    document = AcceptedDocument.objects.get()
    assert bytes(document.sha256) == hashlib.sha256(instance(1, met_whom="2")).digest()
    assert document.version_id == version
    assert send(instance(1, met_whom="2")).version_id == version, "answered as received before"
    mend(reopened, clerk, "as_edit")
    newest = take(reopened, clerk)
    assert b"<met_whom>3<" in document_of(type(document.version).objects.get(pk=newest.version_id))
    assert Repair.objects.count() == 2, "its sequence came along"
