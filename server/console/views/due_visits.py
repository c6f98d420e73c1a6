"""The visits due and overdue: a list with reasons, a week and a month by days, a board by workers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from server.accounts.access import REVIEWERS
from server.accounts.selectors import workers
from server.console.due_views import (
    board_of,
    chips_of,
    monday_of,
    month_of,
    week_of,
    with_values,
)
from server.console.pages import (
    PAGE_SIZE,
    StaffRequest,
    area_names,
    filter_context,
    render_parts,
    staff_page,
)
from server.core.clock import today
from server.core.paging import COUNTED
from server.ledgers import selectors
from server.ledgers.filters import DueVisitFilters
from server.ledgers.selectors import DueVisit, DueVisits

MONTH = "month"
"""The parameter of the address that names a month, as 2026-11; with it the page shows the month."""
WEEK = "week"
"""Names a day of the week that the page shows."""
BOARD = "board"
PLACES = (MONTH, WEEK, BOARD, "cursor")
YEARS = range(2000, 2100)
"""The years whose months the page shows."""


@staff_page()
def due_visits(request: StaffRequest) -> HttpResponse:
    """The visits due in the user's areas, the longest overdue first; or as a week, a month, or a board of workers."""
    access, day = request.access, today()
    every = selectors.due_visits(access, day)

    def narrowed(rows: Any) -> Any:
        return DueVisitFilters(request.GET, rows, access=access).qs

    filterset = DueVisitFilters(request.GET, every.sources[0], access=access)
    is_bad = bool(filterset.errors)
    query = _query_without(request, *PLACES)
    context = {
        **filter_context(filterset, ("area", "worker", "unassigned", "plan", "overdue", "due_to")),
        "page": [],
        "query": query.urlencode(),
        "day": day,
        "sheet": "" if is_bad else _sheet(request, filterset.form.cleaned_data),
        "title": _("Visits due"),
        "may_assign": bool(access.areas(REVIEWERS)),
    }
    rows = 0
    if not is_bad:
        context |= _view(request, every.narrowed(narrowed), query, day)
        rows = len(context.get("lines", ()))
        if "board" in context:
            rows = context["board"].number
        elif not request.htmx and "lines" in context:
            context["chips"] = chips_of(every, day)
    last_row = None if request.GET.get("cursor") else rows
    return render_parts(request, "console/due", filterset, context, rows=rows, last_row=last_row)


def _view(request: StaffRequest, visits: DueVisits, query: QueryDict, day: date) -> dict[str, Any]:
    """What the page shows of the visits: the list, unless the address names another view."""
    access, asked = request.access, request.GET
    month = _month(asked.get(MONTH, ""))
    week = _day(asked.get(WEEK, "")) if not month else None
    name = MONTH if month else WEEK if week else BOARD if asked.get(BOARD) else ""
    context: dict[str, Any] = {
        "view": name,
        "kept": [(name, asked[name])] if name else [],
        "views": [
            (_("List"), query.urlencode(), name == ""),
            (_("Week"), with_values(query, week=f"{monday_of(day)}"), name == WEEK),
            (_("Month"), with_values(query, month=f"{day:%Y-%m}"), name == MONTH),
            (_("Board"), with_values(query, board="1"), name == BOARD),
        ],
    }
    if month:
        return {**context, "month": month_of(visits, month, query, day)}
    if week:
        return {**context, "week": week_of(visits, monday_of(week), query, access, day)}
    if name == BOARD:
        staff = _staff(request)
        return {**context, "board": board_of(visits, staff), "people": staff}
    rows, after = _page(visits, asked.get("cursor", ""))
    number = visits.count()
    return {
        **context,
        "page": rows,
        "lines": [(row, _address(row)) for row in rows],
        "number": min(number, COUNTED),
        "capped": number > COUNTED,
        "next": with_values(query, cursor=after) if after else "",
        "filtered": any(value for name, value in query.items()),
        "areas": area_names(row.area_code for row in rows),
        "people": _staff(request) if access.areas(REVIEWERS) else [],
    }


def _staff(request: StaffRequest) -> list[Any]:
    """The workers of the user's areas, by name. One query."""
    return list(workers(request.access).prefetch_related(None).order_by("username"))


def _sheet(request: StaffRequest, chosen: Mapping[str, Any]) -> str:
    """The address of the day sheet of the worker, or the division, that the list is narrowed to; "" of neither. At most one query."""
    day = chosen["due_to"] or today()
    if chosen["worker"]:
        worker = workers(request.access).filter(pk=int(chosen["worker"])).first()
        if worker is not None:
            return f"{reverse('console:day-sheet', args=[worker.pk])}?due_to={day}"
    if chosen["area"]:
        query = _query_without(request, *PLACES)
        query["due_to"] = f"{day}"
        return f"{reverse('console:area-sheet')}?{query.urlencode()}"
    return ""


def _month(text: str) -> date | None:
    """The first day of the month that an address names; None for anything else, because old links must open."""
    try:
        first = date.fromisoformat(f"{text}-01") if text else None
    except ValueError:
        return None
    return first if first and first.year in YEARS else None


def _day(text: str) -> date | None:
    """The day that an address names; None for anything else."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day and day.year in YEARS else None


def _page(visits: DueVisits, after: str) -> tuple[list[DueVisit], str]:
    """The page after a place; the first one for a place that is none."""
    try:
        return visits.page(after, PAGE_SIZE)
    except ValueError:
        return visits.page("", PAGE_SIZE)


def _address(row: DueVisit) -> str:
    """The page of whom to visit; "" where the reader does not see the entry."""
    for name, key in (("person", row.person), ("household", row.household)):
        if key:
            return reverse(f"console:{name}", args=[key])
    return reverse("console:employer", args=[row.employer]) if row.employer else ""


def _query_without(request: StaffRequest, *names: str) -> QueryDict:
    query = request.GET.copy()
    for name in names:
        query.pop(name, None)
    return query
