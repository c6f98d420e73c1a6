"""Resolving quarantined copies of documents that were received as data after all (decision 0130)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from server.quarantine.models import Quarantined
from server.quarantine.services.quarantining import files_here
from server.quarantine.services.resolving import mark_accepted
from server.submissions.models import Submission, SubmissionVersion
from server.submissions.services.attaching import add_later


def release(accepted: Mapping[bytes, int], *, at: datetime) -> None:
    """Resolve the open items whose bytes became a version: SHA-256 of the document → id of the version.

    Files that only the copy has go to that version. Items with a repair or a reopening
    are kept and marked as accepted; others are deleted. Locks the submissions, then the items.
    """
    copies = Quarantined.objects.filter(sha256__in=accepted, resolved_at=None, verdict=None).defer(
        "document"
    )
    if not copies.exists():
        return
    with transaction.atomic():
        versions = SubmissionVersion.objects.filter(pk__in=accepted.values())
        records = Submission.objects.filter(pk__in=versions.values("submission"))
        list(records.select_for_update().order_by("pk").values_list("pk"))
        for item in copies.select_for_update():
            version = versions.get(pk=accepted[bytes(item.sha256)])
            add_later(files_here(item), version, at)
            if item.repairs.exists() or item.reopenings.exists():
                mark_accepted(item, version_id=version.pk, user=None, at=at)
            else:
                item.delete()
