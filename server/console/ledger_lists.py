"""The list of a ledger: its table, filters and named views, from the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from server.accounts.access import REVIEWERS, Access
from server.console.ledger_tables import joined_columns, names_of, table_of
from server.console.listing import Listing, render_listing, tabs
from server.console.pages import StaffRequest
from server.console.tables import Reading, state_of
from server.disclosure.models import ExportPermit
from server.disclosure.selectors import open_permits
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.filters import FILTERS
from server.ledgers.models.people import GROUPS
from server.ledgers.selectors import rows_of, voids

BY_PATH = {definition.path: definition for definition in DEFINITIONS.values()}
_SHOWS: dict[str, tuple[str, ...]] = {
    "person": ("area", "search", "emp_status", *GROUPS),
    "household": ("area", "search", "assisted", "due"),
    "case": ("area", "search", "state", "category", "due"),
    "employer": ("area", "search", "industry"),
    "vacancy": ("area", "search", "state", "is_public_welfare"),
}
"""Ledger → the filters that its form has at once, where not simply the area, the search and the state."""


def list_of(request: StaffRequest, definition: LedgerDefinition) -> Listing:
    """The list of a ledger that the request's address describes."""
    table = table_of(definition, request.access)
    every = rows_of(request.access, definition.name).select_related(*joined_columns(definition))
    filterset = FILTERS[definition.name](request.GET, every, access=request.access)

    def read(rows: Sequence[Any], reading: Reading) -> Reading:
        return Reading(reading.access, names_of(definition, rows), reading.whole_in)

    def permits(access: Access) -> list[ExportPermit]:
        return open_permits(access, ExportPermit.Kind.LEDGER, definition.name)

    return Listing(
        name=definition.name,
        path=definition.path,
        address=reverse("console:ledger", args=[definition.path]),
        title=_title_of(definition, request),
        table=table,
        state=state_of(table, request.GET),
        filterset=filterset,
        rows=filterset.qs.order_by(),
        read=read,
        shows=_shows(definition),
        permits=permits,
    )


def render_ledger(request: StaffRequest, definition: LedgerDefinition) -> HttpResponse:
    """The page of a ledger's list."""
    shown = list_of(request, definition)
    has_voids = definition.name in _SHOWS or voids(request.access, definition.name).exists()
    may_decide = bool(request.access.areas(REVIEWERS))
    return render_listing(
        request,
        shown,
        ledger=definition,
        has_voids=has_voids and not definition.part_of,
        views=tabs([(view.name, str(view.label)) for view in definition.views], shown.state),
        acts=may_decide and bool(definition.machines or "linked_worker" in definition.columns),
    )


def _shows(definition: LedgerDefinition) -> list[str]:
    declared = _SHOWS.get(definition.name)
    if declared is not None:
        return list(declared)
    return ["area", "search", *(machine.column for machine in definition.machines[:1])]


def _title_of(definition: LedgerDefinition, request: StaffRequest) -> str:
    """What the list is called: the named view, or the ledger."""
    view = next((v for v in definition.views if v.name == request.GET.get("view")), None)
    return str((view or definition).label)
