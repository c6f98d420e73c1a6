"""Exceptions: what the server leaves to office staff to decide."""

from __future__ import annotations

from django.db import models

from server.core.sealed_fields import SealedText
from server.geo.models import AreaCodeField
from server.ledgers.models.choices import (
    EXCEPTION_CHOICES,
    FAMILY_CHOICES,
    RESOLUTION_CHOICES,
    one_of,
)


class LedgerException(models.Model):
    """Something a person has to decide (rules.md, Exceptions). Every fold raises it again until its cause no longer exists; a resolved one stays resolved."""

    kind = models.CharField(max_length=24, choices=EXCEPTION_CHOICES)
    family = models.CharField(max_length=20, choices=FAMILY_CHOICES)
    entry = models.UUIDField()
    column = models.CharField(max_length=60, blank=True, default="")
    contribution = models.BigIntegerField()  # its cause; see definitions/ordinals.py
    other = models.UUIDField(null=True)  # the second entry of a possible duplicate
    area_code = AreaCodeField(default="")
    detail = models.JSONField(default=dict)  # no personal data
    opened_at = models.DateTimeField()  # received_at of the contribution
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    resolution = SealedText(blank=True, default="")
    resolved_as = models.CharField(
        max_length=12, blank=True, default="", db_default="", choices=RESOLUTION_CHOICES
    )  # "" of an open one
    act = models.ForeignKey(
        "ledgers.DeskAct",
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )  # that resolved it
    decision = models.ForeignKey(
        "submissions.ReviewDecision",
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )  # about the record, that resolved it

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = (
            one_of("kind", EXCEPTION_CHOICES, "an_exception_is_of_a_known_kind"),
            one_of("family", FAMILY_CHOICES, "an_exception_is_of_a_known_family"),
            models.UniqueConstraint(
                fields=("kind", "column", "contribution", "other"),
                name="one_exception_per_cause",
                nulls_distinct=False,
            ),
        )
        indexes = (
            models.Index(fields=("entry", "family"), name="exceptions_by_entry"),
            models.Index(fields=("other",), name="exceptions_with_another"),
            models.Index(
                fields=("area_code", "-opened_at"),
                name="open_exceptions_by_area",
                condition=models.Q(resolved_at=None),
            ),
            models.Index(
                fields=("act",),
                name="exceptions_by_act",
                condition=models.Q(act__isnull=False),
            ),
        )
