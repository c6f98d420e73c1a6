"""Deciding about many submissions by one act: what approving, rejecting and taking back have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.submissions.models import ReviewDecision, ReviewState, Submission
from server.submissions.services.queueing import queue


@transaction.atomic
def decide_many(
    *,
    numbers: Collection[int],
    state: ReviewState,
    batch: UUID,
    reason: str,
    user: User,
    area: str,
    at: datetime,
) -> int:
    """Give the submissions this state, as part of a batch; how many had another one.

    The caller has asked whether the user may decide about them all; `area` is where they lie.
    Locks the submissions.
    """
    rows = list(
        Submission.objects.select_for_update(of=("self",))
        .filter(pk__in=numbers, current_version__isnull=False)
        .exclude(review_state=state)
        .order_by("pk")
    )
    decide_each(rows, dict.fromkeys(rows, state), batch, user, at, reason)
    _record(batch, user, area, reason, state, len(rows))
    return len(rows)


@transaction.atomic
def take_back_rejections(
    *, numbers: Collection[int], batch: UUID, user: User, area: str, at: datetime
) -> int:
    """Give the submissions that the batch rejected the state that they had, where no later decision stands; how many.

    The caller has asked whether the user may decide about them all. Locks the submissions.
    """
    rows = list(
        Submission.objects.select_for_update(of=("self",))
        .filter(pk__in=numbers, review_state=ReviewState.REJECTED)
        .select_related("current_version")
        .order_by("pk")
    )
    states = states_before(rows, batch)
    decide_each(list(states), states, batch, user, at, "")
    _record(batch, user, area, "", ReviewState.RECEIVED, len(states))
    return len(states)


def _record(
    batch: UUID, user: User, area: str, reason: str, state: ReviewState, count: int
) -> None:
    record(
        Act.REVIEW,
        actor=user,
        object_type="review",
        object_id=batch,
        area=area,
        reason=reason,
        after=state.value,
        facts={"submissions": count},
    )


def states_before(rows: list[Submission], batch: UUID) -> dict[Submission, str]:
    """The state that each of the rows had before the batch decided about it, of those about which nobody decided later."""
    every: dict[int, list[ReviewDecision]] = {}
    for decision in ReviewDecision.objects.filter(submission__in=rows):
        every.setdefault(decision.submission_id, []).append(decision)
    return {
        row: _state_before(row, every[row.pk]) for row in rows if every[row.pk][-1].batch == batch
    }


def _state_before(row: Submission, decisions: list[ReviewDecision]) -> str:
    """The state before the last of the row's decisions, which are in order: the one decided before, unless an edit arrived since."""
    version = row.current_version
    before = decisions[-2] if len(decisions) > 1 else None
    is_edit = version is not None and version.deprecated_id != ""
    if before is not None and (version is None or version.received_at <= before.at):
        return before.state
    return ReviewState.EDITED if is_edit else ReviewState.RECEIVED


def decide_each(
    rows: list[Submission],
    states: Mapping[Submission, str],
    batch: UUID,
    reviewer: User,
    at: datetime,
    reason: str,
) -> None:
    """Store a decision about each of the locked rows, and queue them."""
    ReviewDecision.objects.bulk_create(
        ReviewDecision(
            submission=row, state=states[row], reason=reason, user=reviewer, at=at, batch=batch
        )
        for row in rows
    )
    for state in set(states.values()):
        _set_state((row.pk for row in rows if states[row] == state), state)
    if rows:
        queue([row.pk for row in rows], at=at)


def _set_state(numbers: Iterable[int], state: str) -> None:
    Submission.objects.filter(pk__in=list(numbers)).update(review_state=state)
