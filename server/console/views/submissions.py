"""Submissions: the list, the review queue, one submission and the decision about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import PUBLISHERS, RESTRICTED, REVIEWERS
from server.console.answers import Row, answer_rows
from server.console.differences import Difference, differences, filled_form
from server.console.exception_sentences import subjects_of
from server.console.forms import DecisionForm, ReasonForm, checked
from server.console.pages import StaffRequest, area_names, page_of, render_list, staff_page
from server.console.thumbnails import is_drawn, is_photo
from server.core.clock import now
from server.erasure.models import Erasure
from server.erasure.selectors import may_ask, open_erasure
from server.ledgers.definitions.columns import Column, Sensitivity
from server.ledgers.selectors import Change, changes_of, exceptions_of
from server.submissions import services
from server.submissions.deletions import deletions
from server.submissions.filters import DeletionFilters, SubmissionFilters
from server.submissions.models import TO_REVIEW, Submission, SubmissionVersion
from server.submissions.selectors import (
    Instances,
    files_of,
    may_have_raw,
    missing_files_of,
    versions_of,
)
from server.submissions.selectors import submissions as visible
from server.submissions.steps import Flag

ENCRYPTION_FLAGS = frozenset({Flag.FILES_MISSING, Flag.SEALED, Flag.TAMPERED})
"""Remarks that the page explains at length elsewhere."""
SHOWN = (
    "area",
    "search",
    "form",
    "submitter",
    "received_from",
    "received_to",
    "flag",
    "awaits_approval",
)
"""The filters that the two lists show; the list of all submissions shows the state besides."""
REVIEW_ORDER = ("received_at", "id")
EDITS_COMPARED = 5


@staff_page()
def submissions(request: StaffRequest) -> HttpResponse:
    """The list of all submissions of the reader's areas."""
    rows = visible(request.access).select_related("form", "submitter")
    link = {"url": reverse("console:deleted"), "label": _("Deleted records")}
    return _list(request, rows, shows=("state", *SHOWN), title=_("Submissions"), link=link)


@staff_page()
def review(request: StaffRequest) -> HttpResponse:
    """The review queue, the longest waiting first."""
    rows = _queue(request).select_related("form", "submitter")
    return _list(
        request,
        rows,
        shows=SHOWN,
        title=_("Review queue"),
        subtitle=_("the longest waiting first"),
        empty=gettext_lazy("Nothing waits for a decision."),
    )


def _queue(request: StaffRequest) -> QuerySet[Submission]:
    """The submissions that wait for a decision, the longest waiting first."""
    return visible(request.access).filter(review_state__in=TO_REVIEW).order_by(*REVIEW_ORDER)


def _next(request: StaffRequest, decided: Submission) -> Submission | None:
    """The submission after this one in the queue; at its end the first again."""
    rows = _queue(request).exclude(pk=decided.pk)
    later = Q(received_at__gt=decided.received_at) | Q(
        received_at=decided.received_at, pk__gt=decided.pk
    )
    return rows.filter(later).first() or rows.first()


def _list(
    request: StaffRequest, rows: QuerySet[Submission], shows: Iterable[str], **context: object
) -> HttpResponse:
    filterset = SubmissionFilters(request.GET, rows, access=request.access)
    page = page_of(request, filterset.qs)
    return render_list(
        request,
        "console/submissions/_rows.html",
        filterset,
        page,
        shows=shows,
        areas=area_names(row.area_code for row in page),
        **context,
    )


@staff_page()
def submission(request: StaffRequest, number: int) -> HttpResponse:
    """One submission: answers, place, files, versions, what it changed in the ledgers, and decisions."""
    row = _visible_or_404(request, number)
    version = row.current_version
    encrypted = getattr(version, "encrypted", None)
    instances = Instances()
    attachments = list(files_of(version.pk)) if version else []
    photos = [file for file in attachments if is_photo(file)]
    row_exceptions = list(exceptions_of(request.access, row))
    context = {
        "submission": row,
        "encrypted": encrypted,
        "remarks": [flag for flag in row.flags if not (encrypted and flag in ENCRYPTION_FLAGS)],
        "may_publish": bool(request.access.areas(PUBLISHERS)),
        "answers": _answers(request, row, instances),
        "photos": photos,
        "undrawn": {file.pk for file in photos if not is_drawn(file)},
        "files": [file for file in attachments if not is_photo(file)],
        "may_open_files": may_have_raw(request.access, row),
        "missing_files": [] if encrypted else missing_files_of(version, attachments, instances),
        "changes": _visible_changes(request, row),
        "exceptions": row_exceptions,
        "subjects": subjects_of(request.access, row_exceptions),
        "versions": _versions(request, row, instances),
        "areas": area_names([row.area_code, row.located_area]),
        **_decision_context(request, row),
    }
    return render(request, "console/submissions/detail.html", context)


@staff_page("POST")
def decide(request: StaffRequest, number: int) -> HttpResponse:
    """Approve or reject a submission, report issues, or take the last decision back; the ledgers are updated later."""
    row = _visible_or_404(request, number)
    decision = checked(DecisionForm(request.POST))
    services.review(
        submission=row,
        state=decision["state"],
        reason=decision["reason"].strip(),
        version=decision["version"],
        reviewer=request.user,
        access=request.access,
        at=now(),
    )
    row = _visible_or_404(request, number)
    context = {
        "submission": row,
        "decided": True,
        "seen": decision["version"],  # the version that the page around still shows
        "next": _next(request, row),
        **_decision_context(request, row),
    }
    return render(request, "console/submissions/_decision.html", context)


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
        reviewed={row.pk for row in page if _may_review(request, row.submission)},
    )


@staff_page("POST")
def delete(request: StaffRequest, number: int) -> HttpResponse:
    """Take a submission out of lists and ledgers, for a reason."""
    row = _visible_or_404(request, number)
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


def _may_review(request: StaffRequest, row: Submission) -> bool:
    return request.access.may(REVIEWERS, row.area_code)


def _answers(request: StaffRequest, row: Submission, instances: Instances) -> list[Row]:
    """The current version's answers; none while it is encrypted."""
    version = row.current_version
    instance = instances.answers(version) if version else None
    if version is None or instance is None:
        return []
    return answer_rows(instance, version.form_version, request.access, row.area_code)


def _versions(
    request: StaffRequest, row: Submission, instances: Instances
) -> list[tuple[SubmissionVersion, list[Difference] | None]]:
    """Every version, the latest first; the latest edits with the answers that they changed."""
    versions = (
        versions_of(row)
        .select_related("form_version", "submitter", "encrypted")
        .order_by("-received_at", "-id")
    )
    by_name = {version.instance_id: version for version in versions}
    rows: list[tuple[SubmissionVersion, list[Difference] | None]] = []
    for version in versions:
        edited = by_name.get(version.deprecated_id)
        changed = None
        if edited is not None and len(rows) < EDITS_COMPARED:
            before, after = filled_form(instances, edited), filled_form(instances, version)
            if before is not None and after is not None:
                changed = differences(before, after, request.access, row.area_code)
        rows.append((version, changed))
    return rows


def _visible_changes(request: StaffRequest, row: Submission) -> list[Change]:
    """What the submission changed in the ledgers; restricted columns are named only to those with the role."""
    changes = changes_of(request.access, row)
    if request.access.may(RESTRICTED, row.area_code):
        return changes
    return [
        replace(change, gave=_unrestricted(change.gave), lost=_unrestricted(change.lost))
        for change in changes
    ]


def _unrestricted(columns: Iterable[Column]) -> tuple[Column, ...]:
    return tuple(column for column in columns if column.sensitivity is not Sensitivity.RESTRICTED)


def _visible_or_404(request: StaffRequest, number: int) -> Submission:
    rows = (
        visible(request.access)
        .select_related(
            "form",
            "submitter",
            "current_version__form_version",
            "current_version__encrypted__key",
            "approved__version",
        )
        .defer("current_version__encrypted__key__private_key", "approved__version__document")
    )
    return get_object_or_404(rows, pk=number)


def _decision_context(request: StaffRequest, row: Submission) -> dict[str, object]:
    return {
        "may_review": _may_review(request, row),
        "may_erase": may_ask(request.access, row.area_code),
        "causes": Erasure.Cause.choices,
        "erasure": open_erasure(submission=row.pk),
        "decisions": row.decisions.select_related("user").order_by("-at", "-id"),
        "comments": row.comments.select_related("user").order_by("-at", "-id"),
        "form": DecisionForm(),
    }
