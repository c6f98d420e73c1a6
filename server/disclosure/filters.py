"""Filters of the list of export permits."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.filters import AnyOf, ListFilters, OneOf, Ordering, Since
from server.disclosure.models import ExportPermit
from server.geo.filters import Area


class PermitFilters(ListFilters):
    """Filters of the list of export permits."""

    area = Area(label=_("Area"))
    kind = AnyOf(
        field_name="kind",
        lookup_expr="in",
        label=_("Kind"),
        codes=lambda: dict(ExportPermit.Kind.choices),
        options=lambda _access: ExportPermit.Kind.choices,
    )
    name = OneOf(field_name="name", label=_("Form or ledger"))
    expires_since = Since(field_name="expires_at", label=_("Not expired before"))
    ordering = Ordering("requested_at", "expires_at")

    class Meta:
        model = ExportPermit
        fields = ()
