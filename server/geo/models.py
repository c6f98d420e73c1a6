"""Divisions (行政区划) and their boundaries, each valid for a time."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import PointOnSurface, Transform
from django.contrib.postgres.indexes import GistIndex
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from server.core.labels import in_chinese


class Level(models.IntegerChoices):
    """The level of a division in the administrative tree."""

    PROVINCE = 1, _("province")
    CITY = 2, _("city")
    COUNTY = 3, _("county")
    STREET = 4, _("street")
    COMMUNITY = 5, _("community")


class AreaCodeField(models.CharField):
    """A 12-digit division code, or a prefix of one.

    Collated "C", so that an ordinary index serves the prefix searches that area filters make.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 12)
        kwargs.setdefault("db_collation", "C")
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class Division(models.Model):
    """A division of the administrative tree: province 2 digits + city 2 + county 2 + street 3 + community 3.

    Divisions are abolished and split while records keep their codes. They are therefore
    never deleted: they get an end date and name their successors.
    """

    code = AreaCodeField(primary_key=True)
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, blank=True)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    successors = models.ManyToManyField("self", symmetrical=False, related_name="predecessors")

    class Meta:
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                condition=Q(code__regex=r"^\d{12}$"), name="division_code_has_12_digits"
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
                name="division_ends_after_it_begins",
            ),
        )

    def __str__(self) -> str:
        return self.name if in_chinese() else self.name_en or self.name

    @property
    def prefix(self) -> str:
        """The digits that every code inside this division begins with."""
        return self.code[: PREFIX_LENGTH[Level(self.level)]]


PREFIX_LENGTH = {
    Level.PROVINCE: 2,
    Level.CITY: 4,
    Level.COUNTY: 6,
    Level.STREET: 9,
    Level.COMMUNITY: 12,
}


class Boundary(models.Model):
    """The outline of a division for a time, in WGS 84."""

    division = models.ForeignKey(Division, models.CASCADE, related_name="boundaries")
    outline = models.MultiPolygonField(srid=4326)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    source = models.CharField(max_length=200, blank=True)
    web_outline = models.GeneratedField(
        expression=Transform("outline", 3857),
        output_field=models.MultiPolygonField(srid=3857),
        db_persist=True,
    )  # for tiles
    web_label = models.GeneratedField(
        expression=PointOnSurface(Transform("outline", 3857)),
        output_field=models.PointField(srid=3857),
        db_persist=True,
    )  # where a map writes the name

    class Meta:
        verbose_name_plural = "boundaries"
        ordering = ("division_id", "valid_from")
        indexes = (GistIndex(fields=("web_outline",), name="boundaries_on_the_map"),)
        constraints = (
            models.UniqueConstraint(
                fields=("division", "valid_from"),
                name="one_boundary_per_division_and_beginning",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
                name="boundary_ends_after_it_begins",
            ),
        )


class ChangeKind(models.TextChoices):
    """What a division got."""

    RENAME = "rename", _("another name")
    RENUMBER = "renumber", _("another code")


class DivisionChange(models.Model):
    """A division got another name (decision 0382) or another code (decision 0358) on a day. Kept for good, also when it is undone.

    From the day on a renamed division has `name`; on the days before it had `name_before`. A
    renumbered one has the same name before and after; it ends, and the division `new_code` follows it.
    """

    kind = models.CharField(max_length=10, choices=ChangeKind.choices, default=ChangeKind.RENAME)
    division = models.ForeignKey(Division, models.PROTECT, related_name="changes")
    takes_effect_on = models.DateField()  # the first day of the new name
    name_before = models.CharField(max_length=100)
    name_en_before = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, blank=True)
    new_code = AreaCodeField(blank=True, default="")  # whole; only of another code
    reason = models.CharField(max_length=500)
    evidence = models.CharField(max_length=100)  # number of the document that orders the change
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("division", "takes_effect_on"),
                condition=Q(undone_at=None),
                name="one_standing_name_per_division_and_day",
            ),
            models.CheckConstraint(
                condition=Q(kind="rename", new_code="")
                | Q(kind="renumber", new_code__regex=r"^\d{12}$"),
                name="only_a_renumbered_division_has_a_new_code",
            ),
            models.UniqueConstraint(
                fields=("new_code",),
                condition=Q(undone_at=None, kind="renumber"),
                name="one_standing_change_gives_a_code",
            ),
        )

    def __str__(self) -> str:
        if self.kind == ChangeKind.RENUMBER:
            return f"{self.division_id} → {self.new_code}"
        return f"{self.name_before} → {self.name}"

    @property
    def shown_before(self) -> str:
        """The name on the days before, in the active language."""
        return self.name_before if in_chinese() else self.name_en_before or self.name_before
