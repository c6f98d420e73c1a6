"""Filters of the list of imports."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.filters import AnyOf, ListFilters, Ordering
from server.imports.models import Import
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.intake.old_columns import LEDGERS


class ImportFilters(ListFilters):
    """Filters of the list of imports."""

    state = AnyOf(
        field_name="state",
        lookup_expr="in",
        label=_("State"),
        codes=lambda: Import.State.values,
        options=lambda _access: Import.State.choices,
    )
    ledger = AnyOf(
        field_name="ledger",
        lookup_expr="in",
        label=_("Ledger"),
        codes=lambda: LEDGERS,
        options=lambda _access: [(name, str(DEFINITIONS[name].label)) for name in LEDGERS],
    )
    ordering = Ordering("created_at")

    class Meta:
        model = Import
        fields = ()
