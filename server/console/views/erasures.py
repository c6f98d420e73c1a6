"""Erasures, which two administrators decide, and all that is kept about a person, for the person."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import ADMINISTRATORS
from server.console.forms import ErasureForm, ReasonForm, checked
from server.console.pages import StaffRequest, area_names, page_of, render_list, staff_page
from server.console.presentation import written
from server.core.clock import now
from server.disclosure.services import give_dossier
from server.erasure import selectors, services
from server.erasure.filters import ErasureFilters
from server.ledgers.definitions.columns import Kind
from server.ledgers.reading.dossier import Dossier, Value
from server.ledgers.selectors import persons
from server.submissions.selectors import submissions


@staff_page()
def erasures(request: StaffRequest) -> HttpResponse:
    """The erasures of the areas that the reader administers: those that wait first."""
    if not request.access.areas(ADMINISTRATORS):
        raise Http404
    filterset = ErasureFilters(
        request.GET, selectors.erasures(request.access), access=request.access
    )
    page = page_of(request, filterset.qs)
    return render_list(
        request,
        "console/erasures/_rows.html",
        filterset,
        page,
        shows=("state", "area", "cause", "asked_from", "asked_to"),
        title=_("Erasures"),
        subtitle=_(
            "one administrator asks, another consents; then bytes, files and values are gone for good"
        ),
        empty=gettext_lazy(
            "Nobody has asked for an erasure. An administrator asks for one on the page of a record or of a person."
        ),
        areas=area_names(row.area_code for row in page),
    )


@staff_page("POST")
def ask_for_submission(request: StaffRequest, number: int) -> HttpResponse:
    """Ask that a submission is erased."""
    row = get_object_or_404(submissions(request.access), pk=number)
    asked = checked(ErasureForm(request.POST))
    services.ask_for_submission(
        submission=row,
        cause=asked["cause"],
        reason=asked["reason"],
        user=request.user,
        access=request.access,
        at=now(),
    )
    return redirect("console:erasures")


@staff_page("POST")
def ask_for_person(request: StaffRequest, entry: UUID) -> HttpResponse:
    """Ask that all that records say of a person is erased."""
    asked = checked(ErasureForm(request.POST))
    services.ask_for_person(
        person=entry,
        cause=asked["cause"],
        reason=asked["reason"],
        user=request.user,
        access=request.access,
        at=now(),
    )
    return redirect("console:erasures")


@staff_page("POST")
def decide(request: StaffRequest, number: int) -> HttpResponse:
    """Consent to an erasure, which carries it out, or refuse or withdraw it."""
    row = selectors.erasure(request.access, number)
    decision = services.consent if request.POST.get("decision") == "consent" else services.refuse
    decision(erasure=row, user=request.user, access=request.access, at=now())
    return redirect("console:erasures")


@staff_page("POST")
def dossier(request: StaffRequest, entry: UUID) -> HttpResponse:
    """Everything that is kept about a person, as one file to print or to hand over; recorded with the reason."""
    person = get_object_or_404(persons(request.access), pk=entry)
    reason = checked(ReasonForm(request.POST))["reason"]
    whole = give_dossier(request.access, person, reason)
    areas = area_names(_areas(whole))
    for values in _all_values(whole):
        values[:] = [_in_words(value, areas) for value in values]
    page = render_to_string("console/erasures/dossier.html", {"dossier": whole, "at": now()})
    response = HttpResponse(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{person.pk}.html"'
    return response


def _all_values(whole: Dossier) -> list[list[Value]]:
    return [part.values for part in whole.parts] + [source.values for source in whole.sources]


def _areas(whole: Dossier) -> list[str]:
    return [
        value.value
        for values in _all_values(whole)
        for value in values
        if value.column.kind is Kind.AREA
    ]


def _in_words(value: Value, areas: dict[str, str]) -> Value:
    try:
        return Value(value.column, written(value.value, value.column, areas))
    except (AttributeError, TypeError, ValueError):  # a contribution's own shape
        return Value(value.column, str(value.value))
