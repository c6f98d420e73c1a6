"""Filters of the list of erasures."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.filters import AnyOf, ListFilters, Ordering, Since, Until
from server.erasure.models import Erasure
from server.geo.filters import Area


class ErasureFilters(ListFilters):
    """Filters of the list of erasures."""

    state = AnyOf(
        field_name="state",
        lookup_expr="in",
        label=_("State"),
        codes=lambda: Erasure.State.values,
        options=lambda _access: list(Erasure.State.choices),
    )
    cause = AnyOf(
        field_name="cause",
        lookup_expr="in",
        label=_("Cause"),
        codes=lambda: Erasure.Cause.values,
        options=lambda _access: list(Erasure.Cause.choices),
    )
    area = Area()
    asked_from = Since(field_name="asked_at", label=_("Asked for from"))
    asked_to = Until(field_name="asked_at", label=_("Asked for until"))
    ordering = Ordering("asked_at")

    class Meta:
        model = Erasure
        fields = ()
