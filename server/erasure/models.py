"""Requests to erase, the decisions about them, and what stays of what was erased."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from server.core.sealed_fields import SealedText
from server.geo.models import AreaCodeField
from server.submissions.models import Submission


class Erasure(models.Model):
    """A request that a record, or all that records say of a person, goes for good; and its tombstone.

    One administrator asks and another consents. Afterwards the row says who did it, when and
    why, and holds no answer. `files` are the hashes of the blobs that are still to be deleted.
    """

    class Subject(models.TextChoices):
        SUBMISSION = "submission", _("one record")
        PERSON = "person", _("everything about one person")

    class Cause(models.TextChoices):
        CONSENT = "consent", _("consent withdrawn")
        ERROR = "error", _("recorded in error")
        RETENTION = "retention", _("kept long enough")

    class State(models.TextChoices):
        ASKED = "asked", _("waits for a second administrator")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")
        CONSENTED = "consented", _("being erased")
        DONE = "done", _("erased")

    subject = models.CharField(max_length=10, choices=Subject.choices)
    submission = models.ForeignKey(Submission, models.PROTECT, null=True, related_name="erasures")
    person = models.UUIDField(null=True)
    area_code = AreaCodeField(blank=True)
    cause = models.CharField(_("cause"), max_length=10, choices=Cause.choices)
    reason = SealedText(_("reason"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)  # when the last file was deleted
    n_submissions = models.PositiveIntegerField(default=0)  # that were erased, whole or in part
    n_files = models.PositiveIntegerField(default=0)
    files = models.JSONField(default=list)  # SHA-256 in hex

    class Meta:
        ordering = ("-asked_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(subject="submission", submission__isnull=False, person=None)
                | Q(subject="person", submission=None, person__isnull=False),
                name="an_erasure_has_its_subject",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("consented", "done"))
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
                name="an_erasure_needs_two_people",
            ),
            models.UniqueConstraint(
                fields=("submission",),
                name="one_open_erasure_of_a_submission",
                condition=Q(state="asked", subject="submission"),
            ),
            models.UniqueConstraint(
                fields=("person",),
                name="one_open_erasure_of_a_person",
                condition=Q(state="asked", subject="person"),
            ),
        )
        indexes = (
            models.Index(fields=("id",), name="erasures_at_work", condition=Q(state="consented")),
        )

    def __str__(self) -> str:
        return f"{self.get_subject_display()} {self.get_state_display()}"
