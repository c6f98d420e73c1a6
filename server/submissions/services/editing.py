"""Stores edits: a new version of a submission (decision 0042)."""

from __future__ import annotations

from server.core.sealing import seal_document
from server.forms.models import FormVersion
from server.submissions.models import ReviewState, Submission, SubmissionVersion
from server.submissions.problems import EditSuperseded, OriginalNotHere
from server.submissions.services.accepting import original_of
from server.submissions.services.approving import let_approved_stand
from server.submissions.services.attaching import carry_forward
from server.submissions.services.files import attach, column
from server.submissions.services.queueing import queue
from server.submissions.services.uploads import Outcome, ParsedUpload, Receipt


def store_edit(upload: ParsedUpload, edition: FormVersion) -> Receipt | None:
    """Store an edit as the current version of the submission that its deprecatedID names.

    None when the same edit was stored this moment. Only the current version can be edited;
    if it was approved, it stays so until the edit is. Files that the new answers name and
    the phone does not send again are carried forward. Locks the submission. Part of the
    caller's transaction. Raises OriginalNotHere, EditSuperseded.
    """
    envelope, sender = upload.envelope, upload.sender
    original = original_of(envelope.form_id, envelope.deprecated_id, sender)
    if original is None:
        raise OriginalNotHere
    submission = Submission.objects.select_for_update().get(pk=original.submission_id)
    if SubmissionVersion.objects.filter(
        form=edition.form, instance_id=envelope.instance_id
    ).exists():
        return None
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
    )
    attach(version, upload.files, upload.received_at)
    carry_forward(upload, original, version)
    let_approved_stand(submission, original)
    submission.current_version = version
    submission.review_state = ReviewState.EDITED
    submission.save(update_fields=["current_version", "review_state"])
    queue([submission.pk], at=upload.received_at)
    return Receipt(Outcome.EDIT, submission.pk, version.pk)
