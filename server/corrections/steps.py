"""The step that reads corrections after they are received or edited (config/pipeline.py)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from server.core import clock
from server.corrections.documents import element_at, read, text_of
from server.corrections.fitting import Fault, misfit
from server.corrections.models import Answer, AskedAnswer
from server.corrections.phones import CORRECTIONS
from server.forms.models import FormMedia
from server.submissions.judging import Considered, judge
from server.submissions.models import SubmissionVersion
from server.submissions.selectors import Instances, versions_at_work


def read_corrections(submission_ids: Sequence[int]) -> None:
    """Note what those of the submissions that are corrections answer, and which answers edits have settled.

    Running it again changes nothing. Two queries where there are none. Part of the caller's
    transaction.
    """
    instances = Instances()
    _settle(submission_ids, instances)
    lists = FormMedia.objects.filter(filename=f"{CORRECTIONS}.csv")
    versions = versions_at_work(submission_ids).filter(
        form_version__in=lists.values("form_version"), correction=None
    )
    for version in versions.select_related("encrypted"):
        instance = instances.answers(version)
        if instance is not None:
            _note(version, *read(instance.root))


def _settle(submission_ids: Sequence[int], instances: Instances) -> None:
    """Note which answers the record's current version gives otherwise than the version that was sent back."""
    rows = AskedAnswer.objects.filter(
        submission__in=list(submission_ids),
        withdrawn_at=None,
        submission__current_version__isnull=False,
    ).select_related("submission__current_version__encrypted")
    for row in rows:
        version = row.submission.current_version
        assert version is not None  # noqa: S101 the filter
        is_settled = False
        if version.pk != row.version_id and (instance := instances.answers(version)):
            element, _counts = element_at(instance.root, row.place)
            is_settled = text_of(element) != row.base_value
        if is_settled != (row.settled_at is not None):
            row.settled_at = clock.now() if is_settled else None
            row.save(update_fields=["settled_at"])


def _note(version: SubmissionVersion, named: str, value: str) -> None:
    """Store what a version answers, with its fault."""
    asked = _asked(named)
    fault: str = Fault.UNKNOWN
    if asked is not None:
        fault = _fault(version, asked, value) or ""
    Answer.objects.update_or_create(
        version=version,
        defaults={
            "submission_id": version.submission_id,
            "asked": asked,
            "target": asked.submission if asked else None,
            "value": value,
            "fault": fault,
        },
    )


def _asked(named: str) -> AskedAnswer | None:
    try:
        uuid = UUID(named)
    except ValueError:
        return None
    rows = AskedAnswer.objects.select_related("submission", "version__form_version")
    return rows.filter(pk=uuid).first()


def _fault(version: SubmissionVersion, asked: AskedAnswer, value: str) -> Fault | None:
    """What is wrong with an answer in itself: who sent it, and what it says."""
    if version.submitter_id != asked.worker_id:
        return Fault.ELSEWHERE
    if version.sender_areas is not None:
        record = asked.submission
        visited_on = clock.office_day(record.observed_at or record.received_at)
        outside, _areas = judge(
            Considered(tuple(version.sender_areas), history=tuple(version.sender_history or ())),
            visited_on,
            original=asked.area_code,
        )
        if outside is not None:
            return Fault.ELSEWHERE
    choices = asked.version.form_version.questions.get("choices", {}).get(asked.choice_list, {})
    return misfit(asked.type, value, choices)
