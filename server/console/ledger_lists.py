"""The list of a ledger: its table, filters, named views and pages, from the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django_filters import FilterSet

from server.accounts.access import REVIEWERS
from server.console.ledger_tables import joined_columns, names_of, table_of
from server.console.pages import PAGE_SIZE, StaffRequest, filter_context, render_parts
from server.console.tables import PLACES, STATE, Reading, State, Table, lines, state_of
from server.core.clock import now
from server.core.keyset import slice_of
from server.core.paging import COUNTED
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.filters import FILTERS
from server.ledgers.models.people import GROUPS
from server.ledgers.selectors import rows_of, voids

_SHOWS: dict[str, tuple[str, ...]] = {
    "person": ("area", "search", "emp_status", *GROUPS),
    "household": ("area", "search", "assisted", "due"),
    "case": ("area", "search", "state", "category", "due"),
    "employer": ("area", "search", "industry"),
    "vacancy": ("area", "search", "state", "is_public_welfare"),
}
"""Ledger → the filters that its form has at once, where not simply the area, the search and the state."""


@dataclass(frozen=True, slots=True)
class LedgerList:
    """A list as an address asks for it."""

    definition: LedgerDefinition
    table: Table
    state: State
    filterset: FilterSet
    rows: QuerySet[Any]  # what passes the filters, in no order


def list_of(request: StaffRequest, definition: LedgerDefinition) -> LedgerList:
    """The list that the request's address describes."""
    table = table_of(definition, request.access)
    every = rows_of(request.access, definition.name).select_related(*joined_columns(definition))
    filterset = FILTERS[definition.name](request.GET, every, access=request.access)
    return LedgerList(
        definition, table, state_of(table, request.GET), filterset, filterset.qs.order_by()
    )


def render_ledger(request: StaffRequest, definition: LedgerDefinition) -> HttpResponse:
    """The page of a ledger's list, or only its results when htmx asks for them.

    A bad value is answered with 400 and the form; then htmx replaces the form as well, until
    its values are good.
    """
    shown = list_of(request, definition)
    state, filterset = shown.state, shown.filterset
    page = slice_of(shown.rows, shown.table.sorted_by(state.sort), state.place, PAGE_SIZE)
    number = shown.rows[: COUNTED + 1].count()
    names = names_of(definition, page.rows)
    shows = [*_shows(definition), *(name for name in state.added if name in filterset.filters)]
    filters = filter_context(filterset, dict.fromkeys(shows))
    context = {
        **filters,
        "title": title_of(definition, request),
        "ledger": definition,
        "table": shown.table,
        "state": state,
        "page": page,
        "lines": lines(state.columns, page.rows, Reading(request.access, names)),
        "has_voids": definition.name in _SHOWS or voids(request.access, definition.name).exists(),
        "count": min(number, COUNTED),
        "is_capped": number > COUNTED,
        "addable": _addable(filterset, [field.name for field in filters["fields"]]),
        "views": _views(definition, state),
        "filtered": any(value for name, value in request.GET.items() if name not in STATE),
        "conditions": conditions(filterset),
        "printed_at": now(),
        "acts": bool(request.access.areas(REVIEWERS))
        and bool(definition.machines or "linked_worker" in definition.columns),
        "places": _places(page, state),
        "kept": kept(request.GET),
    }
    return render_parts(
        request,
        "console/ledgers",
        filterset,
        context,
        rows=len(page.rows),
        last_row=len(page.rows) if state.place.is_first else None,
    )


def conditions(filterset: FilterSet) -> list[tuple[str, str]]:
    """The filters that are set, each in words, for paper and files."""
    form = filterset.form
    if filterset.errors:
        return []
    words_of: list[tuple[str, str]] = []
    for name, field in form.fields.items():
        if value := form.data.get(name):
            choices = getattr(field.widget, "choices", ()) or getattr(field, "choices", ())
            words = {str(code): str(label).strip() for code, label in choices}
            text = ", ".join(words.get(part, part) for part in value.split(","))
            words_of.append((str(field.label), text))
    return words_of


def _shows(definition: LedgerDefinition) -> list[str]:
    declared = _SHOWS.get(definition.name)
    if declared is not None:
        return list(declared)
    return ["area", "search", *(machine.column for machine in definition.machines[:1])]


def title_of(definition: LedgerDefinition, request: StaffRequest) -> str:
    """What the list is called: the named view, or the ledger."""
    view = next((v for v in definition.views if v.name == request.GET.get("view")), None)
    return str((view or definition).label)


def _addable(filterset: FilterSet, shown: list[str]) -> list[tuple[str, str]]:
    """The filters that the form does not have yet, by label."""
    kept = {*shown, "ordering", "view", "in_bbox"}
    offered = [
        (name, str(field.label))
        for name, field in filterset.form.fields.items()
        if name not in kept and field.label
    ]
    return sorted(offered, key=lambda pair: pair[1])


def _views(definition: LedgerDefinition, state: State) -> list[dict[str, Any]]:
    """The ledger as a whole and its named parts, as tabs."""
    if not definition.views:
        return []
    now_shown = state.query.get("view", "")
    tabs = [("", _("All"))] + [(view.name, str(view.label)) for view in definition.views]
    return [
        {"label": label, "url": state.link(view=name or None), "current": name == now_shown}
        for name, label in tabs
    ]


def _places(page: Any, state: State) -> dict[str, str]:
    """Links to the first, previous, next and last page, those that there are."""
    links: dict[str, str] = {}
    if page.has_before:
        links["first"] = state.link()
        links["before"] = state.link(before=str(page.first))
    if page.has_after:
        links["after"] = state.link(after=str(page.last))
        links["last"] = state.link(last="1")
    return links


def kept(query: QueryDict) -> list[tuple[str, str]]:
    """What forms beside the filters keep of the address: all but the place, each parameter once."""
    names = [name for name in query if name not in PLACES]
    return [(name, text) for name in names for text in query.getlist(name) if text]
