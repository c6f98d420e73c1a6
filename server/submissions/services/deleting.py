"""Deletes submissions and restores them (decision 0285).

A deleted submission has no current version, so that no list, count or fold finds it. Its
bytes and files stay; erasing them is another act (server/erasure).
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core.problems import ReasonMissing
from server.submissions.models import Deletion, Submission
from server.submissions.problems import AlreadyRestored, MayNotReview, UnknownSubmission
from server.submissions.services.queueing import queue


@transaction.atomic
def delete(
    *, submission: Submission, reason: str, user: User, access: Access, at: datetime
) -> Deletion:
    """Take a submission out of lists and ledgers until it is restored; the ledgers follow when the worker comes to it.

    Locks the submission. Raises MayNotReview, ReasonMissing; UnknownSubmission when it is
    deleted or held already.
    """
    if not access.may(REVIEWERS, submission.area_code):
        raise MayNotReview
    if not reason.strip():
        raise ReasonMissing
    locked = Submission.objects.select_for_update().get(pk=submission.pk)
    if locked.current_version_id is None:
        raise UnknownSubmission
    deletion = Deletion.objects.create(
        submission=locked,
        version_id=locked.current_version_id,
        reason=reason.strip(),
        user=user,
        at=at,
    )
    locked.current_version = None
    locked.save(update_fields=["current_version"])
    queue([locked.pk], at=at)
    _record(Act.SUBMISSION_DELETED, deletion, user, reason)
    return deletion


@transaction.atomic
def restore(*, deletion: Deletion, user: User, access: Access, at: datetime) -> Submission:
    """Let a deleted submission stand and count again, as it did. Locks it. Raises MayNotReview, AlreadyRestored."""
    locked = Submission.objects.select_for_update().get(pk=deletion.submission_id)
    if not access.may(REVIEWERS, locked.area_code):
        raise MayNotReview
    rows = Deletion.objects.filter(
        pk=deletion.pk, restored_at=None, version__erased_at__isnull=True
    )
    if not rows.update(restored_at=at, restored_by=user):
        raise AlreadyRestored
    locked.current_version_id = deletion.version_id
    locked.save(update_fields=["current_version"])
    queue([locked.pk], at=at)
    _record(Act.SUBMISSION_RESTORED, deletion, user, "")
    return locked


def _record(act: Act, deletion: Deletion, user: User, reason: str) -> None:
    record(
        act,
        actor=user,
        object_type="submission",
        object_id=deletion.submission_id,
        area=deletion.submission.area_code,
        reason=reason,
    )
