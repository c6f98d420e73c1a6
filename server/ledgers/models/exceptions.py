"""What the fold will not decide by itself."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from server.geo.models import AreaCodeField
from server.ledgers.models.contributions import Family


class LedgerException(models.Model):
    """Something a person has to decide (domain §2). Found again by every fold until it is resolved or its cause is gone."""

    class Kind(models.TextChoices):
        CONFLICT = "conflict", _("conflicting values")
        NAME_DIFFERS = "name_differs", _("same ID number, other name")
        TWO_HUKOU_HOUSEHOLDS = "two_hukou_households", _("registered in two households")
        BAD_ID = "bad_id", _("ID number fails its check")
        ILLEGAL_MOVE = "illegal_move", _("state change not allowed")
        LOCATION_MISMATCH = "location_mismatch", _("location does not fit")
        CLOCK = "clock", _("device clock not plausible")
        POSSIBLE_DUPLICATE = "possible_duplicate", _("possibly the same")
        ENTITY_CONFLICT = "entity_conflict", _("changed from an older state")
        ENTITY_FAULT = "entity_fault", _("entity cannot be used")

    kind = models.CharField(max_length=24, choices=Kind.choices)
    family = models.CharField(max_length=10, choices=Family.choices)
    entry = models.UUIDField()
    column = models.CharField(max_length=60, blank=True, default="")
    contribution = models.BigIntegerField()  # the one that raised it
    other = models.UUIDField(null=True)  # the second entry of a possible duplicate
    area_code = AreaCodeField(default="")
    detail = models.JSONField(default=dict)  # no personal data
    opened_at = models.DateTimeField()  # received_at of the contribution
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    resolution = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "column", "contribution", "other"),
                name="one_exception_per_cause",
                nulls_distinct=False,
            ),
        )
        indexes = (
            models.Index(fields=("family", "entry"), name="exceptions_of_an_entry"),
            models.Index(fields=("other",), name="exceptions_with_another"),
            models.Index(
                fields=("area_code", "-opened_at"),
                name="open_exceptions_by_area",
                condition=models.Q(resolved_at=None),
            ),
        )
