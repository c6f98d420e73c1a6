"""Submissions, their versions and files, and what people decided about them.

A `Submission` is one filled-in form through all its edits; a `SubmissionVersion` is one
received instance of it (the first, or an edit) with its exact bytes; an `Attachment` is a
file of a version. `Waiting` is the worker's queue. No received byte is altered after it
was acknowledged.

Forms, versions and people are never deleted, so the rows written for every upload carry
no database constraint towards them: checking it would lock the same few parent rows for
every submission of the county (decision 0040).
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from server.accounts.authority import Reason
from server.accounts.models import FieldAccount
from server.core.resealing import SealedField
from server.core.sealed_fields import SealedText
from server.forms.models import EncryptionKey, Form, FormVersion
from server.geo.models import AreaCodeField
from server.submissions.laid_out import LaidOutAnswers as LaidOutAnswers  # a table of this app


class ReviewState(models.TextChoices):
    """ODK's review states (code list RS; rules.md, Code lists)."""

    RECEIVED = "received", _("received")
    HAS_ISSUES = "has_issues", _("has issues")
    EDITED = "edited", _("edited")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")


TO_REVIEW: Final = (ReviewState.RECEIVED, ReviewState.EDITED, ReviewState.HAS_ISSUES)
"""States that still need a decision."""


class Submission(models.Model):
    """One filled-in form that a worker sent, through all its edits; identified by the first version's instanceID."""

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
    )  # written in the same statement as the version itself; null while that is held (Verdict) or deleted
    review_state = models.CharField(
        max_length=12, choices=ReviewState.choices, default=ReviewState.RECEIVED
    )
    submitter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_constraint=False)
    received_at = models.DateTimeField()  # of the first version

    # Filled by the worker process from the current version (steps.place); all null until then.
    observed_at = models.DateTimeField(null=True)  # the form's time of the visit, else of receipt
    area_code = AreaCodeField(blank=True, default="")  # the community the form names
    title = models.CharField(max_length=250, blank=True)  # instanceName, for display
    location = models.PointField(srid=4326, null=True)
    accuracy = models.FloatField(null=True)  # metres
    located_area = AreaCodeField(blank=True, default="")  # the community the point falls in
    flags = models.JSONField(default=list)  # steps.Flag, e.g. ["outside_area"]
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
            models.Index(fields=("form", "id"), name="submission_by_form"),
            models.Index(fields=("form", "area_code", "id"), name="submission_by_form_and_area"),
            models.Index(
                fields=("-received_at", "-id"),
                name="submission_with_remarks",
                condition=~Q(flags=[]),
            ),
            models.Index(
                fields=("-received_at", "-id"),
                name="submission_rejected",
                condition=Q(review_state="rejected"),
            ),
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
    """One received instance: its bytes as they came, compressed and sealed. Append-only but for erasing (server/erasure)."""

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
    document = SealedField(purpose="document")  # core.sealing.seal_document of the received bytes
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
    sender_areas = ArrayField(
        AreaCodeField(blank=True), null=True
    )  # held by the sender at receipt; null: received before areas were judged, and never judged
    sender_history = ArrayField(
        models.CharField(max_length=40), null=True
    )  # areas held at receipt or before, with their days (authority.HeldArea); null as sender_areas
    erased_at = models.DateTimeField(
        null=True
    )  # then `document` is empty; the row stays as a tombstone, by which a resend is refused

    class Meta:
        ordering = ("received_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("form", "instance_id"), name="one_version_per_instance"
            ),
        )


class Verdict(models.Model):
    """What the rule of writing said of a version (accounts/authority.py): it counts, or it is held.

    Judged once, by the worker; a rebuild reads the stored verdicts and judges nothing. A held
    version is not current, so that it counts nowhere and stands in no list, until office staff
    of `area` accept it; then it is judged again, with their areas beside the sender's.
    """

    class Decision(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        DISMISSED = "dismissed", _("dismissed")

    version = models.ForeignKey(SubmissionVersion, models.PROTECT, related_name="verdicts")
    reason = models.CharField(max_length=20, blank=True, choices=Reason.choices)  # "": it counts
    area = AreaCodeField(blank=True, default="")  # whose office may decide
    areas = ArrayField(AreaCodeField(blank=True))  # that were considered
    judged_at = models.DateTimeField()

    # The decision about a held version; all empty while it waits.
    decision = models.CharField(max_length=10, blank=True, default="", choices=Decision.choices)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    decided_within = ArrayField(
        AreaCodeField(blank=True), default=list
    )  # the areas that the person who accepted reviews

    class Meta:
        ordering = ("judged_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("version",), name="a_version_counts_once", condition=Q(reason="")
            ),
            models.UniqueConstraint(
                fields=("version",),
                name="a_version_is_held_at_one_office",
                condition=~Q(reason="") & ~Q(decision="accepted"),
            ),
        )

    @property
    def is_open(self) -> bool:
        """Whether the version is held and nobody has decided."""
        return self.reason != "" and self.decision == ""


class ApprovedVersion(models.Model):
    """The approved version of a submission that was edited afterwards.

    Where the form needs approval, the ledgers count this version until the edit is approved
    (submissions/counting.py), and again when that approval is taken back.
    """

    submission = models.OneToOneField(
        Submission, models.PROTECT, primary_key=True, related_name="approved"
    )
    version = models.OneToOneField(SubmissionVersion, models.PROTECT, related_name="approved_of")

    # As the columns of Submission, for this version (steps.place).
    observed_at = models.DateTimeField(null=True)
    area_code = AreaCodeField(blank=True, default="")
    flags = models.JSONField(default=list)


class Deletion(models.Model):
    """A submission that office staff took out of lists and ledgers, until it is restored; no timer purges it.

    Meanwhile the submission has no current version, as when its only version is held.
    """

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="deletions")
    version = models.ForeignKey(
        SubmissionVersion, models.PROTECT, related_name="+"
    )  # that was current, and is again once restored
    reason = SealedText(_("reason"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    restored_at = models.DateTimeField(null=True)
    restored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("submission",),
                name="a_submission_is_deleted_once",
                condition=Q(restored_at=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.submission} {self.at:%Y-%m-%d}"


class EncryptedVersion(models.Model):
    """A version that arrived encrypted: whether it could be decrypted, and its answers if so (submissions/opening.py)."""

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
    missing = models.JSONField(default=list)  # names of files that have not arrived
    document = SealedField(purpose="document", null=True)  # decrypted
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
    """A file of a version, by its flat name; the bytes are a blob.

    A file of an encrypted version has a second row once it is decrypted, by its real name.
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


class ErasedFile(models.Model):
    """The hash of a file that was erased from a version, so that its phone cannot bring the file back."""

    version = models.ForeignKey(SubmissionVersion, models.PROTECT, related_name="erased_files")
    sha256 = models.BinaryField(max_length=32)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("version", "sha256"), name="a_file_is_erased_once_from_a_version"
            ),
        )


REASON_FOLLOWS: Final = "…"
"""The reason of a decision whose reason comes as a comment: pyodk posts that after the decision."""


class ReviewDecision(models.Model):
    """A decision by office staff about a submission. Append-only; the last one holds."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="decisions")
    state = models.CharField(max_length=12, choices=ReviewState.choices)
    reason = SealedText(_("reason"), blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    at = models.DateTimeField()
    batch = models.UUIDField(null=True)  # of the act by which many were decided at once

    class Meta:
        ordering = ("at", "id")
        indexes = (
            models.Index(
                fields=("batch",), name="decisions_of_a_batch", condition=Q(batch__isnull=False)
            ),
        )


class ReviewOpening(models.Model):
    """That somebody opened a record for review, so that others see who is at it; of no use after some minutes."""

    submission = models.ForeignKey(
        Submission, models.CASCADE, related_name="openings", db_constraint=False
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("submission", "user"), name="a_record_is_open_once_for_a_user"
            ),
        )


class Comment(models.Model):
    """A remark by office staff on a submission, without a decision. Append-only."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="comments")
    body = SealedText()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")


class Waiting(models.Model):
    """A submission that the worker has still to process: it is new, edited, or was decided upon.

    Whoever queues only adds rows, and so never waits for the worker: a submission may have
    several, and is processed once in the state it has by then.
    """

    submission = models.ForeignKey(
        Submission, models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    queued_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "waiting"
        ordering = ("id",)


class AcceptedDocument(models.Model):
    """A quarantined document that was accepted as a version, by the hash and instanceID that its phone still holds.

    A repair may have changed both, so that the version's own columns do not match them.
    Append-only.
    """

    sha256 = models.BinaryField(max_length=32, unique=True)  # of the bytes as received
    instance_id = models.CharField(max_length=250, blank=True, db_collation="C")  # as received
    version = models.ForeignKey(SubmissionVersion, models.PROTECT, related_name="+")

    class Meta:
        indexes = (models.Index(fields=("instance_id",), name="accepted_by_instance"),)
