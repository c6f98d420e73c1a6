"""Reads of what was received; nobody sees more than their areas."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, QuerySet

from server.accounts.access import REVIEWERS, Access
from server.core.sealing import unseal_document
from server.submissions.models import (
    Attachment,
    EncryptedVersion,
    Quarantined,
    QuarantineRefusal,
    Submission,
    SubmissionVersion,
    Waiting,
)
from server.submissions.problems import UnknownQuarantined, UnknownSubmission
from server.submissions.sealed_forms import is_encrypted


def submissions(access: Access) -> QuerySet[Submission]:
    """The submissions of the user's areas, newest first."""
    return Submission.objects.filter(access.within())


def submission(access: Access, submission_id: int) -> Submission:
    """One submission with its form and current version. Raises UnknownSubmission."""
    found = (
        submissions(access)
        .select_related("form", "submitter", "current_version__form_version")
        .filter(pk=submission_id)
        .first()
    )
    if found is None:
        raise UnknownSubmission
    return found


def submissions_after(
    access: Access, form_id: str, after: int, most: int, *, roles: Iterable[str]
) -> list[Submission]:
    """The next records of a form in the order of receipt, of areas where the user holds one of the roles."""
    if "\0" in form_id:
        return []
    found = Submission.objects.filter(access.within(roles=roles), form__form_id=form_id)
    return list(found.filter(pk__gt=after).only("pk", "instance_id").order_by("pk")[:most])


def submission_named(
    access: Access, form_id: str, instance_id: str, *, roles: Iterable[str]
) -> Submission | None:
    """The record of that instanceID, the first one's or an edit's, with its current version."""
    if "\0" in form_id + instance_id:
        return None
    version = SubmissionVersion.objects.filter(form__form_id=form_id, instance_id=instance_id)
    return (
        Submission.objects.filter(access.within(roles=roles), pk__in=version.values("submission"))
        .select_related("current_version")
        .first()
    )


def document_of(version: SubmissionVersion) -> bytes:
    """The instance's bytes exactly as they were received."""
    return unseal_document(bytes(version.document))


def answers_of(version: SubmissionVersion) -> bytes | None:
    """The instance with the answers: as received, or opened; None while it is sealed."""
    record: EncryptedVersion | None = getattr(version, "encrypted", None)
    if record is not None:
        return unseal_document(bytes(record.document)) if record.document is not None else None
    document = document_of(version)
    return None if is_encrypted(document) else document


def files_of(version_id: int | None) -> QuerySet[Attachment]:
    """A version's files by name; of one that arrived encrypted, the opened file instead."""
    return Attachment.objects.filter(version=version_id, opened=None).order_by("name")


def waiting_count() -> int:
    """How many submissions the worker process has still to take up."""
    return Waiting.objects.values("submission").distinct().count()


def quarantined(access: Access) -> QuerySet[Quarantined]:
    """What could not be taken from senders of the user's desk, newest first; without the documents."""
    return (
        Quarantined.objects.filter(access.within("area", REVIEWERS))
        .select_related("submitter", "field_account", "settled_by")
        .defer("document")
    )


def encrypted_counts() -> dict[int | None, dict[str, int]]:
    """How many records arrived encrypted, by key (None: no key of ours) and state."""
    counts: dict[int | None, dict[str, int]] = {}
    rows = EncryptedVersion.objects.values_list("key", "state").annotate(count=Count("pk"))
    for key, state, count in rows.order_by():
        counts.setdefault(key, {})[state] = count
    return counts


def quarantined_item(access: Access, number: int) -> Quarantined:
    """One of them with its document. Raises UnknownQuarantined."""
    found = quarantined(access).defer(None).filter(pk=number).first()
    if found is None:
        raise UnknownQuarantined(number=number)
    return found


def refusals(access: Access) -> QuerySet[QuarantineRefusal]:
    """What limits kept out of the quarantine, by day and phone, newest first."""
    return QuarantineRefusal.objects.filter(access.within("area", REVIEWERS)).select_related(
        "submitter"
    )
