"""A database of an older schema, with data, migrates to today's, and its ledgers are what a rebuild makes.

The rows are a demo street of ten households as commit 4cc3719 left it, with desk acts of
every kind, a record that stands approved while its correction waits, an encrypted record,
and the quarantine's items: unreadable, of an unknown form, repaired, dismissed, reopened,
taken. Not kept: the XForms' texts, passwords and photos.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

from django.apps import apps
from django.core.management import call_command
from django.db import connection

from server.audit.chain import verify
from server.audit.models import AuditEntry
from server.ledgers.models import DeskAct, Household, IdentityKey, LedgerException, ListedEntity
from server.ledgers.refolding.rebuild import rebuild
from server.submissions.models import Submission
from tests.factories.stored import as_stored

AS_OF = date(2026, 12, 1)

DISCLOSURES = """
    insert into accounts_disclosure (at, user_id, kind, ledger, entry, columns, facts, area_code, reason)
    select '2026-11-20 08:00+08'::timestamptz + n * interval '1 minute', case when n > 1 then id end,
           'export', 'submission', 'form:' || n, '["csv"]', '{}', '440106003', 'asked by 449901199001011234'
      from accounts_user, generate_series(1, 3) n where username = 'street'
"""


NUMBER, WORD = "449901199001011234", "暗语"
WRITTEN = f"{WORD} {NUMBER}"
ENTRY = "00000000-0000-4000-8000-000000000001"
WITH_WORDS = {
    "ledgers_visit": {"id": ENTRY, "findings": WRITTEN},
    "ledgers_person": {
        "id": ENTRY,
        "name": WRITTEN,
        "skills": WRITTEN,
        "residence_addr": "路 1 号",
    },
    "ledgers_assistancecase": {"id": ENTRY, "five_clear": {"skills": WRITTEN}},
    "ledgers_contribution": {"id": 1, "entry": ENTRY, "values": {"skills": WRITTEN, "edu": "20"}},
    "submissions_comment": {"id": 900, "body": WRITTEN},
    "submissions_reviewdecision": {"id": 900, "reason": WRITTEN},
    "ledgers_deskact": {"id": 900, "reason": WRITTEN, "value": {"skills": WRITTEN}},
    "ledgers_ledgerexception": {"id": 900, "contribution": 1, "resolution": WRITTEN},
    "quarantine_quarantined": {"id": 900, "sha256": "\\x00", "settled_note": WRITTEN},
    "quarantine_repair": {"id": 900, "reason": WRITTEN},
    "quarantine_reopening": {"id": 900, "reason": WRITTEN, "dismissed_note": WRITTEN},
}
"""Table → what a further row of it holds, which is otherwise like another row."""


RENAMED = {"settled_note": "resolved_note"}


def of_old_schema(table: str) -> str:
    """The name that a table had in the older schema."""
    return table.replace("quarantine_", "submissions_")


def write_words() -> None:
    """Add the rows of WITH_WORDS to the tables of the older schema."""
    with connection.cursor() as cursor:
        for table, values in WITH_WORDS.items():
            old = of_old_schema(table)
            cursor.execute(
                f"insert into {old} select (json_populate_record(row, %s)).* from {old} row limit 1",
                [json.dumps(values)],
            )
            assert cursor.rowcount == 1, table


def check_words() -> None:
    """Every row holds what was written, no dump shows it, and the rows are deleted again."""
    stored = as_stored()
    assert NUMBER not in stored
    for line in stored.split("\n"):
        assert WORD not in line or line.startswith("ledgers_person "), line
    for table, values in reversed(WITH_WORDS.items()):
        model = next(model for model in apps.get_models() if model._meta.db_table == table)
        rows = model._default_manager.filter(pk=values["id"])
        row = rows.get()
        for name, value in values.items():
            if value is WRITTEN or isinstance(value, dict):
                today = RENAMED.get(name, name)
                assert getattr(row, today) == value, (table, name)
        rows._raw_delete(rows.db)


def test_an_older_database_with_data_migrates_and_rebuilds_equal(old_database):
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from accounts_disclosure")
        (n_before,) = cursor.fetchone()
        cursor.execute(DISCLOSURES)
        assert cursor.rowcount == 3
    write_words()
    call_command("migrate", verbosity=0)
    check_words()

    entries = AuditEntry.objects.filter(reason__startswith="asked by").order_by("pk")
    assert [(row.object_id, row.actor_name, row.door) for row in entries] == [
        ("form:1", "", "command"),
        ("form:2", "street", ""),
        ("form:3", "street", ""),
    ]
    assert {row.reason for row in entries} == {"asked by 4499**************"}
    assert {str(row.facts) for row in entries} == {"{'columns': ['csv']}"}
    assert AuditEntry.objects.count() == n_before + 3
    assert list(verify()) == []

    # The first rebuild notes what is known to every office, and changes nothing else (decision 0250).
    first = rebuild(area="", keep=True, as_of=AS_OF, progress=lambda done, of: None)
    assert {f"{item.table}.{item.column}" for item in first.differences} == {
        "ledgers_contribution.identities",
        "ledgers_identitykey.identity",
        "ledgers_identitykey.office",
    }
    report = rebuild(area="", keep=False, as_of=AS_OF, progress=lambda done, of: None)

    assert report.differences == []
    assert report.acts == DeskAct.objects.filter(undone_at=None).count() == 5
    assert report.submissions == Submission.objects.count() > 20
    assert report.rows["ledgers_household"] == Household.objects.count() > 9
    assert LedgerException.objects.exclude(resolved_at=None).exists()
    assert IdentityKey.objects.exists()
    assert ListedEntity.objects.exists()
    # By name: the models may have moved to another room since.
    rows = {
        name: next(model for model in apps.get_models() if model.__name__ == name)._default_manager
        for name in ("Quarantined", "Repair", "Reopening", "QuarantineRefusal")
    }
    assert {name: manager.count() for name, manager in rows.items()} == {
        "Quarantined": 6,
        "Repair": 2,
        "Reopening": 1,
        "QuarantineRefusal": 1,
    }
    reasons = Counter(rows["Quarantined"].values_list("reason", flat=True))
    assert reasons == {"bad-xml": 1, "instance-conflict": 4, "unknown-form": 1}
