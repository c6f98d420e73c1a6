"""Who has a record open, so that two people do not review the same one unawares."""

from __future__ import annotations

from datetime import datetime

from server.accounts.models import User
from server.submissions.models import ReviewOpening, Submission


def note_opening(*, submission: Submission, user: User, at: datetime) -> None:
    """Note that the user has this record open now, and no other. Two statements, nothing is locked."""
    ReviewOpening.objects.filter(user=user).exclude(submission=submission).delete()
    ReviewOpening.objects.bulk_create(
        [ReviewOpening(submission=submission, user=user, at=at)],
        update_conflicts=True,
        unique_fields=["submission", "user"],
        update_fields=["at"],
    )
