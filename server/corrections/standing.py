"""Which corrections stand: an input of the fold, as versions and review states are (fold.md, Corrections).

A correction stands while its version counts (submissions/counting.py), once it is approved
where the record's form needs approval, unless it has a fault or its request was withdrawn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from server.corrections.documents import Correction
from server.corrections.fitting import Fault
from server.corrections.models import Answer
from server.submissions.counting import counted_versions
from server.submissions.models import ReviewState, Submission


@dataclass(frozen=True, slots=True)
class Faulty:
    """A correction that counts and replaces nothing."""

    version_id: int
    target_id: int | None
    fault: str
    place: str
    area_code: str
    instance_id: str
    received_at: datetime


def targets_of(submission_ids: Iterable[int]) -> set[int]:
    """The records that these submissions correct, or corrected in a former version. One query."""
    answers = Answer.objects.filter(submission__in=list(submission_ids), target__isnull=False)
    return set(answers.order_by().values_list("target_id", flat=True))


def corrections_of(targets: Collection[int]) -> dict[int, list[Correction]]:
    """Record → the corrections of it that stand, in the order of receipt. One query, or two."""
    answers = list(_in_order(Answer.objects.filter(target__in=targets, fault="")))
    return _by_target(answers, _counted(answers)) if answers else {}


def past_corrections(
    targets: Collection[int], states: Mapping[int, str], known_by: datetime
) -> dict[int, list[Correction]]:
    """As `corrections_of`, as of an instant; `states` is version → review state, of the versions that counted then."""
    answers = [
        answer
        for answer in _in_order(Answer.objects.filter(target__in=targets, fault=""))
        if answer.version_id in states
    ]
    areas = dict(
        Submission.objects.filter(pk__in=[answer.submission_id for answer in answers]).values_list(
            "pk", "area_code"
        )
    )
    counted = {
        answer.version_id: (states[answer.version_id], areas[answer.submission_id])
        for answer in answers
    }
    return _by_target(answers, counted, known_by)


def answering(targets: Collection[int]) -> set[int]:
    """The submissions that answer what was sent back of these records. One query."""
    return set(
        Answer.objects.filter(target__in=targets).order_by().values_list("submission_id", flat=True)
    )


def faulty(submission_ids: Collection[int], gone: Collection[int]) -> tuple[set[int], list[Faulty]]:
    """Versions of corrections that these submissions are or are corrected by, and those among them that are faulty.

    `gone` are versions whose answer has no place in the record. Two queries at most.
    """
    concerned = Q(submission__in=submission_ids) | Q(target__in=submission_ids)
    answers = list(_in_order(Answer.objects.filter(concerned)))
    if not answers:
        return set(), []
    counted = _counted(answers)
    faults = []
    for answer in answers:
        if answer.version_id not in counted:
            continue
        fault = answer.fault or _late_fault(answer, counted[answer.version_id][1], gone)
        if fault:
            faults.append(
                Faulty(
                    version_id=answer.version_id,
                    target_id=answer.target_id,
                    fault=fault,
                    place=answer.asked.place if answer.asked else "",
                    area_code=counted[answer.version_id][1],
                    instance_id=answer.version.instance_id,
                    received_at=answer.version.received_at,
                )
            )
    return {answer.version_id for answer in answers}, faults


def _late_fault(answer: Answer, area_code: str, gone: Collection[int]) -> str:
    """A fault that does not lie in the answer itself, "" without one."""
    asked = answer.asked
    assert asked is not None  # noqa: S101 an answer without it has a fault of its own
    if asked.withdrawn_at is not None:
        return Fault.WITHDRAWN
    if asked.area_code != area_code:
        return Fault.ELSEWHERE
    return Fault.GONE if answer.version_id in gone else ""


def _in_order(answers: QuerySet[Answer]) -> QuerySet[Answer]:
    return (
        answers.select_related("asked", "version")
        .defer("version__document")
        .order_by("version__received_at", "version_id")
    )


def _counted(answers: Iterable[Answer]) -> dict[int, tuple[str, str]]:
    """Version that counts → its review state and area."""
    ids = sorted({answer.submission_id for answer in answers})
    return {
        row.version_id: (row.review_state, row.area_code)
        for row in counted_versions(ids)
        if row.version_id is not None
    }


def _by_target(
    answers: Iterable[Answer],
    counted: Mapping[int, tuple[str, str]],
    known_by: datetime | None = None,
) -> dict[int, list[Correction]]:
    standing: dict[int, list[Correction]] = {}
    for answer in answers:
        asked, target = answer.asked, answer.target_id
        if asked is None or target is None or answer.version_id not in counted:
            continue
        state, area_code = counted[answer.version_id]
        is_approved = state == ReviewState.APPROVED
        was_withdrawn = asked.withdrawn_at is not None and (
            known_by is None or asked.withdrawn_at <= known_by
        )
        is_due = is_approved or not asked.needs_approval
        if was_withdrawn or not is_due or area_code != asked.area_code:
            continue
        standing.setdefault(target, []).append(
            Correction(
                submission_id=answer.submission_id,
                version_id=answer.version_id,
                received_at=answer.version.received_at,
                place=asked.place,
                base_value=asked.base_value,
                counts=tuple(asked.counts),
                value=answer.value,
                is_approved=is_approved,
            )
        )
    return standing
