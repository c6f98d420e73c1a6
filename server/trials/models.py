"""Test records: what phones sent with the token of a draft."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from server.core.resealing import SealedField
from server.forms.models import FormDraft


class TrialRecord(models.Model):
    """A filled-in draft. No ledger, list, count or export of records reads this table.

    Without a draft the record is gone, and only the names of its files are left until they
    are deleted (erasure.trials).
    """

    draft = models.ForeignKey(FormDraft, models.CASCADE, null=True, related_name="records")
    instance_id = models.CharField(max_length=249, blank=True, db_collation="C")
    document = SealedField(purpose="document")  # as SubmissionVersion.document; b"" once it is gone
    sha256 = models.BinaryField(max_length=32)  # of the received bytes
    files = models.JSONField(default=list)  # as submissions.services.files.as_dict
    device_id = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)  # when the draft was published, replaced or deleted

    class Meta:
        ordering = ("-received_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("draft", "instance_id"), name="one_test_record_per_instance_id"
            ),
            models.CheckConstraint(
                condition=Q(draft=None) ^ Q(gone_at=None), name="a_test_record_has_a_draft"
            ),
        )

    def __str__(self) -> str:
        return self.instance_id
