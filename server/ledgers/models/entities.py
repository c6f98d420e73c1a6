"""What phones were told of ledger entries, and what forms claimed about them: facts of history, never rebuilt."""

from __future__ import annotations

from django.db import models

from server.geo.models import AreaCodeField


class ListedEntity(models.Model):
    """An entry that phones can have seen in an entity list, with the version they saw.

    Versions only rise and rows are never deleted: a row that left its list keeps its
    number and is the tombstone by which `integrityUrl` knows it (decision 0150). Version
    0 was never listed: its record was refused first.
    """

    class Left(models.TextChoices):
        """Why the entry is no longer in the list."""

        CLOSED = "closed"  # still in its ledger
        REMOVED = "removed"  # voided, or its creation rejected

    pk = models.CompositePrimaryKey("list", "entity")
    list = models.CharField(max_length=40)
    entity = models.UUIDField()
    version = models.PositiveIntegerField()
    area_code = AreaCodeField(default="")
    seen = models.JSONField(default=dict)  # visible property → digest of its value
    changed = models.JSONField(default=dict)  # visible property → the version that last changed it
    left_as = models.CharField(max_length=8, choices=Left.choices, blank=True, default="")

    class Meta:
        verbose_name_plural = "listed entities"


class EntityClaim(models.Model):
    """One `meta/entity` block of a received instance, and how it was judged when it arrived.

    A judgement is a fact of arrival (which version phones had then), so it is kept and not
    made again; exceptions are drawn from it (decision 0151).
    """

    pk = models.CompositePrimaryKey("version_id", "ordinal")
    columns = models.JSONField(default=list)  # properties another had changed since the base
    version_id = models.BigIntegerField()  # of the submission version
    ordinal = models.PositiveIntegerField()  # in the document, from 0
    submission_id = models.BigIntegerField(db_index=True)
    list = models.CharField(max_length=100, blank=True)
    entity = models.UUIDField(null=True)
    branch_id = models.CharField(max_length=100, blank=True)
    base_version = models.PositiveIntegerField(null=True)  # as the form said
    trunk_version = models.PositiveIntegerField(null=True)
    made_version = models.PositiveIntegerField(null=True)  # the list's version after it
    verdict = models.CharField(max_length=20, blank=True)  # "" is well; see ledgers.claims

    class Meta:
        indexes = (
            models.Index(fields=("entity", "list", "branch_id"), name="claims_on_an_entity"),
            models.Index(
                fields=("list", "entity"),
                name="claims_waiting_for_an_entity",
                condition=models.Q(verdict="unknown_id"),
            ),
        )
