"""Revealing a masked value, searching by number, export permits, and the log of everybody who did (security.md, Masks)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from server.accounts.access import REVEALERS, REVIEWERS
from server.console.account_lists import disclosures_list
from server.console.forms import FindForm, PermitForm, ReasonForm, checked
from server.console.listing import render_listing
from server.console.pages import StaffRequest, area_names, page_of, staff_page
from server.console.problems import FormFieldsWrong
from server.disclosure import selectors as disclosure
from server.disclosure import services
from server.disclosure.models import ExportPermit
from server.disclosure.services import find, reveal
from server.entering.selectors import NUMBER, forms_for_newcomers
from server.ledgers import selectors
from server.ledgers.definitions.columns import columns_of
from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.reading.masking import is_maskable


@staff_page("GET", "HEAD", "POST", roles=REVEALERS)
def sealed(request: StaffRequest, ledger: str, entry: UUID, column: str) -> HttpResponse:
    """Ask for a reason; with one, show the plain value on this page only and log the disclosure."""
    if ledger not in LEDGERS:
        raise Http404
    rows = selectors.rows_of(request.access, ledger).filter(request.access.within(roles=REVEALERS))
    row = get_object_or_404(rows, pk=entry)
    declared = columns_of(type(row)).get(column)
    if declared is None or not is_maskable(declared):
        raise Http404
    context = {"ledger": ledger, "entry": row, "column": declared}
    if request.method == "POST":
        reason = checked(ReasonForm(request.POST))["reason"]
        context["plain"] = reveal(request.access, row, [column], reason)[column]
    return render(request, "console/_reveal.html", context)


@staff_page("GET", "HEAD", "POST", roles=REVEALERS)
def find_by_number(request: StaffRequest) -> HttpResponse:
    """Search persons, households and employers by a whole number; with a reason, limited and logged."""
    form = FindForm(request.POST if request.method == "POST" else None, access=request.access)
    context: dict[str, Any] = {"title": _("Search by number"), "form": form}
    status = 200
    if request.method == "POST":
        if form.is_valid():
            ledger, column = form.cleaned_data["column"].split(".")
            rows = find(
                request.access,
                selectors.rows_of(request.access, ledger),
                column,
                form.cleaned_data["number"],
                form.cleaned_data["reason"],
            )
            kept = {name: form.cleaned_data[name] for name in ("column", "reason")}
            context |= {
                "form": FindForm(access=request.access, initial=kept),  # without the number
                "ledger": ledger,
                "rows": rows,
                "areas": area_names(row.area_code for row in rows),
            }
            if not rows and form.cleaned_data["column"] == NUMBER:
                context["asked"] = form.cleaned_data["number"]
                context["newcomers"] = forms_for_newcomers(request.access)
        else:
            status = 400
    return render(request, "console/find.html", context, status=status)


@staff_page(roles=REVEALERS)
def permits(request: StaffRequest) -> HttpResponse:
    """The export permits of the user's areas, and the form to ask for one."""
    return _permits(request, PermitForm(access=request.access))


@staff_page("POST", roles=REVEALERS)
def new_permit(request: StaffRequest) -> HttpResponse:
    """Ask for an export permit."""
    form = PermitForm(request.POST, access=request.access)
    if not form.is_valid():
        return _permits(request, form, status=400)
    kind, name = form.cleaned_data["subject"].split(":", 1)
    services.request_permit(
        user=request.user,
        access=request.access,
        kind=kind,
        name=name,
        area=form.cleaned_data["area"],
        reason=form.cleaned_data["reason"],
        days=form.cleaned_data["days"],
    )
    return redirect("console:permits")


@staff_page("POST", roles=REVEALERS)
def decide_permit(request: StaffRequest, number: int) -> HttpResponse:
    """Consent to a permit, refuse or withdraw it."""
    act, note = request.POST.get("act", ""), request.POST.get("note", "")[:1000]
    common: dict[str, Any] = {"number": number, "user": request.user, "access": request.access}
    if act == "consent":
        services.consent(**common)
    elif act == "refuse":
        services.refuse(**common, note=note)
    elif act == "withdraw":
        services.withdraw(**common, note=note)
    else:
        raise FormFieldsWrong(field="act", message="consent, refuse, withdraw")
    return redirect("console:permits")


def _permits(request: StaffRequest, form: PermitForm, status: int = 200) -> HttpResponse:
    page = page_of(request, disclosure.permits(request.access))
    context = {
        "title": _("Export permits"),
        "page": page,
        "form": form,
        "subjects": dict(disclosure.subjects(request.access)),
        "areas": area_names(row.area_code.ljust(12, "0") for row in page if row.area_code),
        "States": ExportPermit.State,
    }
    return render(request, "console/permits.html", context, status=status)


@staff_page(roles=REVIEWERS)
def disclosures(request: StaffRequest) -> HttpResponse:
    """The disclosures in the user's areas, newest first: who saw what, and why."""
    return render_listing(
        request,
        disclosures_list(request),
        subtitle=_("who looked behind the mask, opened a file or used a key, and why"),
        empty=_("Nobody has looked yet."),
    )
