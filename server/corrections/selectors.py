"""Reads of what was sent back; access limits them to the user's areas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from server.accounts.access import Access
from server.corrections.models import Answer, AskedAnswer
from server.submissions.models import REASON_FOLLOWS, ReviewState, Submission


class State(StrEnum):
    """Where an answer that was sent back stands."""

    WAITING = "waiting"  # no phone of the worker has fetched the row
    ON_PHONE = "on_phone"
    ANSWERED = "answered"
    EDITED = "edited"  # an edit of the record gave another answer
    COMMENT = "comment"  # the correction was rejected by a program, whose reason has not come yet
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An answer that was sent back, and where it stands."""

    asked: AskedAnswer
    state: State
    since: datetime
    reason: str  # of sending it back and, of a correction that was rejected, of that
    round: int  # 1, and one more with each correction that was rejected
    answer: Answer | None = None  # the last that stands, rejected or not

    @property
    def is_open(self) -> bool:
        """Whether the worker has still to answer."""
        return self.state in (State.WAITING, State.ON_PHONE)

    @property
    def may_be_withdrawn(self) -> bool:
        """Whether it waits for the worker, or for the reason why the last correction was rejected."""
        return self.is_open or self.state == State.COMMENT


def with_corrections(rows: QuerySet[Submission]) -> QuerySet[Submission]:
    """The submissions with `was_sent_back`, whether any answer was, and `is_correction`; no query more."""
    return rows.annotate(
        was_sent_back=Exists(AskedAnswer.objects.filter(submission=OuterRef("pk"))),
        is_correction=Exists(Answer.objects.filter(submission=OuterRef("pk"))),
    )


def waiting_of_worker(user_id: int) -> list[Waiting]:
    """What waits for this worker, the oldest first. Two queries, or four."""
    rows = AskedAnswer.objects.filter(
        worker=user_id,
        withdrawn_at=None,
        settled_at=None,
        submission__current_version__isnull=False,
    ).exclude(submission__review_state=ReviewState.REJECTED)
    return [item for item in _standing(rows.order_by("send_back_id", "place")) if item.is_open]


def sent_back_of(access: Access, submission: Submission) -> list[Waiting]:
    """Everything of a record that was sent back, the latest first."""
    rows = AskedAnswer.objects.filter(
        access.within("submission__area_code"), submission=submission
    ).order_by("-send_back_id", "place")
    return _standing(rows)


def states_of(access: Access, submission_ids: Iterable[int]) -> dict[int, State]:
    """Record → the least advanced state of what was sent back of it; nothing of one of which all is withdrawn."""
    rows = AskedAnswer.objects.filter(
        access.within("submission__area_code"),
        submission__in=list(submission_ids),
        withdrawn_at=None,
    )
    order = list(State)
    states: dict[int, State] = {}
    for item in _standing(rows):
        known = states.get(item.asked.submission_id)
        if known is None or order.index(item.state) < order.index(known):
            states[item.asked.submission_id] = item.state
    return states


def corrections_by(access: Access, submission: Submission) -> list[Answer]:
    """What a correction answers, its current version last."""
    return list(
        Answer.objects.filter(access.within("submission__area_code"), submission=submission)
        .select_related("asked", "target__form")
        .order_by("version_id")
    )


def _standing(rows: QuerySet[AskedAnswer]) -> list[Waiting]:
    answers = Answer.objects.filter(submission__current_version__isnull=False).select_related(
        "submission"
    )
    prefetched = rows.select_related(
        "submission__form", "send_back__user", "worker", "version"
    ).defer("version__document")
    every = Prefetch("answers", answers.order_by("version_id"), to_attr="received")
    return [_waiting(row) for row in prefetched.prefetch_related(every)]


def _waiting(row: AskedAnswer) -> Waiting:
    received: list[Answer] = [
        answer
        for answer in row.received  # type: ignore[attr-defined]
        if answer.submission.current_version_id == answer.version_id
    ]
    rejected = [item for item in received if item.submission.review_state == ReviewState.REJECTED]
    reason, opened_at = row.send_back.reason, row.send_back.at
    is_commented = True
    for answer in rejected:
        decision = answer.submission.decisions.last()
        if decision is not None:
            opened_at = max(opened_at, decision.at)
            is_commented = decision.reason != REASON_FOLLOWS
            reason = f"{reason} → {decision.reason}" if is_commented else reason
    last = received[-1] if received else None
    number = 1 + len(rejected)
    if row.withdrawn_at is not None:
        return Waiting(row, State.WITHDRAWN, row.withdrawn_at, reason, number, last)
    standing = [item for item in received if item not in rejected]
    if standing:
        at = standing[-1].submission.received_at
        return Waiting(row, State.ANSWERED, at, reason, number, standing[-1])
    if row.settled_at is not None:
        return Waiting(row, State.EDITED, row.settled_at, reason, number, last)
    if not is_commented:
        return Waiting(row, State.COMMENT, opened_at, reason, number, last)
    if row.fetched_at is not None and row.fetched_at >= opened_at:
        return Waiting(row, State.ON_PHONE, row.fetched_at, reason, number, last)
    return Waiting(row, State.WAITING, opened_at, reason, number, last)
