"""Corrections: a new version of a record that is here (decision 0042)."""

from __future__ import annotations

from server.core.sealing import seal_document
from server.forms.models import FormVersion
from server.submissions.models import ReviewState, Submission, SubmissionVersion
from server.submissions.problems import EditSuperseded, OriginalNotHere
from server.submissions.services.approving import let_approved_stand
from server.submissions.services.arriving import Arrival, Outcome, Receipt
from server.submissions.services.attaching import carry_forward
from server.submissions.services.files import attach, column
from server.submissions.services.queueing import queue
from server.submissions.services.waiting import original_of


def store_edit(arrival: Arrival, edition: FormVersion) -> Receipt | None:
    """A correction: a new version of the record that its deprecatedID names; None when it was sent twice at once.

    The record's current version only can be edited; if it was approved, it stands until
    the edit is. Files the new answers name and the phone does not send again are carried
    forward. Locks the record. Raises OriginalNotHere, EditSuperseded.
    """
    envelope, sender = arrival.envelope, arrival.sender
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
        sha256=arrival.sha256,
        document=seal_document(arrival.document),
        size=len(arrival.document),
        received_at=arrival.received_at,
        field_account_id=sender.field_account_id,
        submitter_id=sender.user_id,
        device_id=column(sender.device_id),
        user_agent=column(sender.user_agent),
    )
    attach(version, arrival.files, arrival.received_at)
    carry_forward(arrival, original, version)
    let_approved_stand(submission, original)
    submission.current_version = version
    submission.review_state = ReviewState.EDITED
    submission.save(update_fields=["current_version", "review_state"])
    queue([submission.pk], at=arrival.received_at)
    return Receipt(Outcome.EDIT, submission.pk, version.pk)
