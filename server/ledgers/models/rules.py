"""What offices decided about the rule table: values in force from a day, each kept for good."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from server.geo.models import AreaCodeField


class RuleValue(models.Model):
    """A value of a rule for an area and days, laid over the shipped table (rules.md, Rule table).

    Nothing of it changes but that it is withdrawn once, after which it counts no more, and the
    day up to which the ledgers follow it. The latest decision about a key and area goes first.
    """

    key = models.CharField(max_length=60)
    area_code = AreaCodeField(default="", blank=True)  # a prefix; "" is everywhere
    value = models.CharField(max_length=60)
    since = models.DateField()
    until = models.DateField(null=True)  # exclusive
    reason = models.CharField(max_length=500)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    withdrawn_because = models.CharField(max_length=500, blank=True, default="")
    queued_on = models.DateField()  # its first and last days until then are queued to be folded

    class Meta:
        ordering = ("-decided_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("since")), name="a_rule_value_has_days"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdrawn_because="")
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="a_withdrawn_rule_value_says_by_whom",
            ),
        )
        indexes = (models.Index(fields=("key", "area_code"), name="rule_values_by_key"),)
