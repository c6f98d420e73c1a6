"""Stores edits: a new version of a submission (decision 0042)."""

from __future__ import annotations

from server.accounts.access import common_prefix
from server.core import clock
from server.core.sealing import seal_document, unseal_document
from server.core.xml import parse
from server.forms.models import FormVersion
from server.submissions.answers import head
from server.submissions.deletions import is_deleted
from server.submissions.judging import Considered, judge
from server.submissions.models import ReviewState, Submission, SubmissionVersion, Verdict
from server.submissions.problems import (
    EditSuperseded,
    OriginalDeleted,
    OriginalNotHere,
    OriginalOutside,
)
from server.submissions.services.accepting import original_of
from server.submissions.services.approving import let_approved_stand
from server.submissions.services.attaching import carry_forward
from server.submissions.services.erasing import check_not_erased
from server.submissions.services.files import attach, column
from server.submissions.services.queueing import queue
from server.submissions.services.uploads import Outcome, ParsedUpload, Receipt


def store_edit(upload: ParsedUpload, edition: FormVersion) -> Receipt | None:
    """Store an edit as the current version of the submission that its deprecatedID names.

    None when the same edit was stored this moment. Only the current version can be edited;
    if it was approved, it stays so until the edit is. Files that the new answers name and
    the phone does not send again are carried forward. Locks the submission. Part of the
    caller's transaction. Raises OriginalNotHere, OriginalOutside, OriginalDeleted, EditSuperseded,
    RecordErased.
    """
    envelope, sender = upload.envelope, upload.sender
    original = original_of(envelope.form_id, envelope.deprecated_id, sender)
    if original is None:
        raise OriginalNotHere
    check_not_erased(original)
    submission = Submission.objects.select_for_update().get(pk=original.submission_id)
    visited_at = submission.observed_at or original.received_at
    outside, _areas = judge(
        Considered(sender.areas, history=sender.history),
        clock.office_day(visited_at),
        original=_area_of(submission, original),
    )
    if outside is not None:
        raise OriginalOutside(area=outside.area)
    if SubmissionVersion.objects.filter(
        form=edition.form, instance_id=envelope.instance_id
    ).exists():
        return None
    if submission.current_version_id is None and is_deleted(submission):
        raise OriginalDeleted(area=submission.area_code)
    if submission.current_version_id != original.pk:
        raise EditSuperseded
    version = SubmissionVersion.objects.create(
        submission=submission,
        form=edition.form,
        form_version=edition,
        instance_id=envelope.instance_id,
        deprecated_id=envelope.deprecated_id,
        sha256=upload.sha256,
        document=seal_document(upload.document),
        size=len(upload.document),
        received_at=upload.received_at,
        field_account_id=sender.field_account_id,
        submitter_id=sender.user_id,
        device_id=column(sender.device_id),
        user_agent=column(sender.user_agent),
        sender_areas=list(sender.areas),
        sender_history=list(sender.history),
    )
    attach(version, upload.files, upload.received_at)
    carry_forward(upload, original, version)
    let_approved_stand(submission, original)
    submission.current_version = version
    submission.review_state = ReviewState.EDITED
    submission.save(update_fields=["current_version", "review_state"])
    queue([submission.pk], at=upload.received_at)
    return Receipt(Outcome.EDIT, submission.pk, version.pk)


def _area_of(submission: Submission, original: SubmissionVersion) -> str:
    """The area whose office answers for the version that an edit corrects.

    That of the submission; of a held version the area that decides about it; before the
    worker has placed the submission, the community that it names, or what the areas of its
    sender have in common.
    """
    if submission.current_version_id != original.pk:
        held = Verdict.objects.filter(version=original).exclude(reason="").last()
        if held is not None:
            return held.area
    if submission.processed_at is None and not submission.area_code:
        return _named_by(original) or common_prefix(sorted(original.sender_areas or ()))
    return submission.area_code


def _named_by(version: SubmissionVersion) -> str:
    """The community that the version names; "" when it names none or is encrypted."""
    document = parse(unseal_document(bytes(version.document)))
    return head(document, version.form_version.mapping["head"]).area_code
