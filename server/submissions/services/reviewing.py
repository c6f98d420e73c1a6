"""Decisions and comments by office staff about submissions; neither changes what was received."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core.problems import ReasonMissing
from server.submissions.models import (
    Comment,
    ReviewDecision,
    ReviewState,
    Submission,
)
from server.submissions.problems import (
    CommentEmpty,
    DecidedMeanwhile,
    DecidedUnseen,
    MayNotReview,
)
from server.submissions.services.queueing import queue

NEEDS_REASON = frozenset({ReviewState.REJECTED, ReviewState.HAS_ISSUES})


@transaction.atomic
def review(
    *,
    submission: Submission,
    state: str,
    reason: str = "",
    reviewer: User,
    access: Access,
    at: datetime,
    version: str = "",
    last_decision: int | None = None,
) -> ReviewDecision:
    """Store a decision about a submission and queue it, so that the ledgers follow. The last decision holds.

    `version` is the instanceID of the version that the person looked at; "" stands for
    whichever is current. `last_decision` is the number of the last decision that the person
    saw, 0 for none; None stands for whatever was decided. Locks the submission. Raises
    MayNotReview, ReasonMissing, DecidedUnseen, DecidedMeanwhile.
    """
    decided = ReviewState(state)
    if not access.may(REVIEWERS, submission.area_code):
        raise MayNotReview
    if decided in NEEDS_REASON and not reason.strip():
        raise ReasonMissing
    locked = Submission.objects.select_for_update().get(pk=submission.pk)
    if version and not locked.versions.filter(current_of=locked, instance_id=version).exists():
        raise DecidedUnseen
    if last_decision is not None:
        _check_last(locked, last_decision)
    decision = ReviewDecision.objects.create(
        submission=locked, state=decided, reason=reason.strip(), user=reviewer, at=at
    )
    before, locked.review_state = locked.review_state, decided
    locked.save(update_fields=["review_state"])
    submission.review_state = decided
    queue([locked.pk], at=at)
    record(
        Act.REVIEW,
        actor=reviewer,
        object_type="submission",
        object_id=locked.pk,
        area=locked.area_code,
        reason=reason,
        before=before,
        after=decided.value,
    )
    return decision


def _check_last(submission: Submission, seen: int) -> None:
    """Raises DecidedMeanwhile unless the last decision is the one seen, 0 for none. The caller holds the lock."""
    last = submission.decisions.select_related("user").last()
    if last is not None and last.pk != seen:
        at = timezone.localtime(last.at)
        raise DecidedMeanwhile(
            by=last.user, state=last.get_state_display(), at=f"{at:%Y-%m-%d %H:%M}"
        )


@transaction.atomic
def comment(
    *, submission: Submission, body: str, author: User, access: Access, at: datetime
) -> Comment:
    """Store a remark on a submission; it has no effect. Raises MayNotReview, CommentEmpty."""
    if not access.may(REVIEWERS, submission.area_code):
        raise MayNotReview
    if not body.strip():
        raise CommentEmpty
    added = Comment.objects.create(submission=submission, body=body.strip(), user=author, at=at)
    record(
        Act.COMMENT,
        actor=author,
        object_type="submission",
        object_id=submission.pk,
        area=submission.area_code,
        facts={"comment": added.pk},
    )
    return added
