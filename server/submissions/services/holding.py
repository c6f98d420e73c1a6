"""Holding versions that must not count before another office accepts them, and what that office decides (decision 0210).

A held version is taken out of its submission: of an edit, the version before it is current
again; of a new submission, none is, so that it is in no list and counts nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from server.accounts.access import REVIEWERS, Access
from server.accounts.authority import Outside
from server.accounts.models import User
from server.submissions.judging import Areas, Considered
from server.submissions.models import (
    ApprovedVersion,
    ReviewState,
    Submission,
    SubmissionVersion,
    Verdict,
)
from server.submissions.problems import EditSuperseded, MayNotReview
from server.submissions.selectors import HELD, without_held
from server.submissions.services.approving import let_approved_stand
from server.submissions.services.queueing import queue
from server.submissions.services.uploads import Outcome, Receipt


def areas_to_judge(version_ids: Collection[int]) -> dict[int, Considered]:
    """Version → the areas to judge it by, of those that are not judged yet. One query."""
    rows = SubmissionVersion.objects.filter(pk__in=version_ids, sender_areas__isnull=False)
    verdicts = ("verdicts__reason", "verdicts__decided_within")
    senders: dict[int, tuple[Areas, Areas]] = {}
    deciders: dict[int, set[str]] = {}
    judged = set()
    for version, at_receipt, history, reason, within in rows.order_by().values_list(
        "pk", "sender_areas", "sender_history", *verdicts
    ):
        senders[version] = tuple(at_receipt), tuple(history or ())
        deciders.setdefault(version, set()).update(within or ())
        if reason == "":
            judged.add(version)
    return {
        version: Considered(at_receipt, tuple(sorted(deciders[version])), history)
        for version, (at_receipt, history) in senders.items()
        if version not in judged
    }


def let_count(areas: Mapping[int, Sequence[str]], *, at: datetime) -> None:
    """Store of each version that it counts: version → the areas that were considered. Part of the caller's transaction."""
    Verdict.objects.bulk_create(
        [
            Verdict(version_id=version, areas=list(considered), judged_at=at)
            for version, considered in areas.items()
        ],
        ignore_conflicts=True,
    )


def hold(
    held: Mapping[int, Outside], areas: Mapping[int, Sequence[str]], *, at: datetime
) -> list[int]:
    """Hold versions (version → the verdict) and take them out of their submissions, which are returned.

    `areas` is version → the areas that were considered. The caller places the submissions
    again. Locks them. Part of the caller's transaction.
    """
    versions = SubmissionVersion.objects.filter(pk__in=held).defer("document").order_by("pk")
    submissions = []
    for version in versions:
        outside = held[version.pk]
        Verdict.objects.create(
            version=version,
            reason=outside.reason,
            area=outside.area,
            areas=list(areas[version.pk]),
            judged_at=at,
        )
        _take_out(version)
        submissions.append(version.submission_id)
    return submissions


def _take_out(version: SubmissionVersion) -> None:
    """Make the version before it current again; a submission without one gets the columns that it had at receipt."""
    submission = Submission.objects.select_for_update().get(pk=version.submission_id)
    earlier = (
        without_held(submission.versions.filter(pk__lt=version.pk))
        .defer("document")
        .order_by("-pk")
        .first()
    )
    submission.current_version = earlier
    if earlier is None:
        submission.area_code = submission.title = submission.located_area = ""
        submission.observed_at = submission.location = submission.accuracy = None
        submission.flags = []
    else:
        submission.review_state = _state_before(submission, earlier, version)
        if submission.review_state == ReviewState.APPROVED:
            ApprovedVersion.objects.filter(submission=submission).delete()
    submission.save()


def _state_before(
    submission: Submission, earlier: SubmissionVersion, version: SubmissionVersion
) -> str:
    """The review state that the submission had when the version arrived."""
    decision = submission.decisions.filter(
        at__gte=earlier.received_at, at__lte=version.received_at
    ).last()
    if decision is not None:
        return decision.state
    return ReviewState.EDITED if earlier.deprecated_id else ReviewState.RECEIVED


@transaction.atomic
def accept_held(*, verdict: Verdict, user: User, access: Access, at: datetime) -> Receipt:
    """Let a held version count on the authority of the person, and queue it: it is judged again, with that person's areas.

    Locks the submission. Raises MayNotReview, EditSuperseded.
    """
    check_may_decide(verdict, access)
    version = verdict.version
    submission = Submission.objects.select_for_update().get(pk=version.submission_id)
    current = submission.current_version
    receipt = Receipt(Outcome.EDIT, submission.pk, version.pk)
    if not Verdict.objects.filter(HELD, pk=verdict.pk).update(
        decision=Verdict.Decision.ACCEPTED,
        decided_by=user,
        decided_at=at,
        decided_within=list(access.areas(REVIEWERS)),
    ):
        return receipt
    if version.deprecated_id:
        if current is None or current.pk > version.pk:
            raise EditSuperseded
        let_approved_stand(submission, current)
        submission.review_state = ReviewState.EDITED
    submission.current_version = version
    submission.save(update_fields=["current_version", "review_state"])
    queue([submission.pk], at=at)
    return receipt


def dismiss_held(*, verdict: Verdict, user: User, access: Access, at: datetime) -> None:
    """Decide that a held version never counts; `reopen_held` takes it back. Raises MayNotReview."""
    check_may_decide(verdict, access)
    Verdict.objects.filter(pk=verdict.pk, decision="").update(
        decision=Verdict.Decision.DISMISSED, decided_by=user, decided_at=at
    )


def reopen_held(*, verdict: Verdict, access: Access) -> None:
    """Let a dismissed version wait for a decision again. Raises MayNotReview."""
    check_may_decide(verdict, access)
    Verdict.objects.filter(pk=verdict.pk, decision=Verdict.Decision.DISMISSED).update(
        decision="", decided_by=None, decided_at=None
    )


def check_may_decide(verdict: Verdict, access: Access) -> None:
    """Raises MayNotReview unless the person reviews the area whose office may decide."""
    if not access.may(REVIEWERS, verdict.area):
        raise MayNotReview


def undecided(submission_ids: Iterable[int]) -> QuerySet[Verdict]:
    """The verdicts by which versions of these submissions wait for a decision."""
    return Verdict.objects.filter(
        ~Q(reason=""), decision="", version__submission__in=list(submission_ids)
    )
