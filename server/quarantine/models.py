"""Documents that could not be taken as data, and what people did about them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from server.accounts.models import FieldAccount
from server.core.problems import named
from server.geo.models import AreaCodeField
from server.submissions.models import SubmissionVersion


class Quarantined(models.Model):
    """Something that could not be taken as data, kept whole with the reason."""

    received_at = models.DateTimeField()
    first_received_at = models.DateTimeField(null=True)  # elsewhere, if its sender may say so
    reason = models.CharField(max_length=60)  # the problem's type
    detail = models.TextField(blank=True)  # the problem's sentence in English; no personal data
    facts = models.JSONField(default=dict)  # what it is filled with
    form_id = models.CharField(max_length=250, blank=True, default="")
    form_version = models.CharField(max_length=250, blank=True, default="")
    instance_id = models.CharField(max_length=250, blank=True, default="")
    deprecated_id = models.CharField(max_length=250, blank=True, default="")  # of an edit
    sha256 = models.BinaryField(max_length=32)
    document = models.BinaryField()  # sealed, as SubmissionVersion.document
    size = models.PositiveIntegerField()
    attachments = models.JSONField(default=list)  # [{name, sha256, md5, size, content_type}]
    stored_bytes = models.PositiveBigIntegerField(default=0)  # document and attachments
    field_account = models.ForeignKey(FieldAccount, models.PROTECT, null=True, related_name="+")
    submitter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    area = AreaCodeField(blank=True, default="")  # of the submitter
    device_id = models.CharField(max_length=200, blank=True, default="")
    user_agent = models.CharField(max_length=200, blank=True, default="")

    # The last replay that did not succeed.
    tried_at = models.DateTimeField(null=True)
    tried_reason = models.CharField(max_length=60, blank=True, default="")

    # What became of it; all empty while it waits for a decision.
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )  # None: by itself, because what it waited for came
    resolved_note = models.TextField(blank=True, default="")
    accepted_as = models.ForeignKey(
        SubmissionVersion, models.PROTECT, null=True, related_name="+"
    )  # None: dismissed

    class Meta:
        verbose_name_plural = "quarantined"
        ordering = ("-received_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("sha256", "reason"), name="quarantine_keeps_each_document_once"
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
        """The problem's sentence in the reader's language; as it was written then, where its facts were not kept."""
        kind = named(self.reason)
        try:
            return kind(**self.facts).detail if kind else self.detail
        except (KeyError, TypeError):
            return self.detail

    @property
    def is_accepted(self) -> bool:
        return self.accepted_as_id is not None


class Repair(models.Model):
    """A quarantined document made fit to be taken; the received bytes stay beside it. Append-only."""

    class Act(models.TextChoices):
        CORRECTED = "corrected", _("corrected XML")
        FORM_VERSION = "form_version", _("other form version")
        NEW_INSTANCE = "new_instance", _("kept as a record of its own")
        AS_EDIT = "as_edit", _("taken as a correction")

    item = models.ForeignKey(Quarantined, models.CASCADE, related_name="repairs")
    act = models.CharField(max_length=20, choices=Act.choices)
    sha256 = models.BinaryField(max_length=32)
    document = models.BinaryField()  # sealed, as SubmissionVersion.document
    size = models.PositiveIntegerField()
    reason = models.TextField(_("reason"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")


class Reopening(models.Model):
    """A dismissal that was taken back, and whose it had been. Append-only."""

    item = models.ForeignKey(Quarantined, models.CASCADE, related_name="reopenings")
    dismissed_at = models.DateTimeField()
    dismissed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    dismissed_note = models.TextField()
    reason = models.TextField(_("reason"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")


class QuarantineRefusal(models.Model):
    """How often a day a limit kept something out of the quarantine, by phone: counted, never silent."""

    day = models.DateField()
    limit = models.CharField(max_length=20)  # services.limits.Limit
    reason = models.CharField(max_length=60)  # why it was not taken as data
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
