"""Deletes the files of test records whose draft was published, replaced or deleted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from server.core import blobs
from server.quarantine.services import is_named
from server.trials.models import TrialRecord

UNTOUCHED: Final = timedelta(hours=1)
"""Files wait as long: the same bytes may belong to an upload that is not committed."""


def delete_files_of_trials(*, at: datetime) -> int:
    """Delete the files of test records that went an hour ago or earlier, unless a row names them. Returns how many.

    What is interrupted is finished by the next call, because the rows go with the last file.
    """
    before = at - UNTOUCHED
    rows = list(TrialRecord.objects.filter(gone_at__lt=before).values_list("pk", "files"))
    names = {bytes.fromhex(file["sha256"]) for _pk, files in rows for file in files}
    with transaction.atomic():
        TrialRecord.objects.filter(pk__in=[pk for pk, _files in rows]).delete()
        untouched_since_ns = int(before.timestamp()) * 1_000_000_000
        return sum(
            blobs.discard(name, untouched_since_ns=untouched_since_ns)
            for name in names
            if not is_named(name)
        )
