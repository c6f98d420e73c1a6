"""Submissions: the list, one submission, the decision about it, comments; deleted ones."""

from __future__ import annotations

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.console.forms import CommentForm, DecisionForm, ReasonForm, checked
from server.console.listing import render_listing
from server.console.pages import StaffRequest, area_names, page_of, render_list, staff_page
from server.console.record_lists import submissions_list
from server.console.record_page import (
    decision_context,
    may_review,
    record_context,
    reviewed,
    visible_or_404,
)
from server.console.review_queue import Queue
from server.core.clock import now
from server.submissions import services
from server.submissions.deletions import deletions
from server.submissions.filters import DeletionFilters


@staff_page()
def submissions(request: StaffRequest) -> HttpResponse:
    """The list of all submissions of the reader's areas."""
    link = {"url": reverse("console:deleted"), "label": _("Deleted records")}
    return render_listing(request, submissions_list(request), link=link)


@staff_page()
def submission(request: StaffRequest, number: int) -> HttpResponse:
    """One submission: answers, place, files, versions, what it changed in the ledgers, and decisions."""
    row = visible_or_404(request, number)
    return render(request, "console/submissions/detail.html", record_context(request, row))


@staff_page("POST")
def decide(request: StaffRequest, number: int) -> HttpResponse:
    """Approve or reject a submission, report issues, or take the last decision back; the ledgers are updated later."""
    row = visible_or_404(request, number)
    given = checked(DecisionForm(request.POST))
    reviewed(request, row, given)
    row = visible_or_404(request, number)
    context = {
        "submission": row,
        "decided": True,
        "seen": given["version"],  # the version that the page around still shows
        "next": Queue(request, QueryDict()).after(row),
        **decision_context(request, row),
    }
    return render(request, "console/submissions/_decision.html", context)


@staff_page("POST")
def comment(request: StaffRequest, number: int) -> HttpResponse:
    """Add a remark to a submission; it decides nothing."""
    row = visible_or_404(request, number)
    services.comment(
        submission=row,
        body=checked(CommentForm(request.POST))["body"],
        author=request.user,
        access=request.access,
        at=now(),
    )
    context = {"submission": row, **decision_context(request, row)}
    return render(request, "console/submissions/_acts.html", context)


@staff_page()
def deleted(request: StaffRequest) -> HttpResponse:
    """The deleted submissions of the reader's areas, the latest first, each with a button that restores it."""
    filterset = DeletionFilters(request.GET, deletions(request.access), access=request.access)
    page = page_of(request, filterset.qs)
    return render_list(
        request,
        "console/submissions/_deleted_rows.html",
        filterset,
        page,
        shows=("area", "search", "form", "submitter", "deleted_from", "deleted_to"),
        title=_("Deleted records"),
        subtitle=_("they count nowhere until they are restored; none is purged"),
        empty=gettext_lazy("No record is deleted."),
        areas=area_names(row.submission.area_code for row in page),
        reviewed={row.pk for row in page if may_review(request, row.submission)},
    )


@staff_page("POST")
def delete(request: StaffRequest, number: int) -> HttpResponse:
    """Take a submission out of lists and ledgers, for a reason."""
    row = visible_or_404(request, number)
    reason = checked(ReasonForm(request.POST))["reason"]
    services.delete(
        submission=row, reason=reason, user=request.user, access=request.access, at=now()
    )
    return redirect("console:deleted")


@staff_page("POST")
def restore(request: StaffRequest, number: int) -> HttpResponse:
    """Let a deleted submission stand again."""
    row = get_object_or_404(deletions(request.access), pk=number)
    restored = services.restore(deletion=row, user=request.user, access=request.access, at=now())
    return redirect("console:submission", restored.pk)
