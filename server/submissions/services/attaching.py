"""Adds files to versions: those that arrive later, and those that an edit keeps (decision 0042)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from server.core.sealing import unseal_document
from server.submissions import envelope as envelopes
from server.submissions.models import Attachment, Submission, SubmissionVersion
from server.submissions.selectors import Instances
from server.submissions.services.erasing import check_not_erased
from server.submissions.services.files import KeptFile, attach, completes, discard
from server.submissions.services.queueing import queue
from server.submissions.services.uploads import Outcome, ParsedUpload, Receipt


def add_later(files: Sequence[KeptFile], version: SubmissionVersion, at: datetime) -> Receipt:
    """Add files to a version that was received before; returns RESEND when it has all of them.

    The first bytes under a name stay, unless the new ones begin with them and go on: then
    the first were cut off. A file that was carried forward is replaced by the edit's own.
    New files are carried on to later edits that name them. Locks the submission. Part of
    the caller's transaction. Raises RecordErased; a file that was erased is passed over.
    """
    Submission.objects.select_for_update().get(pk=version.submission_id)
    version.refresh_from_db(fields=["erased_at"])
    check_not_erased(version)
    files = _not_erased(files, version)
    news, before = _add(files, version, at, _inherited(version))
    if not news:
        return Receipt(Outcome.RESEND, version.submission_id, version.pk)
    if Instances().received(version).is_encrypted:
        queue([version.submission_id], at=at)  # it may be complete now
    else:
        _carry_on(news, before, version, at)
    return Receipt(Outcome.ATTACHMENTS, version.submission_id, version.pk)


def _not_erased(files: Sequence[KeptFile], version: SubmissionVersion) -> list[KeptFile]:
    """The files without those that were erased from the version; their new blobs are deleted."""
    hashes = [file.sha256 for file in files]
    erased = version.erased_files.filter(sha256__in=hashes).values_list("sha256", flat=True)
    gone = {bytes(sha256) for sha256 in erased}
    discard(file for file in files if file.sha256 in gone)
    return [file for file in files if file.sha256 not in gone]


def carry_forward(
    upload: ParsedUpload, original: SubmissionVersion, version: SubmissionVersion
) -> None:
    """Give an edit those files of the edited version that its answers name and that it did not bring.

    An encrypted edit gets none: its files are encrypted with a key of their own.
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
    """Add files to one version: those that it gained, and by name the hashes of those they replaced."""
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
    news: list[KeptFile], before: dict[str, bytes], version: SubmissionVersion, at: datetime
) -> None:
    """Add a version's new files to the edits after it that name them, until an edit gains none."""
    for edit in version.submission.versions.filter(pk__gt=version.pk).order_by("pk"):
        names = {file.name for file in news}
        named = envelopes.mentioned(unseal_document(bytes(edit.document)), names)
        news, before = _add([file for file in news if file.name in named], edit, at, before)
        if not news:
            return
