"""Revealing a sealed value, and the log of everybody who did (security.md, Masks)."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from server.accounts import selectors as accounts
from server.accounts.access import REVEALERS, REVIEWERS
from server.console.forms import ReasonForm, checked
from server.console.pages import StaffRequest, area_names, page_of, staff_page
from server.ledgers import selectors
from server.ledgers.definitions.columns import Kind, columns_of
from server.ledgers.services import reveal

LEDGERS = {
    "person": selectors.persons,
    "household": selectors.households,
    "employer": selectors.employers,
}


@staff_page("GET", "HEAD", "POST", roles=REVEALERS)
def sealed(request: StaffRequest, ledger: str, entry: UUID, column: str) -> HttpResponse:
    """Ask for a reason; with one, show the plain value on this page only and log the disclosure."""
    if ledger not in LEDGERS:
        raise Http404
    rows = LEDGERS[ledger](request.access).filter(request.access.within(roles=REVEALERS))
    row = get_object_or_404(rows, pk=entry)
    declared = columns_of(type(row)).get(column)
    if declared is None or declared.kind is not Kind.SEALED:
        raise Http404
    context = {"ledger": ledger, "entry": row, "column": declared}
    if request.method == "POST":
        reason = checked(ReasonForm(request.POST))["reason"]
        context["plain"] = reveal(request.access, row, [column], reason)[column]
    return render(request, "console/_reveal.html", context)


@staff_page(roles=REVIEWERS)
def disclosures(request: StaffRequest) -> HttpResponse:
    """The disclosures in the user's areas, newest first: who saw what, and why."""
    page = page_of(request, accounts.disclosures(request.access))
    context = {
        "title": _("Disclosure log"),
        "page": page,
        "areas": area_names(row.area_code.ljust(12, "0") for row in page if row.area_code),
    }
    return render(request, "console/disclosures.html", context)
