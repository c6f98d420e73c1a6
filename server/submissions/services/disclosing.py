"""Writing down that raw records and their files went out (design §8); each door calls this before it sends."""

from __future__ import annotations

from server.accounts.models import Disclosure, User
from server.accounts.services import disclose
from server.submissions.models import Quarantined, Submission


def disclose_record(
    submission: Submission, *, user: User, kind: str, column: str, reason: str
) -> None:
    """The document of a record, or a file of it by name, was given to the user."""
    disclose(
        user=user,
        kind=kind,
        ledger="submission",
        entry=str(submission.pk),
        columns=[column],
        area_code=submission.area_code,
        reason=reason,
    )


def disclose_quarantined(item: Quarantined, *, user: User, reason: str) -> None:
    """Record, repairs and files of something set aside were taken out."""
    disclose(
        user=user,
        kind=Disclosure.Kind.EXPORT,
        ledger="quarantine",
        entry=str(item.pk),
        columns=["document", *(file["name"] for file in item.attachments)],
        area_code=item.area,
        reason=reason,
    )
