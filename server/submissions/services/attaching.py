"""Files of records that are here: those that come later, and those an edit keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from server.submissions import envelope as envelopes
from server.submissions.models import Attachment, Submission, SubmissionVersion
from server.submissions.services.arriving import Arrival, Outcome, Receipt
from server.submissions.services.files import KeptFile, attach, completes
from server.submissions.services.queueing import queue


def add_later(
    files: Sequence[KeptFile], known: SubmissionVersion, at: datetime, *, encrypted: bool
) -> Receipt:
    """Later files of a record, in any number of requests.

    The first bytes under a name stay, unless the new ones begin with them and go on: then
    the first were cut off.
    """
    Submission.objects.select_for_update().get(pk=known.submission_id)
    present = {file.name: file for file in known.attachments.filter(opened_from=None)}
    fresh = [file for file in files if file.name not in present]
    completed = False
    for file in files:
        earlier = present.get(file.name)
        if earlier and completes(file, bytes(earlier.sha256), earlier.size):
            Attachment.objects.filter(pk=earlier.pk).update(
                sha256=file.sha256,
                md5=file.md5,
                size=file.size,
                received_at=at,
            )
            completed = True
    attach(known, fresh, at)
    if encrypted and (fresh or completed):
        queue([known.submission_id], at=at)  # it may be complete now
    outcome = Outcome.ATTACHMENTS if fresh else Outcome.RESEND
    return Receipt(outcome, known.submission_id)


def carry_forward(
    arrival: Arrival, original: SubmissionVersion, version: SubmissionVersion
) -> None:
    sent = {file.name for file in arrival.files}
    kept = original.attachments.filter(opened_from=None)
    earlier = {file.name: file for file in kept if file.name not in sent}
    for name in sorted(envelopes.mentioned(arrival.document, earlier)):
        file = earlier[name]
        file.pk, file.version = None, version
        file.save(force_insert=True)
