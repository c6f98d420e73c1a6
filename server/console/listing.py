"""A list of the console as an address asks for it, whichever rows it has: its page, and what its files and saved views need (decision 0384)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django_filters import FilterSet

from server.accounts.access import Access
from server.console.pages import PAGE_SIZE, StaffRequest, filter_context, render_parts
from server.console.tables import PLACES, STATE, Reading, State, Table, lines
from server.core.clock import now
from server.core.keyset import slice_of
from server.core.paging import COUNTED
from server.disclosure.models import ExportPermit

MOST_ROWS = {"csv": 200_000, "xlsx": 50_000}
"""The most rows of a file of each kind: about half a minute of the server's time."""


def _no_permits(_access: Access) -> list[ExportPermit]:
    return []


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as an address asks for it."""

    name: str  # of its saved views
    path: str  # in the addresses of its files and saved views
    address: str  # of its page
    title: str
    table: Table
    state: State
    filterset: FilterSet
    rows: QuerySet[Any]  # what passes the filters, in no order
    read: Callable[[Sequence[Any], Reading], Reading]  # with what the cells of these rows need
    shows: Sequence[str]  # the filters that its form has at once
    permits: Callable[[Access], list[ExportPermit]] = _no_permits
    most: Mapping[str, int] = field(default_factory=lambda: MOST_ROWS)
    defaults: tuple[
        str, ...
    ] = ()  # filters that an address without them sets: it names them empty to lift them


def render_listing(
    request: StaffRequest, shown: Listing, reading: Reading | None = None, **context: Any
) -> HttpResponse:
    """The page of a list, or only its results when htmx asks for them.

    A bad value is answered with 400 and the form; then htmx replaces the form as well, until
    its values are good.
    """
    state, filterset = shown.state, shown.filterset
    page = slice_of(shown.rows, shown.table.sorted_by(state.sort), state.place, PAGE_SIZE)
    number = shown.rows[: COUNTED + 1].count()
    reading = shown.read(page.rows, reading or Reading(request.access))
    shows = [*shown.shows, *(name for name in state.added if name in filterset.filters)]
    filters = filter_context(filterset, dict.fromkeys(shows))
    context = {
        **filters,
        "title": shown.title,
        "listing": shown,
        "table": shown.table,
        "state": state,
        "page": page,
        "lines": lines(state.columns, page.rows, reading),
        "count": min(number, COUNTED),
        "is_capped": number > COUNTED,
        "addable": _addable(filterset, [item.name for item in filters["fields"]]),
        "filtered": any(value for name, value in request.GET.items() if name not in STATE),
        "conditions": conditions(filterset),
        "printed_at": now(),
        "places": _places(page, state),
        "kept": kept(request.GET, shown.defaults),
        **context,
    }
    before = PAGE_SIZE * (state.place.page - 1)
    is_counted = state.place.is_first or state.place.page > 1
    return render_parts(
        request,
        "console/listing",
        filterset,
        context,
        rows=len(page.rows),
        last_row=before + len(page.rows) if is_counted else None,
    )


def conditions(filterset: FilterSet) -> list[tuple[str, str]]:
    """The filters that are set, each in words, for paper and files."""
    form = filterset.form
    if filterset.errors:
        return []
    words_of: list[tuple[str, str]] = []
    for name, item in form.fields.items():
        if value := form.data.get(name):
            choices = getattr(item.widget, "choices", ()) or getattr(item, "choices", ())
            words = {str(code): str(label).strip() for code, label in choices}
            text = words.get(value) or ", ".join(words.get(part, part) for part in value.split(","))
            words_of.append((str(item.label), text))
    return words_of


def _addable(filterset: FilterSet, shown: list[str]) -> list[tuple[str, str]]:
    """The filters that the form does not have yet, by label."""
    left_out = {*shown, "ordering", "view", "in_bbox"}
    offered = [
        (name, str(item.label))
        for name, item in filterset.form.fields.items()
        if name not in left_out and item.label
    ]
    return sorted(offered, key=lambda pair: pair[1])


def tabs(views: Sequence[tuple[str, str]], state: State) -> list[dict[str, Any]]:
    """A list as a whole and its named parts, as tabs."""
    if not views:
        return []
    now_shown = state.query.get("view", "")
    return [
        {"label": label, "url": state.link(view=name or None), "current": name == now_shown}
        for name, label in [("", _("All")), *views]
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


def kept(query: QueryDict, blank: Sequence[str] = ()) -> list[tuple[str, str]]:
    """What forms beside the filters keep of the address: all but the place, each parameter once; those of `blank` even when empty."""
    names = [name for name in query if name not in PLACES]
    return [(name, text) for name in names for text in query.getlist(name) if text or name in blank]
