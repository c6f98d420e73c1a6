"""Whether a form's submissions count in the ledgers only once approved (decision 0180)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from server.accounts.access import within
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core.row_security import Crossing, across_areas
from server.core.statements import waiting_at_most
from server.forms import authority
from server.forms.models import Form
from server.forms.problems import FormConcernsOtherAreas, NoSuchForm
from server.submissions.models import (
    TO_REVIEW,
    ApprovedVersion,
    ReviewState,
    Submission,
    SubmissionVersion,
)
from server.submissions.problems import LedgersBusy
from server.submissions.services.queueing import lock_pipeline, queue_of_form

PATIENCE = "10s"
"""How long `set_approval` waits for the batch that is being processed."""


@across_areas(Crossing.APPROVAL)
@transaction.atomic
def set_approval(
    *, form_id: str, needed: bool, at: datetime, actor: User | None
) -> tuple[Form, int]:
    """Set whether the form's submissions count only once approved; return the form, and how many were queued for it.

    The actor must administer what the form concerns and every area that submissions came
    from, because they are folded again. Waits for the batch that is being processed and holds
    off the next one, so that no submission is merged by the old rule and then not queued.
    Raises NoSuchForm, NotAllowed, FormConcernsOtherAreas, LedgersBusy.
    """
    with waiting_at_most(PATIENCE, LedgersBusy):
        lock_pipeline()
    form = Form.objects.select_for_update().filter(form_id=form_id).first()
    if form is None:
        raise NoSuchForm(form_id=form_id)
    authority.require(actor, form_id)
    areas = authority.administered(actor)
    placed = Submission.objects.filter(form=form).exclude(area_code="").order_by()
    elsewhere = placed.exclude(within(areas))
    if other := elsewhere.values_list("area_code", flat=True).first():
        raise FormConcernsOtherAreas(form_id=form_id, areas=[other])
    if form.needs_approval == needed:
        return form, 0
    form.needs_approval = needed
    form.save(update_fields=("needs_approval",))
    queued = queue_of_form(form.pk, TO_REVIEW, at=at)
    record(
        Act.FORM_APPROVAL,
        actor=actor,
        object_type="form",
        object_id=form.form_id,
        area=authority.area_of(form.form_id),
        before=not needed,
        after=needed,
        facts={"queued": queued},
    )
    return form, queued


def let_approved_stand(submission: Submission, current: SubmissionVersion) -> None:
    """Before an edit becomes the current version: keep the version as approved, if it is, until the edit is approved.

    An older version that is kept as approved stays so, unless the submission was rejected
    since. The caller holds the submission's lock.
    """
    match submission.review_state:
        case ReviewState.APPROVED:
            ApprovedVersion.objects.update_or_create(
                submission=submission,
                defaults={
                    "version": current,
                    "observed_at": submission.observed_at,
                    "area_code": submission.area_code,
                    "flags": submission.flags,
                },
            )
        case ReviewState.REJECTED:
            ApprovedVersion.objects.filter(submission=submission).delete()
