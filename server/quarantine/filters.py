"""Filters of the list of quarantined records."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from server.accounts.filters import worker_options
from server.core.filters import AnyOf, Flag, ListFilters, OneOf, Ordering, Since, Until
from server.core.problems import catalogue
from server.forms.filters import form_options
from server.geo.filters import Area
from server.quarantine.models import Quarantined
from server.quarantine.selectors import quarantined


def _reasons(access: Any) -> list[tuple[str, Any]]:
    """The reasons that occur in what the reader sees, by title."""
    titles = {kind.type: kind.title for kind in catalogue()}
    reasons = quarantined(access).order_by("reason").values_list("reason", flat=True).distinct()
    return [(reason, titles.get(reason, reason)) for reason in reasons]


class QuarantinedFilters(ListFilters):
    """Filters of the list of quarantined records."""

    reason = AnyOf(field_name="reason", lookup_expr="in", label=_("Why"), options=_reasons)
    form = AnyOf(field_name="form_id", lookup_expr="in", label=_("Form"), options=form_options)
    submitter = OneOf(field_name="submitter__username", label=_("Worker"), options=worker_options)
    area = Area(field_name="area")
    is_settled = Flag(
        field_name="resolved_at",
        lookup_expr="isnull",
        exclude=True,
        label=_("State"),
        help_text="Accepted or dismissed.",
        yes=_("resolved"),
        no=_("waiting"),
    )
    received_from = Since(field_name="received_at", label=_("Received from"))
    received_to = Until(field_name="received_at", label=_("Received until"))
    ordering = Ordering("received_at", "reason", "size")

    class Meta:
        model = Quarantined
        fields = ()
