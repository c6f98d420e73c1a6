"""Sending answers of a record back to the worker's phone, and withdrawing that."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import ngettext
from django_htmx.http import HttpResponseClientRedirect

from server.console.correction_forms import SendBackForm
from server.console.forms import checked
from server.console.pages import StaffRequest, staff_page
from server.console.record_page import visible_or_404
from server.console.review_queue import Queue
from server.core.clock import now
from server.corrections.services import withdraw as withdraw_row
from server.ledgers import services
from server.submissions.models import Submission


@staff_page("POST")
def send_back(request: StaffRequest, number: int) -> HttpResponse:
    """Ask the worker to give the ticked answers again; the record is shown again."""
    row = visible_or_404(request, number)
    given = checked(SendBackForm(request.POST))
    places = list(dict.fromkeys(request.POST.getlist("answer")))
    services.send_back(
        submission=row,
        places=places,
        reason=given["reason"],
        version=given["version"],
        last_decision=given["last_decision"],
        reviewer=request.user,
        access=request.access,
        at=now(),
    )
    text = ngettext(
        "{n} answer was put on the worker's list. It waits for the phone.",
        "{n} answers were put on the worker's list. They wait for the phone.",
        len(places),
    )
    messages.success(request, text.format(n=len(places)))
    return _shown_again(request, row)


@staff_page("POST")
def withdraw(request: StaffRequest, number: int) -> HttpResponse:
    """Take back what waits for the worker; the record is shown again."""
    row = visible_or_404(request, number)
    count = withdraw_row(submission=row, actor=request.user, access=request.access, at=now())
    text = ngettext("{n} answer was withdrawn.", "{n} answers were withdrawn.", count)
    messages.success(request, text.format(n=count))
    return _shown_again(request, row)


def _shown_again(request: StaffRequest, row: Submission) -> HttpResponse:
    """The record's page: in the queue as it is filtered, or by itself."""
    address = reverse("console:submission", args=[row.pk])
    if request.POST.get("queue"):
        address = Queue(request).address("review-record", row.pk)
    return HttpResponseClientRedirect(address) if request.htmx else HttpResponseRedirect(address)
