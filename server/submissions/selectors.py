"""Reads of what was received; nobody sees more than their areas."""

from __future__ import annotations

from django.db.models import QuerySet

from server.accounts.access import REVIEWERS, Access
from server.core.sealing import unseal_document
from server.submissions.models import (
    Quarantined,
    QuarantineRefusal,
    Submission,
    SubmissionVersion,
    Waiting,
)
from server.submissions.problems import UnknownQuarantined, UnknownSubmission


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


def document_of(version: SubmissionVersion) -> bytes:
    """The instance's bytes exactly as they were received."""
    return unseal_document(bytes(version.document))


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
