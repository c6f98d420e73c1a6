"""Files of records that are here: those that come later, and those an edit keeps (decision 0042)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from server.core.sealing import unseal_document
from server.submissions import envelope as envelopes
from server.submissions.models import Attachment, Submission, SubmissionVersion
from server.submissions.selectors import Instances
from server.submissions.services.files import KeptFile, attach, completes
from server.submissions.services.queueing import queue
from server.submissions.services.uploads import Outcome, ParsedUpload, Receipt


def add_later(files: Sequence[KeptFile], known: SubmissionVersion, at: datetime) -> Receipt:
    """Later files of a record, in any number of requests.

    The first bytes under a name stay, unless the new ones begin with them and go on: then
    the first were cut off. A file that was only carried forward gives way to the edit's
    own. What is new goes on to the edits that name it, as if it had come before them.
    Locks the record.
    """
    Submission.objects.select_for_update().get(pk=known.submission_id)
    news, before = _add(files, known, at, _inherited(known))
    if not news:
        return Receipt(Outcome.RESEND, known.submission_id, known.pk)
    if Instances().received(known).is_encrypted:
        queue([known.submission_id], at=at)  # it may be complete now
    else:
        _carry_on(news, before, known, at)
    return Receipt(Outcome.ATTACHMENTS, known.submission_id, known.pk)


def carry_forward(
    upload: ParsedUpload, original: SubmissionVersion, version: SubmissionVersion
) -> None:
    """Give an edit the files of the edited version that its answers name and it did not bring.

    An encrypted one names files that only itself can bring: each is encrypted anew.
    """
    if upload.envelope.encrypted:
        return
    sent = {file.name for file in upload.files}
    kept = original.attachments.filter(opened_from=None)
    earlier = {file.name: file for file in kept if file.name not in sent}
    for name in sorted(envelopes.mentioned(upload.document, earlier)):
        file = earlier[name]
        file.pk, file.version = None, version
        file.save(force_insert=True)


def _add(
    files: Sequence[KeptFile],
    version: SubmissionVersion,
    at: datetime,
    inherited: Mapping[str, bytes],
) -> tuple[list[KeptFile], dict[str, bytes]]:
    """Which of the files the version gained, and the hashes of those that gave way to them."""
    present = {file.name: file for file in version.attachments.filter(opened_from=None)}
    fresh = [file for file in files if file.name not in present]
    better, before = [], {}
    for file in files:
        earlier = present.get(file.name)
        if earlier is None or file.sha256 == bytes(earlier.sha256):
            continue
        sha256 = bytes(earlier.sha256)
        if inherited.get(file.name) == sha256 or completes(file, sha256, earlier.size):
            Attachment.objects.filter(pk=earlier.pk).update(
                sha256=file.sha256,
                md5=file.md5,
                size=file.size,
                content_type=file.content_type,
                received_at=at,
            )
            better.append(file)
            before[file.name] = sha256
    attach(version, fresh, at)
    return fresh + better, before


def _inherited(version: SubmissionVersion) -> dict[str, bytes]:
    """Name → hash of the files of the version that this one edited."""
    if not version.deprecated_id:
        return {}
    earlier = version.submission.versions.filter(pk__lt=version.pk).order_by("-pk")
    kept = Attachment.objects.filter(version=earlier.values("pk")[:1], opened_from=None)
    return {name: bytes(sha256) for name, sha256 in kept.values_list("name", "sha256")}


def _carry_on(
    news: list[KeptFile], before: dict[str, bytes], known: SubmissionVersion, at: datetime
) -> None:
    """What a version gained late, to each edit after it for as long as that gains by it."""
    for edit in known.submission.versions.filter(pk__gt=known.pk).order_by("pk"):
        names = {file.name for file in news}
        named = envelopes.mentioned(unseal_document(bytes(edit.document)), names)
        news, before = _add([file for file in news if file.name in named], edit, at, before)
        if not news:
            return
