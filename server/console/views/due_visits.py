"""The visits due and overdue: a list with reasons, and a month by days."""

from __future__ import annotations

from calendar import Calendar
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from server.accounts.selectors import workers
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
from server.ledgers.selectors import PLANS, DueVisit, DueVisits

MONTH = "month"
"""The parameter of the address that names a month, as 2026-11; with it the page shows the month."""
PLACES = (MONTH, "cursor")
YEARS = range(2000, 2100)
"""The years whose months the page shows."""


@staff_page()
def due_visits(request: StaffRequest) -> HttpResponse:
    """The visits due in the user's areas, the longest overdue first; or how many are due on each day of a month."""
    access, day = request.access, today()
    every = selectors.due_visits(access, day)

    def narrowed(rows: Any) -> Any:
        return DueVisitFilters(request.GET, rows, access=access).qs

    filterset = DueVisitFilters(request.GET, every.sources[0], access=access)
    is_bad = bool(filterset.errors)
    visits = every.narrowed(narrowed)
    month = _month(request.GET.get(MONTH, ""))
    rows, after = ([], "") if is_bad or month else _page(visits, request.GET.get("cursor", ""))
    query = _query_without(request, *PLACES)
    number = 0 if is_bad or month else visits.count()
    context = {
        **filter_context(filterset, ("area", "worker", "plan", "overdue", "due_to")),
        "page": rows,
        "lines": [(row, _address(row)) for row in rows],
        "number": min(number, COUNTED),
        "capped": number > COUNTED,
        "query": query.urlencode(),
        "next": _with(query, cursor=after) if after else "",
        "filtered": any(value for name, value in query.items()),
        "areas": area_names(row.area_code for row in rows),
        "month": _Month.of(visits, month, query, day) if month and not is_bad else None,
        "this_month": _with(query, month=f"{day:%Y-%m}"),
        "day": day,
        "sheet": "" if is_bad else _sheet(request, filterset.form.cleaned_data),
        "title": _("Visits due"),
    }
    last_row = None if request.GET.get("cursor") else len(rows)
    return render_parts(
        request, "console/due", filterset, context, rows=len(rows), last_row=last_row
    )


@dataclass(frozen=True, slots=True)
class _Cell:
    """A day of the month with what is due on it."""

    day: date
    is_inside: bool
    is_today: bool
    is_overdue: bool
    number: int
    plans: list[tuple[Any, int]]  # label and number, the most first
    query: str  # of the day's list


@dataclass(frozen=True, slots=True)
class _Month:
    """A month as the page shows it."""

    first: date
    weeks: list[list[_Cell]]
    before: str  # the queries of the months before and after, and of the list
    after: str
    listed: str

    @staticmethod
    def of(visits: DueVisits, first: date, query: QueryDict, today_: date) -> _Month:
        """Count the visits of each day that the month's weeks show. One query a ledger."""
        weeks = Calendar().monthdatescalendar(first.year, first.month)
        counts = visits.by_day(weeks[0][0], weeks[-1][-1])

        def cell(day: date) -> _Cell:
            plans = counts.get(day, Counter())
            return _Cell(
                day, day.month == first.month, day == today_, day < today_, plans.total(),
                [(PLANS[plan], number) for plan, number in plans.most_common()],
                _with(query, due_from=f"{day}", due_to=f"{day}"),
            )  # fmt: skip

        return _Month(
            first,
            [[cell(day) for day in week] for week in weeks],
            _with(query, month=f"{first - timedelta(days=1):%Y-%m}"),
            _with(query, month=f"{first + timedelta(days=31):%Y-%m}"),
            query.urlencode(),
        )


def _sheet(request: StaffRequest, chosen: Mapping[str, Any]) -> str:
    """The address of the day sheet of the worker that the list is narrowed to; "" of nobody. At most one query."""
    if not chosen["worker"]:
        return ""
    worker = workers(request.access).filter(pk=int(chosen["worker"])).first()
    if worker is None:
        return ""
    day = chosen["due_to"] or today()
    return f"{reverse('console:day-sheet', args=[worker.pk])}?due_to={day}"


def _month(text: str) -> date | None:
    """The first day of the month that an address names; None for anything else, because old links must open."""
    try:
        first = date.fromisoformat(f"{text}-01") if text else None
    except ValueError:
        return None
    return first if first and first.year in YEARS else None


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


def _with(query: QueryDict, **values: str) -> str:
    changed = query.copy()
    for name, value in values.items():
        changed[name] = value
    return changed.urlencode()
