"""The table of export permits."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from server.core import clock
from server.core.sealed_fields import SealedText
from server.geo.models import AreaCodeField


class ExportPermit(models.Model):
    """Lets a person's programs read a form's records, or a ledger, whole and unmasked for some days in an area.

    It is open from the request on where few rows are concerned, else from a second person's
    consent. Rows are never deleted; each export that a permit allowed is in the audit log.
    """

    class Kind(models.TextChoices):
        """What a permit is for."""

        FORM = "form", _("records of a form")
        LEDGER = "ledger", _("a ledger")

    class State(models.TextChoices):
        """Where a permit stands. Derived; see `state`."""

        WAITING = "waiting", _("waiting for consent")
        OPEN = "open", _("open")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")

    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="export_permits")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    name = models.CharField(max_length=250)  # form_id, or the ledger's name: person, household …
    area_code = AreaCodeField(blank=True)  # a prefix of division codes; "" is everywhere
    reason = SealedText(_("reason"))
    rows = models.PositiveIntegerField()  # concerned when it was asked for
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    needs_consent = models.BooleanField()
    consented_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    note = SealedText(blank=True, default="")  # why it was refused or withdrawn
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(area_code__regex=r"^\d{0,12}$"), name="permit_area_is_a_code_prefix"
            ),
            models.CheckConstraint(
                condition=Q(consented_at=None) | Q(refused_at=None),
                name="permit_is_consented_to_or_refused",
            ),
        )
        indexes = (
            models.Index(fields=("user", "kind", "name"), name="permits_of_a_user"),
            models.Index(fields=("area_code", "-id"), name="permits_by_area"),
        )

    def __str__(self) -> str:
        return f"{self.pk} {self.kind} {self.name}"

    def state_at(self, now: datetime) -> State:
        """Where the permit stands at a time."""
        if self.refused_at is not None:
            return self.State.REFUSED
        if self.withdrawn_at is not None:
            return self.State.WITHDRAWN
        if self.expires_at <= now:
            return self.State.EXPIRED
        if self.needs_consent and self.consented_at is None:
            return self.State.WAITING
        return self.State.OPEN

    @property
    def state(self) -> State:
        """Where the permit stands now."""
        return self.state_at(clock.now())

    @property
    def state_label(self) -> str:
        """The state in words."""
        return str(self.state.label)
