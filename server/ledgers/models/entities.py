"""Entity lists: the versions that phones hold, what forms claimed about entities, and list revisions. History, never rebuilt."""

from __future__ import annotations

from django.db import models

from server.geo.models import AreaCodeField


class ListedEntity(models.Model):
    """An entry that has been in an entity list, with the version of it that phones hold.

    Versions only rise and rows are never deleted: an entry that left its list keeps its
    version as a tombstone, which `integrityUrl` reports to phones (decision 0150). A
    tombstone of version 0 was never listed: its submission was rejected first.
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
    """One `meta/entity` block of a received instance, and the verdict on it when it arrived.

    The verdict depends on the entity version that phones held then, so it is made once
    and kept; exceptions follow from it (decision 0151).
    """

    pk = models.CompositePrimaryKey("version_id", "ordinal")
    columns = models.JSONField(
        default=list
    )  # properties that somebody else had changed since base_version
    version_id = models.BigIntegerField()  # of the submission version
    ordinal = models.PositiveIntegerField()  # in the document, from 0
    submission_id = models.BigIntegerField(db_index=True)
    list = models.CharField(max_length=100, blank=True)
    entity = models.UUIDField(null=True)
    branch_id = models.CharField(max_length=100, blank=True)
    base_version = models.PositiveIntegerField(null=True)  # from the block
    trunk_version = models.PositiveIntegerField(null=True)
    made_version = models.PositiveIntegerField(null=True)  # the entity version after it was merged
    verdict = models.CharField(
        max_length=20, blank=True
    )  # "" is ok; ClaimVerdict, or a fault of the block

    class Meta:
        indexes = (
            models.Index(fields=("entity", "list", "branch_id"), name="claims_on_an_entity"),
            models.Index(
                fields=("list", "entity"),
                name="claims_waiting_for_an_entity",
                condition=models.Q(verdict="unknown_id"),
            ),
        )


class EntityListRevision(models.Model):
    """A counter that rises whenever a row of a list changes in a community; the lists' hashes are made of it."""

    list = models.CharField(max_length=40)
    area_code = AreaCodeField()
    revision = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("list", "area_code"), name="one_revision_per_list_and_area"
            ),
        )
