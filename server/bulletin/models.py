"""The bulletins of vacancies that offices keep, open or closed."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from server.geo.models import AreaCodeField


class Bulletin(models.Model):
    """A division's page of published vacancies, which needs no log-in while it is open."""

    area_code = AreaCodeField(unique=True)  # whole: of a community, street, county or city
    contact = models.CharField(max_length=200)  # of the office, where people ask for a post
    shows_employers = models.BooleanField(default=True)
    is_open = models.BooleanField(default=False)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ("area_code",)

    def __str__(self) -> str:
        return self.area_code
