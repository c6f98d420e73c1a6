"""The review queue: its list, one record beside it, and the decisions that lead from one record to the next."""

from __future__ import annotations

import secrets
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from server.accounts.access import REVIEWERS
from server.console.answer_columns import answers_in_columns, questions_of
from server.console.forms import ApproveManyForm, DecisionForm, checked
from server.console.pages import (
    StaffRequest,
    area_names,
    page_of,
    render_list,
    staff_page,
)
from server.console.record_page import record_context, reviewed, visible_or_404
from server.console.review_queue import Queue
from server.core.clock import now
from server.core.paging import COUNTED
from server.corrections.selectors import states_of
from server.entering.selectors import marked
from server.submissions import services
from server.submissions.models import ReviewDecision
from server.submissions.selectors import openings_of

SHOWN = (
    "area",
    "search",
    "form",
    "submitter",
    "flag",
    "observed_from",
    "observed_to",
    "awaits_approval",
)
"""The filters that the queue shows; others may stand in its address."""
SAMPLE = 10
"""How many records are drawn to be looked at before many are approved."""
_LAST = "last_review"
"""In the session: the number of the decision that the next page offers to take back."""
_LAST_BATCH = "last_batch"
"""In the session: the batch of approvals that the next page offers to take back, and how many they are."""


@staff_page()
def review(request: StaffRequest) -> HttpResponse:
    """The queue as a list, the longest waiting first."""
    queue = Queue(request)
    form_id = "" if queue.filters.errors else request.GET.get("form", "")
    is_of_one_form = form_id != "" and "," not in form_id
    questions = questions_of(request.access, form_id, request.GET) if is_of_one_form else []
    shown = [question for question in questions if question.is_shown]
    rows = marked(queue.rows).select_related("form", "submitter")
    if shown:
        rows = rows.select_related("current_version__form_version", "current_version__encrypted")
    page = page_of(request, rows)
    paths = [question.path for question in shown]
    answers = answers_in_columns(request.access, list(page), paths) if shown else {}
    return render_list(
        request,
        "console/review/_rows.html",
        queue.filters,
        page,
        shows=SHOWN,
        title=_("Review queue"),
        subtitle=_("the longest waiting first"),
        empty=gettext_lazy("Nothing waits for a decision."),
        areas=area_names(row.area_code for row in page),
        queue=queue,
        questions=questions,
        shown=shown,
        answers=answers,
        sent_back=states_of(request.access, [row.pk for row in page]),
        kept=[
            (name, value) for name, value in request.GET.items() if name not in ("page", "column")
        ],
        decided=_decided(request),
        batch=request.session.pop(_LAST_BATCH, None),
        may_approve=bool(request.access.areas(REVIEWERS)),
        heading="console/review/_head.html",
    )


@staff_page()
def record(request: StaffRequest, number: int) -> HttpResponse:
    """One record of the queue, with its neighbours beside it."""
    row = visible_or_404(request, number)
    queue = Queue(request)
    earlier, later = queue.before(row), queue.after(row)
    at = now()
    openings = openings_of(row, request.user.pk, at)
    services.note_opening(submission=row, user=request.user, at=at)
    context = {
        **record_context(request, row),
        "queue": queue,
        "queue_url": queue.address("review"),
        "place": queue.place(row),
        "openings": openings,
        "neighbours": queue.neighbours(row),
        "previous": queue.address("review-record", earlier.pk) if earlier else "",
        "following": queue.address("review-record", later.pk) if later else "",
        "decided": _decided(request),
    }
    return render(request, "console/review/record.html", context)


@staff_page("POST")
def decide(request: StaffRequest, number: int) -> HttpResponse:
    """Decide about a record and go on to the next of the queue as it is filtered; taken back, the record is shown again.

    Raises what the service raises: a decision that somebody made meanwhile stays.
    """
    row = visible_or_404(request, number)
    queue = Queue(request)
    following = queue.after(row)
    decision = reviewed(request, row, checked(DecisionForm(request.POST)))
    if request.POST.get("undo"):
        return redirect(queue.address("review-record", row.pk))
    request.session[_LAST] = decision.pk
    if following is None:
        return redirect(queue.address("review"))
    return redirect(queue.address("review-record", following.pk))


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def approve_many(request: StaffRequest) -> HttpResponse:
    """Show what the filter would approve and a random sample of it; on POST approve it by one act."""
    queue = Queue(request)
    if queue.filters.errors:
        return redirect(queue.address("review"))  # which shows the error at its field
    rows = queue.rows.filter(
        request.access.within(roles=REVIEWERS), review_state__in=services.UNDECIDED
    )
    plain = rows.filter(flags=[])
    if request.method == "POST":
        given = checked(ApproveManyForm(request.POST))
        batch, count = services.approve_many(
            rows=rows if given["with_remarks"] else plain,
            seen_at=given["seen_at"],
            reviewer=request.user,
            access=request.access,
            at=now(),
            reason=given["reason"].strip(),
            facts={"filters": sorted(set(queue.filters.filters) & set(request.GET))},
        )
        request.session[_LAST_BATCH] = {"number": str(batch), "count": count}
        return redirect(queue.address("review"))
    numbers = list(plain.order_by().values_list("pk", flat=True)[:COUNTED])
    drawn = secrets.SystemRandom().sample(numbers, min(SAMPLE, len(numbers)))
    sample = list(plain.filter(pk__in=drawn).select_related("form", "submitter"))
    context = {
        "queue": queue,
        "queue_url": queue.address("review"),
        "count": len(numbers),
        "remarked": rows.exclude(flags=[]).order_by()[:COUNTED].count(),
        "most": services.MOST,
        "sample": sample,
        "areas": area_names(row.area_code for row in sample),
        "seen_at": now(),
        "narrowed": queue.narrowed(),
    }
    return render(request, "console/review/approve.html", context)


@staff_page("POST", roles=REVIEWERS)
def undo_many(request: StaffRequest, batch: UUID) -> HttpResponse:
    """Take back the approvals of one act where nobody decided since."""
    count = services.undo_approvals(
        batch=batch, reviewer=request.user, access=request.access, at=now()
    )
    text = ngettext("{n} approval was taken back.", "{n} approvals were taken back.", count)
    messages.success(request, text.format(n=count))
    return redirect(Queue(request).address("review"))


def _decided(request: StaffRequest) -> ReviewDecision | None:
    """The reader's last decision, once, if it still holds."""
    number = request.session.pop(_LAST, None)
    if number is None:
        return None
    decision = (
        ReviewDecision.objects.filter(pk=number, user=request.user)
        .select_related("submission__current_version", "submission__form")
        .first()
    )
    if decision is None or decision.submission.decisions.last() != decision:
        return None
    return decision
