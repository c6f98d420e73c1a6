"""The day sheet: visits due of a worker or a community in a suggested order, in large type for paper; and the list of whom to ring."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from server.accounts.access import REVEALERS, common_prefix
from server.accounts.selectors import workers
from server.audit.services import record_list
from server.console.forms import ReasonForm, checked
from server.console.pages import StaffRequest, area_names, staff_page
from server.core.clock import today
from server.disclosure.services import reveal_each
from server.geo.codes import whole_code
from server.geo.nearest import by_nearest
from server.ledgers import selectors
from server.ledgers.filters import DueVisitFilters
from server.ledgers.selectors import DueVisit

DOORS = 40
"""The most visits on a sheet: what a worker can do in a day, and more."""


@staff_page()
def day_sheet(request: StaffRequest, user_id: int) -> HttpResponse:
    """The visits of a worker due until `due_to`, today by default: those due first, by nearest neighbour.

    A day that is none is answered with 400 and a sentence. That the sheet was read is recorded.
    Raises Http404 for a worker outside the user's areas.
    """
    worker = workers(request.access).filter(pk=user_id).first()
    if worker is None:
        raise Http404
    filters = QueryDict(mutable=True)
    filters.update({"worker": str(worker.pk), "due_to": request.GET.get("due_to", "")})
    return _sheet(request, str(worker), filters)


@staff_page()
def area_sheet(request: StaffRequest) -> HttpResponse:
    """The same of a division, a community as a rule: `area` names it; what else narrows the list of visits due narrows the sheet."""
    area = whole_code(request.GET.get("area", "")) or ""
    name = area_names([area]).get(area, "")
    if not name:
        return _refused(request, _("Choose a community in the list of visits due."))
    return _sheet(request, name, request.GET.copy())


def _sheet(request: StaffRequest, title: str, filters: QueryDict) -> HttpResponse:
    access, asked = request.access, filters.get("due_to") or ""
    try:
        day = date.fromisoformat(asked) if asked else today()
    except ValueError:
        return _refused(
            request,
            _("The day is not valid. Write due_to as year, month, day: 2026-11-30."),
        )
    filters["due_to"] = f"{day}"
    visits = selectors.due_visits(access, today())
    if DueVisitFilters(filters, visits.sources[0], access=access).errors:
        return _refused(request, _("Choose the visits again."))

    def narrowed(rows: Any) -> Any:
        return DueVisitFilters(filters, rows, access=access).qs

    rows, _after = visits.narrowed(narrowed).page("", DOORS + 1)
    shown = rows[:DOORS]
    record_list(
        actor=request.user,
        of="visit",
        area=common_prefix(access.areas()),
        rows=len(shown),
        last_row=len(shown),
        facts={"filters": sorted(filters)},
    )
    known = selectors.at_the_doors(access, shown)
    doors = by_nearest(shown, lambda row: row.position, lambda row: row.address)
    context = {
        "of": title,
        "day": day,
        "doors": [(row, known[row.id]) for row in doors],
        "more": len(rows) > DOORS,
        "most": DOORS,
        "areas": area_names(row.area_code for row in shown),
        "query": filters.urlencode(),
        "may_ring": bool(access.areas(REVEALERS)) and any(facts.phone for facts in known.values()),
    }
    return render(request, "console/due/sheet.html", context)


@staff_page("POST", roles=REVEALERS)
def call_list(request: StaffRequest) -> HttpResponse:
    """The phones of those whom the chosen visits are to, in plain on this page only: each is a disclosure with the one reason.

    Where the day's limit is reached in between, the page has those before it, and says so.
    """
    reason = checked(ReasonForm(request.POST))["reason"]
    visits = _chosen(request)
    known = selectors.at_the_doors(request.access, visits)
    rung = dict.fromkeys(known[row.id].phone_of for row in visits if known[row.id].phone)
    revealed, spent = reveal_each(
        request.access, [entry for entry in rung if entry], ["phone"], reason
    )
    phones: dict[Any, Any] = {
        entry: revealed[entry.pk]["phone"] for entry in rung if entry and entry.pk in revealed
    }
    context = {
        "calls": [(row, known[row.id], phones.get(known[row.id].phone_of)) for row in visits],
        "areas": area_names(row.area_code for row in visits),
        "spent": spent,
        "number": len(revealed),
        "reason": reason,
        "day": today(),
        "back": f"{reverse('console:due-visits')}?{QueryDict(request.POST.get('query', '')).urlencode()}",
    }
    return render(request, "console/due/call_list.html", context, status=429 if spent else 200)


def _chosen(request: StaffRequest) -> list[DueVisit]:
    try:
        keys = [UUID(key) for key in request.POST.getlist("entry")[:DOORS]]
    except ValueError:
        raise Http404 from None
    return selectors.due_visits(request.access, today()).named(keys)


def _refused(request: StaffRequest, problem: str) -> HttpResponse:
    context = {"problems": [problem], "doors": []}
    return render(request, "console/due/sheet.html", context, status=400)
