"""Whether a form's records count in the ledgers only once approved (decision 0180)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from server.core.statements import waiting_at_most
from server.forms.models import Form
from server.forms.problems import NoSuchForm
from server.submissions.models import (
    TO_REVIEW,
    ApprovedVersion,
    ReviewState,
    Submission,
    SubmissionVersion,
)
from server.submissions.problems import LedgersBusy
from server.submissions.services.queueing import queue_of_form, take_turn

PATIENCE = "10s"
"""How long somebody waits for the batch that is being merged."""


@transaction.atomic
def set_approval(*, form_id: str, needed: bool, at: datetime) -> tuple[Form, int]:
    """Let the form's records count only once approved, or at once; the form, and how many are folded again.

    Waits for the batch that is being merged and holds off the next one, so that none is
    merged by the old rule and missed by the queue. Raises NoSuchForm, LedgersBusy.
    """
    with waiting_at_most(PATIENCE, LedgersBusy):
        take_turn()
    form = Form.objects.select_for_update().filter(form_id=form_id).first()
    if form is None:
        raise NoSuchForm(form_id=form_id)
    if form.needs_approval == needed:
        return form, 0
    form.needs_approval = needed
    form.save(update_fields=("needs_approval",))
    return form, queue_of_form(form.pk, TO_REVIEW, at=at)


def let_approved_stand(submission: Submission, current: SubmissionVersion) -> None:
    """Before an edit takes the current version's place: if that is approved, it stands until the edit is, too.

    What stood already goes on, unless the record was rejected since. The caller holds the
    submission's lock.
    """
    match submission.review_state:
        case ReviewState.APPROVED:
            ApprovedVersion.objects.create(
                submission=submission,
                version=current,
                observed_at=submission.observed_at,
                area_code=submission.area_code,
                flags=submission.flags,
            )
        case ReviewState.REJECTED:
            ApprovedVersion.objects.filter(submission=submission).delete()
