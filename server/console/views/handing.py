"""Handing visits due to another worker, from the list or the board: a preview first where asked for, undone as one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from server.accounts.access import REVIEWERS
from server.console.forms import ReasonForm, checked
from server.console.pages import StaffRequest, area_names, staff_page
from server.console.problems import FormFieldsWrong
from server.console.views.bulk import tell
from server.core.clock import now, today
from server.ledgers import selectors
from server.ledgers.desk.bulk import MOST
from server.ledgers.filters import DueVisitFilters
from server.ledgers.selectors import DueVisit
from server.ledgers.services import hand_over


@staff_page("POST", roles=REVIEWERS)
def hand_over_visits(request: StaffRequest) -> HttpResponse:
    """Hand the chosen visits, or all of the list's filters, to a worker; with `step` preview, show first what it would do.

    Raises FormFieldsWrong, NoSuchWorker.
    """
    worker = request.POST.get("worker", "")
    if not worker.isdecimal():
        raise FormFieldsWrong(field=_("Worker"), message=_("Choose one."))
    visits = _chosen(request)
    if not 0 < len(visits) <= MOST:
        raise FormFieldsWrong(
            field=_("Rows"), message=_("Choose from 1 to {most}.").format(most=MOST)
        )
    back = QueryDict(request.POST.get("query", ""))
    if request.POST.get("step") == "preview":
        handing = selectors.plan_handing(visits, worker=int(worker), access=request.access)
        context = {
            "handing": handing,
            "areas": area_names(visit.area_code for visit in visits),
            "reason": request.POST.get("reason", "")[:500],
            "query": back.urlencode(),
        }
        return render(request, "console/due/hand_over.html", context)
    reason = checked(ReasonForm(request.POST))["reason"]
    outcome = hand_over(visits, worker=int(worker), reason=reason, access=request.access, at=now())
    tell(request, outcome)
    return redirect(f"{reverse('console:due-visits')}?{back.urlencode()}")


def _chosen(request: StaffRequest) -> list[DueVisit]:
    """The visits that the form names, or those of the list's filters: one more than may be decided at once."""
    visits = selectors.due_visits(request.access, today())
    if request.POST.get("all"):
        filters = QueryDict(request.POST.get("query", ""))

        def narrowed(rows: Any) -> Any:
            return DueVisitFilters(filters, rows, access=request.access).qs

        first = visits.sources[0]
        if DueVisitFilters(filters, first, access=request.access).errors:
            raise FormFieldsWrong(field=_("Rows"), message=_("Choose the visits again."))
        return visits.narrowed(narrowed).page("", MOST + 1)[0]
    try:
        keys = [UUID(key) for key in request.POST.getlist("entry")[: MOST + 1]]
    except ValueError:
        raise Http404 from None
    return visits.named(keys)
