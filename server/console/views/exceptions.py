"""What the fold would not decide by itself, and the note that settles it."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import REVIEWERS
from server.console.doubts import concerns
from server.console.forms import ReasonForm, checked
from server.console.pages import (
    StaffRequest,
    area_names,
    page_of,
    query_with,
    render_list,
    staff_page,
)
from server.core.clock import now
from server.ledgers import services
from server.ledgers.filters import ExceptionFilters
from server.ledgers.models import LedgerException
from server.ledgers.selectors import desk_acts, with_records
from server.ledgers.selectors import exceptions as visible

VERDICTS = {"same": services.mark_same, "not_same": services.mark_not_same}


@staff_page()
def exceptions(request: StaffRequest) -> HttpResponse:
    query = query_with(request, open="true")
    filterset = ExceptionFilters(query, _rows(request), access=request.access)
    page = page_of(request, filterset.qs)
    return render_list(
        request,
        "console/exceptions/_rows.html",
        filterset,
        page,
        shows=("area", "kind", "open"),
        title=_("Exceptions"),
        subtitle=_("what the ledgers cannot decide by themselves"),
        empty=gettext_lazy("No open exceptions."),
        areas=area_names(row.area_code for row in page),
        may_resolve=bool(request.access.areas(REVIEWERS)),
        concerns=concerns(request.access, page.object_list),
    )


@staff_page("POST", roles=REVIEWERS)
def resolve(request: StaffRequest, number: int) -> HttpResponse:
    found = get_object_or_404(
        visible(request.access).filter(request.access.within(roles=REVIEWERS)), pk=number
    )
    note = checked(ReasonForm(request.POST))["reason"]
    verdict = VERDICTS.get(request.POST.get("verdict", ""))
    if verdict is not None and found.other is not None:
        # A desk act takes the cause away, and the exception goes with it.
        act = verdict(
            family=found.family,
            entry=found.entry,
            other=found.other,
            reason=note,
            access=request.access,
            at=now(),
        )
        return render(request, "console/exceptions/_decided.html", {"act": act})
    services.resolve_exception(
        exception=found, note=note, user=request.user, access=request.access, at=now()
    )
    context = {
        "row": _rows(request).get(pk=number),
        "areas": area_names([found.area_code]),
        "may_resolve": True,
        "concerns": concerns(request.access, [found]),
    }
    return render(request, "console/exceptions/_row.html", context)


def _rows(request: StaffRequest) -> QuerySet[LedgerException]:
    return with_records(request.access, visible(request.access)).select_related("resolved_by")


@staff_page("POST", roles=REVIEWERS)
def undo(request: StaffRequest, number: int) -> HttpResponse:
    """Take back what was decided at the desk; the ledgers become what they were without it."""
    act = get_object_or_404(
        desk_acts(request.access).filter(request.access.within(roles=REVIEWERS)), pk=number
    )
    services.undo(act=act, access=request.access, at=now())
    return render(request, "console/_undo.html", {"is_undone": True})
