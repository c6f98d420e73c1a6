"""A database of an older schema, with data, migrates to today's, and its ledgers are what a rebuild makes.

The rows are a demo street of ten households as commit 4cc3719 left it, with desk acts of
every kind, a record that stands approved while its correction waits, an encrypted record,
and the quarantine's items: unreadable, of an unknown form, repaired, dismissed, reopened,
taken. Not kept: the XForms' texts, passwords and photos.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from django.apps import apps

from server.audit.chain import verify
from server.audit.models import AuditEntry
from server.ledgers.models import DeskAct, Household, IdentityKey, LedgerException, ListedEntity
from server.ledgers.refolding.rebuild import rebuild
from server.ops.folding_anew import fold_anew
from server.submissions.models import Submission
from tests.factories.old_words import ROWS, check_words, delete_words, disclosures_in

AS_OF = date(2026, 12, 1)


def test_an_older_database_with_data_migrates_and_rebuilds_equal(upgraded_database):
    check_words()
    delete_words()

    entries = AuditEntry.objects.filter(reason__startswith="asked by").order_by("pk")
    assert [(row.object_id, row.actor_name, row.door) for row in entries] == [
        ("form:1", "", "command"),
        ("form:2", "street", ""),
        ("form:3", "street", ""),
    ]
    assert {row.reason for row in entries} == {"asked by 4499**************"}
    assert {str(row.facts) for row in entries} == {"{'columns': ['csv']}"}
    assert AuditEntry.objects.count() == disclosures_in(ROWS) + 3
    assert list(verify()) == []

    # The start of this version notes what is known to every office, and changes nothing else (decision 0250).
    first = fold_anew(lambda done, of: None)
    assert first is not None
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
