"""What the fold would not decide by itself, and the note that settles it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import REVIEWERS, Access
from server.console.filters import ExceptionFilter
from server.console.forms import ReasonForm, checked
from server.console.pages import StaffRequest, area_names, page_of, render_list, staff_page
from server.core.clock import now
from server.ledgers import services
from server.ledgers.models import LedgerException, Visit
from server.ledgers.selectors import employers, households, persons, visits, with_records
from server.ledgers.selectors import exceptions as visible

ENTRIES: dict[str, Callable[[Access], QuerySet[Any]]] = {
    "person": persons,
    "household": households,
    "employer": employers,
    "visit": visits,
}

VERDICTS = {"same": services.mark_same, "not_same": services.mark_not_same}


@dataclass(frozen=True, slots=True)
class Concern:
    """An entry that something is wrong with."""

    title: str
    address: str  # "" when there is no page


@staff_page()
def exceptions(request: StaffRequest) -> HttpResponse:
    rows = _rows(request)
    found = ExceptionFilter(request.GET, rows, access=request.access)
    page = page_of(request, found.qs)
    return render_list(
        request,
        "console/exceptions/_rows.html",
        found,
        page,
        title=_("Exceptions"),
        subtitle=_("what the ledgers leave for a person to decide"),
        empty=gettext_lazy("No open exceptions. Everything that came in fits."),
        areas=area_names(row.area_code for row in page),
        may_resolve=bool(request.access.areas(REVIEWERS)),
        concerns=_concerns(request, page.object_list),
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
        verdict(
            family=found.family,
            entry=found.entry,
            other=found.other,
            reason=note,
            access=request.access,
            at=now(),
        )
        return render(request, "console/exceptions/_decided.html")
    services.resolve_exception(
        exception=found, note=note, user=request.user, access=request.access, at=now()
    )
    context = {
        "row": _rows(request).get(pk=number),
        "areas": area_names([found.area_code]),
        "may_resolve": True,
        "concerns": _concerns(request, [found]),
    }
    return render(request, "console/exceptions/_row.html", context)


def _rows(request: StaffRequest) -> QuerySet[LedgerException]:
    return with_records(request.access, visible(request.access)).select_related("resolved_by")


def _concerns(request: StaffRequest, rows: Iterable[LedgerException]) -> dict[UUID, Concern]:
    """What the exceptions are about, by name and with an address; one query a ledger."""
    rows = list(rows)
    found: dict[UUID, Concern] = {}
    for family, entries in ENTRIES.items():
        wanted = {
            entry
            for row in rows
            if row.family == family
            for entry in (row.entry, row.other)
            if entry
        }
        if not wanted:
            continue
        for entry in entries(request.access).filter(pk__in=wanted):
            if isinstance(entry, Visit):
                submission = entry.source_submission_id
                title = date_format(localtime(entry.visited_at), "Y-m-d H:i")
                address = reverse("console:submission", args=[submission]) if submission else ""
            else:
                title = str(getattr(entry, "name", None) or getattr(entry, "address", None) or "")
                address = reverse(f"console:{family}", args=[entry.pk])
            found[entry.pk] = Concern(title, address)
    return found
