"""Approving many submissions by one act, and taking that act back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from server.accounts.access import REVIEWERS, Access, common_prefix
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.submissions.models import (
    ReviewDecision,
    ReviewState,
    Submission,
)
from server.submissions.problems import MayNotReview, TooManyAtOnce
from server.submissions.services.deciding_many import decide_each, states_before

UNDECIDED: Final = (ReviewState.RECEIVED, ReviewState.EDITED)
"""States in which many are approved at once; what somebody has reported issues of is decided one by one."""
MOST: Final = 1_000
"""How many submissions one act approves: the worker folds them within minutes, and an undo as fast."""


@transaction.atomic
def approve_many(
    *,
    rows: QuerySet[Submission],
    seen_at: datetime,
    reviewer: User,
    access: Access,
    at: datetime,
    reason: str = "",
    facts: Mapping[str, object] | None = None,
) -> tuple[UUID, int]:
    """Approve those of the rows that nobody decided about, as they stood at `seen_at`; the batch, and how many.

    Left out is what was received, edited or decided upon since, and what lies outside the
    areas in which the user reviews. Locks the submissions. Raises MayNotReview, TooManyAtOnce.
    """
    if not access.areas(REVIEWERS):
        raise MayNotReview
    mine = Submission.objects.filter(access.within(roles=REVIEWERS), review_state__in=UNDECIDED)
    waiting = mine.filter(pk__in=rows.order_by().values("pk"))
    numbers = list(waiting.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    if len(numbers) > MOST:
        raise TooManyAtOnce(count=waiting.count(), most=MOST)
    locked = list(
        Submission.objects.select_for_update(of=("self",))
        .filter(
            pk__in=numbers, review_state__in=UNDECIDED, current_version__received_at__lte=seen_at
        )
        .order_by("pk")
    )
    decided_since = set(
        ReviewDecision.objects.filter(submission__in=locked, at__gt=seen_at).values_list(
            "submission", flat=True
        )
    )
    approved = [row for row in locked if row.pk not in decided_since]
    batch = uuid4()
    decide_each(
        approved, dict.fromkeys(approved, ReviewState.APPROVED), batch, reviewer, at, reason
    )
    record(
        Act.REVIEW,
        actor=reviewer,
        object_type="review",
        object_id=batch,
        area=common_prefix([row.area_code for row in approved] or access.areas(REVIEWERS)),
        reason=reason,
        after=ReviewState.APPROVED.value,
        facts={**(facts or {}), "submissions": len(approved)},
    )
    return batch, len(approved)


@transaction.atomic
def undo_approvals(*, batch: UUID, reviewer: User, access: Access, at: datetime) -> int:
    """Take the batch's approvals back where no later decision stands; how many.

    Each submission gets the state that it had. Locks the submissions. Raises MayNotReview.
    """
    mine = ReviewDecision.objects.filter(
        access.within("submission__area_code", roles=REVIEWERS), batch=batch
    )
    numbers = set(mine.order_by().values_list("submission", flat=True))
    if not numbers:
        raise MayNotReview
    locked = list(
        Submission.objects.select_for_update(of=("self",))
        .filter(pk__in=numbers, review_state=ReviewState.APPROVED)
        .select_related("current_version")
        .order_by("pk")
    )
    states = states_before(locked, batch)
    decide_each(list(states), states, uuid4(), reviewer, at, "")
    record(
        Act.REVIEW,
        actor=reviewer,
        object_type="review",
        object_id=batch,
        area=common_prefix([row.area_code for row in states] or access.areas(REVIEWERS)),
        before=ReviewState.APPROVED.value,
        after=ReviewState.RECEIVED.value,
        facts={"submissions": len(states)},
    )
    return len(states)
