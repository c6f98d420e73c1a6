"""The list of exceptions, and how each is resolved and opened again."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from server.accounts.access import REVIEWERS
from server.console.exception_sentences import subjects_of
from server.console.forms import ReasonForm, checked
from server.console.listing import render_listing
from server.console.pages import StaffRequest, area_names, staff_page
from server.console.record_lists import exceptions_list
from server.console.settling import LAST_SETTLED, choice_of, settle_context
from server.core.clock import now
from server.ledgers import services
from server.ledgers.models import LedgerException
from server.ledgers.selectors import desk_acts, with_records
from server.ledgers.selectors import exceptions as visible


@staff_page()
def exceptions(request: StaffRequest) -> HttpResponse:
    """The exceptions of the user's areas; those that nobody resolved yet unless the address asks otherwise."""
    return render_listing(
        request,
        exceptions_list(request),
        subtitle=_("what the ledgers cannot decide by themselves"),
        empty=_("No open exceptions."),
        settled=_last_settled(request),
        heading="console/exceptions/_head.html",
    )


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def settle(request: StaffRequest, number: int) -> HttpResponse:
    """An exception with what it is about: both values with their sources, or both entries; on POST it is resolved.

    What its kind offers is offered here: a value is chosen or typed, a possible duplicate gets a
    verdict, a record gets the state “has issues”; a note alone leaves the ledger as it is.
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
    settled = services.settle(
        exception=row,
        choice=choice_of(request, context),
        note=note,
        user=request.user,
        access=request.access,
        at=now(),
    )
    request.session[LAST_SETTLED] = settled.pk
    return redirect("console:exceptions")


def _last_settled(request: StaffRequest) -> LedgerException | None:
    """The exception that the page before resolved, once, if it is still resolved."""
    number = request.session.pop(LAST_SETTLED, None)
    if number is None:
        return None
    return visible(request.access).filter(pk=number, resolved_at__isnull=False).first()


@staff_page("POST", roles=REVIEWERS)
def reopen(request: StaffRequest, number: int) -> HttpResponse:
    """Take back how an exception was resolved, with the act that resolved it."""
    row = get_object_or_404(
        visible(request.access).filter(request.access.within(roles=REVIEWERS)), pk=number
    )
    services.unsettle(exception=row, user=request.user, access=request.access, at=now())
    messages.success(
        request, _("Taken back. If its cause still exists, the exception is open again.")
    )
    return redirect("console:exceptions")


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
