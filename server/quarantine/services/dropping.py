"""Deleting old items of the quarantine, by an explicit command only (decision 0130)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from server.audit.models import Act
from server.audit.services import record
from server.core import blobs
from server.forms.models import FormDraft, FormMedia, FormVersion
from server.quarantine.models import Quarantined
from server.submissions.models import Attachment, SubmissionVersion
from server.trials.models import TrialRecord

UNTOUCHED: timedelta = timedelta(days=1)
"""Blobs stored later than this before now stay: they may belong to an upload that is not committed."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """How many items and files were deleted."""

    items: int
    files: int


def drop(*, received_before: datetime, at: datetime) -> Dropped:
    """Delete items received before an instant, resolved or not, and those of their files that nothing else names.

    Held records that wait for a decision stay: without their item nobody could decide.
    """
    with transaction.atomic():
        rows = Quarantined.objects.select_for_update().filter(received_at__lt=received_before)
        rows = rows.exclude(verdict__isnull=False, resolved_at=None)
        dropped = list(rows.values_list("pk", "attachments"))
        Quarantined.objects.filter(pk__in=[pk for pk, _files in dropped]).delete()
        facts = {"received_before": received_before, "items": len(dropped)}
        record(Act.QUARANTINE_DROPPED, actor=None, object_type="quarantine", facts=facts)
    names = {bytes.fromhex(file["sha256"]) for _pk, files in dropped for file in files}
    untouched_since_ns = int((at - UNTOUCHED).timestamp()) * 1_000_000_000
    n_files = sum(
        blobs.discard(name, untouched_since_ns=untouched_since_ns)
        for name in names
        if not is_named(name)
    )
    return Dropped(len(dropped), n_files)


def forget_documents(submission: int) -> set[bytes]:
    """Delete the items that hold a copy of a submission's versions, because the submission is erased.

    Returns the hashes of their files. Part of the caller's transaction.
    """
    versions = SubmissionVersion.objects.filter(submission=submission)
    named = Q()
    for form_id, instance_id in versions.values_list("form__form_id", "instance_id"):
        named |= Q(form_id=form_id, instance_id=instance_id)
        named |= Q(form_id=form_id, deprecated_id=instance_id)
    rows = Quarantined.objects.filter(
        named | Q(accepted_as__in=versions) | Q(verdict__version__in=versions)
    )
    files = [
        file for attachments in rows.values_list("attachments", flat=True) for file in attachments
    ]
    rows.delete()
    return {bytes.fromhex(file["sha256"]) for file in files}


def is_named(sha256: bytes) -> bool:
    """Whether a row names the blob."""
    return (
        Attachment.objects.filter(sha256=sha256).exists()
        or FormMedia.objects.filter(sha256=sha256).exists()
        or FormVersion.objects.filter(workbook_sha256=sha256).exists()
        or FormDraft.objects.filter(workbook_sha256=sha256).exists()
        or FormDraft.objects.filter(files__contains=[{"sha256": sha256.hex()}]).exists()
        or TrialRecord.objects.filter(files__contains=[{"sha256": sha256.hex()}]).exists()
        or Quarantined.objects.filter(attachments__contains=[{"sha256": sha256.hex()}]).exists()
    )
