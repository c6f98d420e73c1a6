"""Quarantined documents, their repairs, and their resolution."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from server.accounts.authority import Reason
from server.accounts.models import FieldAccount
from server.core.problems import named
from server.core.resealing import SealedField
from server.core.sealed_fields import SealedText
from server.geo.models import AreaCodeField
from server.submissions.models import SubmissionVersion, Verdict

ELSEWHERE: Final = frozenset(Reason.values)
"""Reasons for which an item waits at another office than the sender's. Its phone was answered as if it had been received."""


class Quarantined(models.Model):
    """A refused or held document, kept whole with its files and the reason. Called an item in this room.

    A held document is a version already (`verdict`); accepting it lets that version count.
    """

    received_at = models.DateTimeField()
    first_received_at = models.DateTimeField(null=True)  # elsewhere, if its sender may say so
    reason = models.CharField(max_length=60)  # the problem's type
    detail = models.TextField(blank=True)  # the problem's sentence in English; no personal data
    facts = models.JSONField(default=dict)  # the data that fills it
    form_id = models.CharField(max_length=250, blank=True, default="")
    form_version = models.CharField(max_length=250, blank=True, default="")
    instance_id = models.CharField(max_length=250, blank=True, default="")
    deprecated_id = models.CharField(max_length=250, blank=True, default="")  # of an edit
    sha256 = models.BinaryField(max_length=32)
    document = SealedField(purpose="document")  # as SubmissionVersion.document
    size = models.PositiveIntegerField()
    attachments = models.JSONField(default=list)  # [{name, sha256, md5, size, content_type}]
    stored_bytes = models.PositiveBigIntegerField(default=0)  # document and attachments
    field_account = models.ForeignKey(FieldAccount, models.PROTECT, null=True, related_name="+")
    submitter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    area = AreaCodeField(blank=True, default="")  # whose office decides
    sender_area = AreaCodeField(blank=True, default="")  # that the sender's areas have in common
    sender_areas = ArrayField(AreaCodeField(blank=True), default=list)  # at receipt
    sender_history = ArrayField(
        models.CharField(max_length=40), default=list
    )  # as SubmissionVersion.sender_history
    verdict = models.OneToOneField(
        Verdict, models.PROTECT, null=True, related_name="quarantined"
    )  # None: the document is no version
    device_id = models.CharField(max_length=200, blank=True, default="")
    user_agent = models.CharField(max_length=200, blank=True, default="")

    # The last replay that did not succeed.
    tried_at = models.DateTimeField(null=True)
    tried_reason = models.CharField(max_length=60, blank=True, default="")

    # The resolution; all empty while the item waits for a decision.
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )  # None: resolved without a person, because what it waited for came
    resolved_note = SealedText(blank=True, default="")
    accepted_as = models.ForeignKey(
        SubmissionVersion, models.PROTECT, null=True, related_name="+"
    )  # None: dismissed

    class Meta:
        verbose_name_plural = "quarantined"
        ordering = ("-received_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("sha256", "reason"),
                name="quarantine_keeps_each_document_once",
                condition=Q(verdict=None),
            ),
        )
        indexes = (
            models.Index(fields=("field_account", "received_at"), name="quarantine_by_phone"),
            models.Index(
                fields=("deprecated_id",),
                name="quarantine_edits",
                condition=Q(resolved_at__isnull=True) & ~Q(deprecated_id=""),
            ),
        )

    @property
    def explanation(self) -> str:
        """The problem's sentence in the active language; `detail` where its facts were not kept."""
        problem = named(self.reason)
        try:
            return problem(**self.facts).detail if problem else self.detail
        except (KeyError, TypeError):
            return self.detail

    @property
    def is_elsewhere(self) -> bool:
        """Whether another office than the sender's decides."""
        return self.reason in ELSEWHERE

    @property
    def is_accepted(self) -> bool:
        """Whether the item became a version of a submission."""
        return self.accepted_as_id is not None


class Repair(models.Model):
    """An altered copy of a quarantined document, for replay; the received bytes stay unchanged. Append-only."""

    class Act(models.TextChoices):
        CORRECTED = "corrected", _("corrected XML")
        FORM_VERSION = "form_version", _("other form version")
        NEW_INSTANCE = "new_instance", _("kept as a record of its own")
        AS_EDIT = "as_edit", _("taken as a correction")

    item = models.ForeignKey(Quarantined, models.CASCADE, related_name="repairs")
    act = models.CharField(max_length=20, choices=Act.choices)
    sha256 = models.BinaryField(max_length=32)
    document = SealedField(purpose="document")  # as SubmissionVersion.document
    size = models.PositiveIntegerField()
    reason = SealedText(_("reason"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")


class Reopening(models.Model):
    """A dismissal that was taken back: who had dismissed the item and why. Append-only."""

    item = models.ForeignKey(Quarantined, models.CASCADE, related_name="reopenings")
    dismissed_at = models.DateTimeField()
    dismissed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    dismissed_note = SealedText()
    reason = SealedText(_("reason"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")


class QuarantineRefusal(models.Model):
    """How often a limit kept uploads of one phone out of the quarantine on one day, and how many bytes."""

    day = models.DateField()
    limit = models.CharField(max_length=20)  # services.limits.Limit
    reason = models.CharField(max_length=60)  # the type of the problem that refused the uploads
    submitter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    field_account = models.ForeignKey(FieldAccount, models.PROTECT, null=True, related_name="+")
    area = AreaCodeField(blank=True, default="")  # of the submitter
    count = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ("-day", "-count")
        constraints = (
            models.UniqueConstraint(
                fields=("day", "limit", "reason", "submitter", "field_account"),
                nulls_distinct=False,
                name="refusals_are_counted_by_day_and_phone",
            ),
        )
