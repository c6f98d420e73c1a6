"""Erases what was received: whole submissions, or the parts of them that are about one person (decision 0286).

Rows stay as tombstones with hash and instanceID, by which a resend is refused. Blobs are
deleted by the caller once the transaction is committed. Callers decide who may.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from lxml import etree

from server.core.sealing import seal_document, unseal_document
from server.core.xml import parse
from server.submissions import envelope as envelopes
from server.submissions.models import (
    ApprovedVersion,
    Attachment,
    EncryptedVersion,
    ErasedFile,
    LaidOutAnswers,
    Submission,
    SubmissionVersion,
)
from server.submissions.problems import NotRedactable, RecordErased
from server.submissions.services.queueing import lock_pipeline, queue

AUDIT_LOG: Final = "audit.csv"
"""Collect's log of a form holds the answers that were changed, of everybody."""


def check_not_erased(version: SubmissionVersion) -> None:
    """Raises RecordErased when the version is a tombstone."""
    if version.erased_at is not None:
        raise RecordErased


def erase_submission(submission_id: int, *, at: datetime) -> set[bytes]:
    """Erase all versions of a submission, its files, and what was written about it. Returns the hashes of the files.

    Holds off the worker and locks the submission, which is queued so that the ledgers
    follow. Part of the caller's transaction.
    """
    lock_pipeline()
    submission = Submission.objects.select_for_update().get(pk=submission_id)
    versions = SubmissionVersion.objects.filter(submission=submission)
    hashes = _erase_versions(versions, at)
    ApprovedVersion.objects.filter(submission=submission).delete()
    LaidOutAnswers.objects.filter(submission=submission).delete()
    submission.current_version = None
    submission.title = ""
    submission.location = submission.accuracy = submission.observed_at = None
    submission.flags = []
    submission.save()
    submission.comments.update(body="")
    submission.decisions.update(reason="")
    queue([submission.pk], at=at)
    return hashes


def erase_parts(submission_id: int, paths: Collection[str], *, at: datetime) -> set[bytes]:
    """Erase the repeat instances at `paths` (/data/members[2]) from the current version, and all other versions whole.

    Other versions are history; their repeats may stand in another order. With the parts go
    the files that only they name, and the log of the form. Returns the hashes of the files.
    Locks as `erase_submission`. Part of the caller's transaction. Raises NotRedactable when
    a path is no repeat instance, or the answers are encrypted.
    """
    lock_pipeline()
    submission = Submission.objects.select_for_update().get(pk=submission_id)
    version = submission.current_version
    if version is None:
        return erase_submission(submission_id, at=at)
    if EncryptedVersion.objects.filter(version=version).exists():
        raise NotRedactable(instance_id=version.instance_id)
    root = parse(unseal_document(bytes(version.document)))
    parts = [_element(root, path) for path in paths]
    for part in parts:
        parent = None if part is None else part.getparent()
        if part is None or parent is None:
            raise NotRedactable(instance_id=version.instance_id)
        parent.remove(part)
    document = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    version.document = seal_document(document)
    version.save(update_fields=["document"])
    files = Attachment.objects.filter(version=version)
    names = set(files.values_list("name", flat=True))
    left = set(envelopes.mentioned(document, names)) - {AUDIT_LOG}
    hashes = _erase_files(files.exclude(name__in=left))
    hashes |= _erase_versions(submission.versions.exclude(pk=version.pk), at)
    LaidOutAnswers.objects.filter(submission=submission).delete()
    ApprovedVersion.objects.filter(submission=submission).exclude(version=version).delete()
    queue([submission.pk], at=at)
    return hashes


def _element(root: etree._Element, path: str) -> etree._Element | None:
    """The repeat instance at a record's path; None when there is none, or the path ends in no repeat."""
    if not path.endswith("]"):
        return None
    element = root
    for step in path.split("/")[2:]:
        tag, _bracket, place = step.partition("[")
        position = int(place[:-1]) if place else 1
        same = [child for child in element if etree.QName(child).localname == tag]
        if position > len(same):
            return None
        element = same[position - 1]
    return element


def _erase_versions(versions: QuerySet[SubmissionVersion], at: datetime) -> set[bytes]:
    """Make tombstones of versions. Returns the hashes of their files."""
    ids = list(versions.values_list("pk", flat=True))
    hashes = _erase_files(Attachment.objects.filter(version__in=ids))
    EncryptedVersion.objects.filter(version__in=ids).delete()
    SubmissionVersion.objects.filter(pk__in=ids, erased_at=None).update(
        document=b"", device_id="", user_agent="", erased_at=at
    )
    return hashes


def _erase_files(files: QuerySet[Attachment]) -> set[bytes]:
    rows: Iterable[tuple[int, bytes | memoryview]] = files.values_list("version", "sha256")
    named = {(version, bytes(sha256)) for version, sha256 in rows}
    ErasedFile.objects.bulk_create(
        [ErasedFile(version_id=version, sha256=sha256) for version, sha256 in sorted(named)],
        ignore_conflicts=True,
    )
    files.filter(opened_from__isnull=False).delete()
    files.delete()
    return {sha256 for _version, sha256 in named}
