"""What was received. Nothing here is altered after it was acknowledged, except what people decide about it.

`Submission` is the record a person speaks of; `SubmissionVersion` is one received
instance of it (the first, or an edit), with its exact bytes; `Attachment` is a file of a
version. `Waiting` is the worker's queue.

Forms, versions and people are never deleted, so the rows written for every upload carry
no database constraint towards them: checking it would lock the same few parent rows for
every submission of the county (api_docs/decisions/0040).
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from server.accounts.models import FieldAccount
from server.forms.models import EncryptionKey, Form, FormVersion
from server.geo.models import AreaCodeField


class ReviewState(models.TextChoices):
    """ODK's review states (code list RS)."""

    RECEIVED = "received", _("received")
    HAS_ISSUES = "has_issues", _("has issues")
    EDITED = "edited", _("edited")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")


TO_REVIEW: Final = (ReviewState.RECEIVED, ReviewState.EDITED, ReviewState.HAS_ISSUES)
"""What still needs a decision."""


class Submission(models.Model):
    """One record a worker sent, through all its edits. Its name is the first instanceID."""

    form = models.ForeignKey(
        Form, models.PROTECT, related_name="submissions", db_constraint=False, db_index=False
    )  # indexed by one_submission_per_instance
    instance_id = models.CharField(max_length=249, db_collation="C")
    current_version = models.OneToOneField(
        "SubmissionVersion",
        models.PROTECT,
        null=True,
        related_name="current_of",
        db_constraint=False,
    )  # written in the same statement as the version itself
    review_state = models.CharField(
        max_length=12, choices=ReviewState.choices, default=ReviewState.RECEIVED
    )
    submitter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_constraint=False)
    received_at = models.DateTimeField()  # of the first version

    # Filled by the worker process from the current version (steps.place); all null until then.
    observed_at = models.DateTimeField(null=True)  # the visit's time by the form, made plausible
    area_code = AreaCodeField(blank=True, default="")  # the community the form names
    title = models.CharField(max_length=250, blank=True)  # instanceName, for display
    location = models.PointField(srid=4326, null=True)
    accuracy = models.FloatField(null=True)  # metres
    located_area = AreaCodeField(blank=True, default="")  # the community the point falls in
    flags = models.JSONField(default=list)  # geotag and clock remarks, e.g. ["outside_area"]
    processed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-received_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("form", "instance_id"), name="one_submission_per_instance"
            ),
        )
        indexes = (
            models.Index(fields=("-received_at", "-id"), name="submission_newest_first"),
            models.Index(fields=("area_code", "-received_at"), name="submission_by_area"),
            models.Index(
                fields=("area_code", "-received_at"),
                name="submission_to_review",
                condition=Q(review_state__in=("received", "edited", "has_issues")),
            ),
        )

    def __str__(self) -> str:
        return self.title or self.instance_id

    @property
    def awaits_approval(self) -> bool:
        """Whether its current version does not count in the ledgers before it is approved."""
        return self.form.needs_approval and self.review_state in TO_REVIEW


class SubmissionVersion(models.Model):
    """One received instance: its bytes as they came, compressed and sealed. Append-only."""

    submission = models.ForeignKey(
        Submission, models.PROTECT, related_name="versions", db_constraint=False
    )  # written in the same statement as the submission
    form = models.ForeignKey(
        Form, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    form_version = models.ForeignKey(
        FormVersion, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    instance_id = models.CharField(max_length=249, db_collation="C")
    deprecated_id = models.CharField(max_length=249, blank=True, default="", db_collation="C")
    sha256 = models.BinaryField(max_length=32)  # of the received bytes
    document = models.BinaryField()  # core.sealing.seal_document of the received bytes
    size = models.PositiveIntegerField()  # of the received bytes
    received_at = models.DateTimeField()
    field_account = models.ForeignKey(
        FieldAccount,
        models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    submitter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    device_id = models.CharField(max_length=200, blank=True, default="")
    user_agent = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ("received_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("form", "instance_id"), name="one_version_per_instance"
            ),
        )


class ApprovedVersion(models.Model):
    """The version of a record that was approved before an edit took its place.

    It stands until the edit is approved: where the form's records need approval, the
    ledgers count it meanwhile (submissions/counting.py).
    """

    submission = models.OneToOneField(
        Submission, models.PROTECT, primary_key=True, related_name="approved"
    )
    version = models.OneToOneField(SubmissionVersion, models.PROTECT, related_name="approved_of")

    # As the submission's, but of this version (steps.place).
    observed_at = models.DateTimeField(null=True)
    area_code = AreaCodeField(blank=True, default="")
    flags = models.JSONField(default=list)


class EncryptedVersion(models.Model):
    """What became of a version that arrived encrypted (submissions/opening.py)."""

    class State(models.TextChoices):
        INCOMPLETE = "incomplete", _("files are missing")
        SEALED = "sealed", _("the key is not here")
        OPENED = "opened", _("opened")
        TAMPERED = "tampered", _("altered after encryption")

    version = models.OneToOneField(
        SubmissionVersion, models.PROTECT, primary_key=True, related_name="encrypted"
    )
    key = models.ForeignKey(
        EncryptionKey, models.PROTECT, null=True, related_name="records"
    )  # of the form version; null when that carries none
    state = models.CharField(max_length=12, choices=State.choices)
    missing = models.JSONField(default=list)  # names of files still to come
    document = models.BinaryField(null=True)  # the answers, sealed as SubmissionVersion.document
    opened_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("state", "key"), name="encrypted_by_state"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(state="opened") ^ Q(document__isnull=True),
                name="answers_are_here_when_opened",
            ),
        )


class Attachment(models.Model):
    """A file that came with a version, by its flat name; the bytes lie among the blobs.

    A file of an encrypted record has a second row once it is opened, by its real name.
    """

    version = models.ForeignKey(SubmissionVersion, models.PROTECT, related_name="attachments")
    opened_from = models.OneToOneField("self", models.PROTECT, null=True, related_name="opened")
    name = models.CharField(max_length=500, db_collation="C")
    sha256 = models.BinaryField(max_length=32)
    md5 = models.CharField(max_length=32)
    size = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=200, blank=True, default="")
    received_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=("version", "name"),
                name="one_attachment_per_name",
                condition=Q(opened_from=None),
            ),
        )


class ReviewDecision(models.Model):
    """A desk act on a submission: who decided what, why, when. Append-only; the last one holds."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="decisions")
    state = models.CharField(max_length=12, choices=ReviewState.choices)
    reason = models.TextField(_("reason"), blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")


class Comment(models.Model):
    """What a person at the desk said of a submission without deciding about it. Append-only."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="comments")
    body = models.TextField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")


class Waiting(models.Model):
    """A submission the worker process has still to take up (new, edited, or decided upon).

    Append-only for those who queue, so that they never wait for the worker: a submission
    may wait several times, and is taken up as it is then.
    """

    submission = models.ForeignKey(
        Submission, models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    queued_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "waiting"
        ordering = ("id",)


class AcceptedDocument(models.Model):
    """A document that came out of the quarantine: what its phone still holds, and the version it was stored as.

    A repair may have changed the bytes or the instanceID, so that neither leads from the
    phone's document to the version. Append-only.
    """

    sha256 = models.BinaryField(max_length=32, unique=True)  # of the bytes as received
    instance_id = models.CharField(max_length=250, blank=True, db_collation="C")  # as received
    version = models.ForeignKey(SubmissionVersion, models.PROTECT, related_name="+")

    class Meta:
        indexes = (models.Index(fields=("instance_id",), name="accepted_by_instance"),)
