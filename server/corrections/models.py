"""Answers that were sent back, and the versions of records that answer them.

A `SendBack` is one act of a reviewer; an `AskedAnswer` is one answer that it asks for again,
a row of the phone's list; an `Answer` is what one received version of a correction says.
"""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from server.accounts.models import FieldAccount
from server.core.sealed_fields import SealedText
from server.corrections.fitting import Fault
from server.geo.models import AreaCodeField
from server.submissions.models import ReviewDecision, ReviewState, Submission, SubmissionVersion

FAULTS = (
    (Fault.UNKNOWN.value, _("names no answer that was sent back")),
    (Fault.ELSEWHERE.value, _("sent by somebody else, or for another area")),
    (Fault.EMPTY.value, _("no answer")),
    (Fault.TYPE.value, _("does not fit the question's type")),
    (Fault.CHOICE.value, _("no choice of the question")),
    (Fault.WITHDRAWN.value, _("the request was withdrawn")),
    (Fault.GONE.value, _("the record has no such answer any more")),
)


class SendBack(models.Model):
    """That a reviewer sent answers of a record back to the worker who sent it."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="send_backs")
    decision = models.ForeignKey(ReviewDecision, models.PROTECT, related_name="+")
    state_before = models.CharField(max_length=12, choices=ReviewState.choices)
    reason = SealedText(_("reason"), blank=True)
    worker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-id")


class AskedAnswer(models.Model):
    """One answer that is asked for again. Its uuid is the row of the phone's list."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    send_back = models.ForeignKey(SendBack, models.PROTECT, related_name="asked")
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="asked")
    version = models.ForeignKey(
        SubmissionVersion, models.PROTECT, related_name="+"
    )  # that the reviewer looked at
    worker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    area_code = AreaCodeField(blank=True, default="")  # of the record, when it was sent back
    place = models.CharField(max_length=500)  # with the indexes of repeats: /data/members[2]/edu
    label = models.CharField(max_length=500, blank=True)  # of the question, in Chinese
    type = models.CharField(max_length=20)  # as forms.xform has it
    choice_list = models.CharField(
        max_length=100, blank=True, default=""
    )  # choice list of the form version
    base_value = SealedText(blank=True)  # in that version, as the phone wrote it
    shown_value = SealedText(blank=True)  # as the phone's list shows it
    counts = ArrayField(
        models.PositiveIntegerField(), default=list
    )  # of the instances of each repeat around the answer, in that version
    needs_approval = models.BooleanField()  # as the form's records did when it was sent back
    fetched_at = models.DateTimeField(null=True)  # last, by a phone of the worker
    fetched_by = models.ForeignKey(FieldAccount, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)  # an edit of the record gave another answer
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ("send_back", "place")


class Answer(models.Model):
    """What a received version of a correction says. Made from the version by the worker, and made again without harm."""

    version = models.OneToOneField(
        SubmissionVersion, models.PROTECT, primary_key=True, related_name="correction"
    )
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="corrections")
    asked = models.ForeignKey(AskedAnswer, models.PROTECT, null=True, related_name="answers")
    target = models.ForeignKey(
        Submission, models.PROTECT, null=True, related_name="corrected_by"
    )  # the record of `asked`
    value = SealedText(blank=True)
    fault = models.CharField(max_length=12, blank=True, default="", choices=FAULTS)

    class Meta:
        ordering = ("version",)
