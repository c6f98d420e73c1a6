"""Writes of the corrections room: sending answers back, withdrawing that, noting that a phone has them, erasing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from server.accounts.access import REVIEWERS, Access, Worker, access_of
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core import clock
from server.core.problems import ReasonMissing
from server.corrections.fitting import Fault
from server.corrections.models import Answer, AskedAnswer, SendBack
from server.corrections.phones import CORRECTIONS
from server.corrections.problems import (
    AskedAlready,
    NobodyGetsIt,
    NothingToSendBack,
    NothingToWithdraw,
)
from server.corrections.selectors import State, sent_back_of, waiting_of_worker
from server.forms.models import FormMedia
from server.forms.selectors import forms_offered
from server.submissions.models import ReviewState, Submission, SubmissionVersion
from server.submissions.problems import MayNotReview
from server.submissions.services import review
from server.submissions.services.queueing import queue


@dataclass(frozen=True, slots=True)
class Question:
    """An answer to send back, with what the phone's list shows of it."""

    place: str
    label: str
    type: str
    choice_list: str
    base_value: str
    shown_value: str
    counts: tuple[int, ...]


@transaction.atomic
def ask_again(
    *,
    submission: Submission,
    version: SubmissionVersion,
    seen: str,
    questions: Sequence[Question],
    reason: str,
    reviewer: User,
    access: Access,
    at: datetime,
    last_decision: int | None = None,
) -> SendBack:
    """Put answers of a record's version on the list of the worker who sent it; the record then has issues.

    `seen` is the instanceID of the version that the reviewer looked at. Locks the submission. Raises MayNotReview, ReasonMissing, NothingToSendBack, NobodyGetsIt,
    AskedAlready, DecidedUnseen, DecidedMeanwhile.
    """
    if not access.may(REVIEWERS, submission.area_code):
        raise MayNotReview
    if not reason.strip():
        raise ReasonMissing
    if not questions:
        raise NothingToSendBack
    locked = Submission.objects.select_for_update().get(pk=submission.pk)
    _check_worker(version, locked)
    asked = {item.asked.place for item in sent_back_of(access, locked) if item.may_be_withdrawn}
    for question in questions:
        if question.place in asked:
            raise AskedAlready(place=question.label or question.place)
    before = locked.review_state
    decision = review(
        submission=submission,
        state=ReviewState.HAS_ISSUES,
        reason=reason,
        reviewer=reviewer,
        access=access,
        at=at,
        version=seen,
        last_decision=last_decision,
    )
    sent = SendBack.objects.create(
        submission=locked,
        decision=decision,
        state_before=before,
        reason=reason.strip(),
        worker_id=version.submitter_id,
        user=reviewer,
        at=at,
    )
    AskedAnswer.objects.bulk_create(
        AskedAnswer(
            send_back=sent,
            submission=locked,
            version=version,
            worker_id=version.submitter_id,
            area_code=locked.area_code,
            place=question.place,
            label=question.label[:500],
            type=question.type,
            choice_list=question.choice_list,
            base_value=question.base_value,
            shown_value=question.shown_value,
            counts=list(question.counts),
            needs_approval=locked.form.needs_approval,
        )
        for question in questions
    )
    record(
        Act.SENT_BACK,
        actor=reviewer,
        object_type="submission",
        object_id=locked.pk,
        area=locked.area_code,
        reason=reason,
        facts={"answers": len(questions)},
    )
    return sent


def _check_worker(version: SubmissionVersion, submission: Submission) -> None:
    """Raises NobodyGetsIt unless the sender works in the record's area and is offered a form with the list."""
    worker = User.objects.get(pk=version.submitter_id)
    works = access_of(worker).sends_from()
    offered = {(form.form_id, form.version) for form in forms_offered(worker.pk, works)}
    listing = FormMedia.objects.filter(
        filename=f"{CORRECTIONS}.csv", form_version__current_of__isnull=False
    ).values_list("form_version__form__form_id", "form_version__version")
    is_here = submission.area_code.startswith(tuple(works))
    if not is_here or offered.isdisjoint(listing):
        raise NobodyGetsIt(worker=str(worker))


@transaction.atomic
def withdraw(*, submission: Submission, actor: User, access: Access, at: datetime) -> int:
    """Take back what of a record still waits for its worker; how many answers.

    A record that has no later decision gets the state it had, if nothing of the request was
    answered. Locks the submission. Raises MayNotReview, NothingToWithdraw.
    """
    if not access.may(REVIEWERS, submission.area_code):
        raise MayNotReview
    locked = Submission.objects.select_for_update().get(pk=submission.pk)
    items = sent_back_of(access, locked)
    open_rows = [item.asked for item in items if item.may_be_withdrawn]
    if not open_rows:
        raise NothingToWithdraw
    AskedAnswer.objects.filter(pk__in=[row.pk for row in open_rows]).update(
        withdrawn_at=at, withdrawn_by=actor
    )
    last = locked.decisions.last()
    for sent in {row.send_back_id: row.send_back for row in open_rows}.values():
        answered = {item.state for item in items if item.asked.send_back_id == sent.pk}
        is_untouched = answered.isdisjoint({State.ANSWERED, State.EDITED})
        is_last = last is not None and last.pk == sent.decision_id
        if is_last and is_untouched and locked.review_state == ReviewState.HAS_ISSUES:
            review(
                submission=submission,
                state=sent.state_before,
                reason=sent.reason,
                reviewer=actor,
                access=access,
                at=at,
            )
    queue([locked.pk], at=at)
    record(
        Act.SEND_BACK_WITHDRAWN,
        actor=actor,
        object_type="submission",
        object_id=locked.pk,
        area=locked.area_code,
        facts={"answers": len(open_rows)},
    )
    return len(open_rows)


def note_fetch(*, worker: Worker, field_account_id: int | None, at: datetime) -> None:
    """Note that a phone of the worker was sent the rows that wait for the worker now."""
    fresh = [
        item.asked.pk for item in waiting_of_worker(worker.user_id) if item.state == State.WAITING
    ]
    if fresh:
        AskedAnswer.objects.filter(pk__in=fresh).update(
            fetched_at=at, fetched_by_id=field_account_id
        )


def erase_submission(submission_id: int) -> set[int]:
    """Erase what was written about a record that is erased: what was sent back, and what corrects it.

    Returns the corrections of it, which the caller erases, too. Part of the caller's transaction.
    """
    return _erase(AskedAnswer.objects.filter(submission=submission_id), submission_id)


def erase_parts(submission_id: int, paths: Collection[str]) -> set[int]:
    """The same for the repeat instances at `paths`; the places of those behind them move up. As `erase_submission`."""
    rows = list(AskedAnswer.objects.filter(submission=submission_id))
    inside = [row.pk for row in rows if row.place.startswith(tuple(f"{path}/" for path in paths))]
    erased = _erase(AskedAnswer.objects.filter(pk__in=inside), None)
    for row in rows:
        if row.pk not in inside and _move_up(row, paths):
            row.save(update_fields=["place", "counts"])
    return erased


def _move_up(row: AskedAnswer, removed: Iterable[str]) -> bool:
    """Give a row the place that its answer has once the repeat instances at these paths are gone; whether that is another."""
    steps, depth = row.place.split("/"), 0
    gone = [path.rpartition("[")[::2] for path in removed]
    for number, step in enumerate(row.place.split("/")):
        name, bracket, index = step.partition("[")
        if not bracket:
            continue
        repeat = "/".join([*row.place.split("/")[:number], name])
        places = [int(place[:-1]) for path, place in gone if path == repeat]
        before = sum(1 for place in places if place < int(index[:-1]))
        steps[number] = f"{name}[{int(index[:-1]) - before}]"
        row.counts[depth] -= len(places)
        depth += 1
    is_moved = "/".join(steps) != row.place
    row.place = "/".join(steps)
    return is_moved or bool(depth)


def _erase(rows: QuerySet[AskedAnswer], correction: int | None) -> set[int]:
    """Blank these rows and what answers them; of a correction that is erased itself, its answers."""
    answers = Answer.objects.filter(Q(asked__in=rows) | Q(submission=correction))
    corrections = set(Answer.objects.filter(asked__in=rows).values_list("submission_id", flat=True))
    SendBack.objects.filter(asked__in=rows).update(reason="")
    answers.update(value="", fault=Fault.GONE)
    rows.update(base_value="", shown_value="", withdrawn_at=clock.now())
    return corrections
