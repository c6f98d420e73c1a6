"""The list of exceptions, and the note or desk act that resolves one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import REVIEWERS
from server.console.exception_sentences import subjects_of
from server.console.forms import ReasonForm, checked
from server.console.moves import CorrectionForm
from server.console.pages import (
    StaffRequest,
    area_names,
    page_of,
    query_with,
    render_list,
    staff_page,
)
from server.console.settling import LAST_ACT, settle_context
from server.core.clock import now
from server.ledgers import services
from server.ledgers.filters import ExceptionFilters
from server.ledgers.models import DeskAct, LedgerException
from server.ledgers.selectors import desk_acts, with_records
from server.ledgers.selectors import exceptions as visible

VERDICTS = {"same": services.mark_same, "not_same": services.mark_not_same}


@staff_page()
def exceptions(request: StaffRequest) -> HttpResponse:
    """The exceptions of the user's areas; those that nobody resolved yet unless the address asks otherwise."""
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
        subjects=subjects_of(request.access, page.object_list),
        act=_last_act(request),
        heading="console/exceptions/_head.html",
    )


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def settle(request: StaffRequest, number: int) -> HttpResponse:
    """An exception with what it is about: both values with their sources, or both entries; on POST it is settled.

    A value is chosen or typed, which corrects the entry; a possible duplicate gets a verdict;
    anything else a note.
    """
    row = get_object_or_404(
        _rows(request).filter(request.access.within(roles=REVIEWERS)), pk=number
    )
    context = settle_context(request.access, row)
    if request.method != "POST":
        context |= {
            "row": row,
            "subjects": subjects_of(request.access, [row]),
            "areas": area_names([row.area_code]),
        }
        return render(request, "console/exceptions/settle.html", context)
    note = checked(ReasonForm(request.POST))["reason"]
    act = _act(request, row, context, note)
    if act is not None:
        request.session[LAST_ACT] = act.pk
    still = visible(request.access).filter(pk=row.pk, resolved_at=None).first()
    if still is not None:
        services.resolve_exception(
            exception=still, note=note, user=request.user, access=request.access, at=now()
        )
    return redirect("console:exceptions")


def _act(
    request: StaffRequest, row: LedgerException, context: dict[str, Any], reason: str
) -> DeskAct | None:
    """The desk act that the form asks for; None when a note is all there is."""
    access, at = request.access, now()
    verdict = VERDICTS.get(request.POST.get("verdict", ""))
    if verdict is not None and row.other is not None:
        return verdict(
            family=row.family, entry=row.entry, other=row.other, reason=reason, access=access, at=at
        )
    column = context.get("column")
    if column is None:
        return None
    about: dict[str, Any] = {
        "family": row.family,
        "entry": row.entry,
        "column": column.name,
        "reason": reason,
        "access": access,
        "at": at,
    }
    chosen = request.POST.get("contribution", "")
    if chosen.removeprefix("-").isdecimal() and chosen.isascii():
        return services.choose(contribution=int(chosen), **about)
    if "correct" in request.POST:
        form = CorrectionForm(column, access, context["entry"].area_code, request.POST)
        return services.correct(value=checked(form)["value"], **about)
    return None


def _last_act(request: StaffRequest) -> DeskAct | None:
    """The act that settled an exception on the page before, once, if it still stands."""
    number = request.session.pop(LAST_ACT, None)
    if number is None:
        return None
    return desk_acts(request.access).filter(pk=number, undone_at=None).first()


@staff_page("POST", roles=REVIEWERS)
def resolve(request: StaffRequest, number: int) -> HttpResponse:
    """Resolve an exception with a note; a possible duplicate also by a verdict, which is a desk act."""
    exception = get_object_or_404(
        visible(request.access).filter(request.access.within(roles=REVIEWERS)), pk=number
    )
    note = checked(ReasonForm(request.POST))["reason"]
    verdict = VERDICTS.get(request.POST.get("verdict", ""))
    if verdict is not None and exception.other is not None:
        # The desk act removes the cause, and so the exception itself.
        act = verdict(
            family=exception.family,
            entry=exception.entry,
            other=exception.other,
            reason=note,
            access=request.access,
            at=now(),
        )
        return render(request, "console/exceptions/_decided.html", {"act": act})
    services.resolve_exception(
        exception=exception, note=note, user=request.user, access=request.access, at=now()
    )
    context = {
        "row": _rows(request).get(pk=number),
        "areas": area_names([exception.area_code]),
        "may_resolve": True,
        "subjects": subjects_of(request.access, [exception]),
    }
    return render(request, "console/exceptions/_row.html", context)


def _rows(request: StaffRequest) -> QuerySet[LedgerException]:
    return with_records(request.access, visible(request.access)).select_related("resolved_by")


@staff_page("POST", roles=REVIEWERS)
def undo(request: StaffRequest, number: int) -> HttpResponse:
    """Undo a desk act; the ledgers become what they would be without it."""
    act = get_object_or_404(
        desk_acts(request.access).filter(request.access.within(roles=REVIEWERS)), pk=number
    )
    services.undo(act=act, access=request.access, at=now())
    return render(request, "console/_undo.html", {"is_undone": True})
