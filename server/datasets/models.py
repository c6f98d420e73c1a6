"""Entity lists of the office's own: their properties, their entities, and what each form or person gave to an entity.

An `EntityVersion` is never changed but for whether it counts; the values of an entity are folded
from its versions (versions.py, decision 0380). What people wrote is sealed (decision 0315).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from server.core.sealed_fields import SealedJSON, SealedText
from server.geo.models import AreaCodeField


class Dataset(models.Model):
    """An entity list, which forms know by its name: the file NAME.csv."""

    name = models.CharField(max_length=100, unique=True, db_collation="C")
    areas = models.JSONField()  # prefixes of division codes: whose list it is; [""] is everywhere
    area_property = models.CharField(
        max_length=100, blank=True, default=""
    )  # holds an entity's division code; "": all people of the list's areas share the entities
    needs_approval = models.BooleanField(
        default=False
    )  # forms make entities only once their record is approved
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class DatasetProperty(models.Model):
    """A property of a list's entities. Properties are added, by forms or people, and never removed."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="properties")
    name = models.CharField(max_length=100, db_collation="C")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "dataset properties"
        constraints = (
            models.UniqueConstraint(fields=("dataset", "name"), name="one_property_per_name"),
        )

    def __str__(self) -> str:
        return self.name


class Entity(models.Model):
    """An entity of a list as it stands: what its versions fold to. Rows are never deleted, so that phones learn what was."""

    class Gone(models.TextChoices):
        """Why phones no longer get the entity."""

        DELETED = "deleted", _("deleted by office staff")
        WITHDRAWN = "withdrawn", _("its record is rejected or deleted")

    class Conflict(models.TextChoices):
        """The worst disagreement about the entity that nobody has resolved."""

        SOFT = "soft", _("others changed other properties")
        HARD = "hard", _("others changed the same property")

    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="entities")
    uuid = models.UUIDField()
    area_code = AreaCodeField(blank=True, default="")
    is_shared = models.BooleanField(
        default=False
    )  # also those see the entity whose areas lie within area_code
    version = models.PositiveIntegerField()  # of its last version; only rises
    label = SealedText(default="")
    values = SealedJSON(default=dict)  # property → text
    conflict = models.CharField(max_length=4, blank=True, default="", choices=Conflict.choices)
    gone_as = models.CharField(max_length=9, blank=True, default="", choices=Gone.choices)
    gone_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    changes = models.PositiveIntegerField(default=1)  # how often the row changed for phones

    class Meta:
        ordering = ("uuid",)
        verbose_name_plural = "entities"
        constraints = (
            models.UniqueConstraint(fields=("dataset", "uuid"), name="one_entity_per_uuid"),
        )
        indexes = (models.Index(fields=("dataset", "area_code"), name="entities_by_area"),)

    def __str__(self) -> str:
        return str(self.uuid)


class EntityVersion(models.Model):
    """What one record, or one person, gave to an entity."""

    entity = models.ForeignKey(Entity, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    place = (
        models.PositiveIntegerField()
    )  # the version in whose place it counts: of an edited record, that of the record before
    given = SealedJSON(default=dict)  # property → text; `label` among them, when it was given
    counts = models.BooleanField(
        default=True
    )  # false: its record is rejected, deleted, edited or erased
    is_creation = models.BooleanField(default=False)
    base_version = models.PositiveIntegerField(null=True)  # that whoever gave it had seen
    trunk_version = models.PositiveIntegerField(null=True)
    branch_id = models.CharField(max_length=100, blank=True, default="")
    conflict = models.CharField(
        max_length=4, blank=True, default="", choices=Entity.Conflict.choices
    )
    conflicting: Any = models.JSONField(default=list)  # properties in a hard conflict
    submission_id = models.BigIntegerField(null=True, db_index=True)
    submission_version_id = models.BigIntegerField(null=True)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    created_at = models.DateTimeField()
    user_agent = models.CharField(max_length=200, blank=True, default="")
    source = models.CharField(max_length=250, blank=True, default="")  # the file of an upload

    class Meta:
        ordering = ("entity", "version")
        constraints = (
            models.UniqueConstraint(fields=("entity", "version"), name="one_version_per_number"),
        )

    def __str__(self) -> str:
        return f"{self.entity_id} {self.version}"


class Unapplied(models.Model):
    """An entity block of a record that could not be applied, and why. The record is received all the same."""

    class Fault(models.TextChoices):
        """Why."""

        NO_UUID = "no_uuid", _("the record gives no UUID")
        NO_LABEL = "no_label", _("the record gives no label")
        UNKNOWN = "unknown", _("there is no such entity (yet)")
        EXISTS = "exists", _("there is such an entity already")
        GONE = "gone", _("the entity is deleted")
        OUTSIDE = "outside", _("the entity is of another area than the sender")

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="unapplied")
    uuid = models.UUIDField(null=True)
    submission_id = models.BigIntegerField()
    submission_version_id = models.BigIntegerField()
    ordinal = models.PositiveIntegerField()  # of the block in the document, from 0
    fault = models.CharField(max_length=10, choices=Fault.choices)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-id")
        verbose_name_plural = "unapplied blocks"
        constraints = (
            models.UniqueConstraint(
                fields=("submission_version_id", "ordinal"), name="one_fault_per_block"
            ),
        )
        indexes = (
            models.Index(
                fields=("dataset", "uuid"),
                name="blocks_waiting_for_an_entity",
                condition=Q(fault="unknown"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.submission_version_id} {self.ordinal}"
