"""What phones sent and could not be taken as data: look, download, repair, replay, settle."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from server.accounts.access import REVIEWERS
from server.console.advice import ADVICE, LIMITS, REPAIRED, WAITS
from server.console.differences import Difference, FilledForm, differences, filled_form
from server.console.forms import ReasonForm, RepairForm, checked
from server.console.pages import (
    StaffRequest,
    filter_context,
    page_of,
    query_with,
    query_without_page,
    staff_page,
    status_of,
)
from server.core.clock import now
from server.core.problems import Problem, catalogue
from server.forms.models import FormVersion
from server.quarantine import services
from server.quarantine.export import archive
from server.quarantine.filters import QuarantinedFilters
from server.quarantine.models import Quarantined, Repair
from server.quarantine.selectors import quarantined, quarantined_item, refusals
from server.quarantine.services.replaying import document_to_replay
from server.submissions.instance import Instance
from server.submissions.models import Submission
from server.submissions.selectors import Instances, submission_named, submissions

SHOWN = ("area", "submitter", "received_from", "received_to", "is_settled")
CONFLICTS = frozenset({"instance-conflict", "edit-superseded"})


@staff_page(roles=REVIEWERS)
def quarantine(request: StaffRequest) -> HttpResponse:
    """What waits for a decision, or what was settled; and what limits kept out."""
    query = query_with(request, is_settled="false")
    desk = request.access.held_as(REVIEWERS)
    mine = quarantined(request.access)
    filterset = QuarantinedFilters(query, mine, access=desk)
    is_settled, reason = query["is_settled"] == "true", query.get("reason", "")
    context = {
        **filter_context(filterset, SHOWN),
        "page": page_of(request, filterset.qs),
        "query": query_without_page(request),
        "reasons": _titles(),
        "waiting": mine.filter(resolved_at=None)
        .order_by("reason")
        .values("reason")
        .annotate(count=Count("pk")),
        "reason": reason,
        "is_settled": is_settled,
        "advice": ADVICE.get(reason, ""),
        "waits": WAITS,
        "limits": LIMITS,
        "kept_out": refusals(request.access).aggregate(count=Sum("count"))["count"],
        "refusals": refusals(request.access)[:20],
    }
    status = status_of(filterset)
    return render(request, "console/quarantine/list.html", context, status=status)


@staff_page(roles=REVIEWERS)
def item(request: StaffRequest, number: int) -> HttpResponse:
    """One of them: why, whose, what can be done; the answers only by download."""
    found = quarantined_item(request.access, number)
    return render(request, "console/quarantine/detail.html", _context(request, found))


@staff_page("POST", roles=REVIEWERS)
def download(request: StaffRequest, number: int) -> FileResponse:
    """Record, repairs and files as one zip; the download is logged (security.md, Areas and access)."""
    found = quarantined_item(request.access, number)
    reason = checked(ReasonForm(request.POST))["reason"]
    services.disclose_quarantined(found, user=request.user, reason=reason)
    return FileResponse(
        archive(found),
        as_attachment=True,
        filename=f"quarantine-{found.pk}.zip",
        content_type="application/zip",
    )


@staff_page("POST", roles=REVIEWERS)
def replay(request: StaffRequest, number: int) -> HttpResponse:
    """Try to take it as data again."""
    return _replayed(request, quarantined_item(request.access, number))


@staff_page("POST", roles=REVIEWERS)
def repair(request: StaffRequest, number: int) -> HttpResponse:
    """Keep the repair beside the original, then try to take it."""
    found = quarantined_item(request.access, number)
    given = checked(RepairForm(request.POST, request.FILES))
    services.repair(
        item=found,
        act=given["act"],
        reason=given["reason"],
        user=request.user,
        access=request.access,
        at=now(),
        document=given["document"].read() if given["document"] else b"",
        version=given["version"],
    )
    return _replayed(request, found)


@staff_page("POST", roles=REVIEWERS)
def dismiss(request: StaffRequest, number: int) -> HttpResponse:
    """Decide that it is not taken."""
    found = quarantined_item(request.access, number)
    services.dismiss(
        item=found,
        reason=checked(ReasonForm(request.POST))["reason"],
        user=request.user,
        access=request.access,
        at=now(),
    )
    return _desk(request, number, notice=_("Settled: it is not taken. The copy stays here."))


@staff_page("POST", roles=REVIEWERS)
def reopen(request: StaffRequest, number: int) -> HttpResponse:
    """Take the decision back that it is not taken."""
    services.reopen(
        item=quarantined_item(request.access, number),
        reason=checked(ReasonForm(request.POST))["reason"],
        user=request.user,
        access=request.access,
        at=now(),
    )
    return _desk(request, number, notice=_("It waits for a decision again."))


@staff_page("POST", roles=REVIEWERS)
def replay_all(request: StaffRequest) -> HttpResponse:
    """Everything of one reason, once more."""
    rows = quarantined(request.access).filter(reason=request.POST.get("reason", ""))
    told = services.replay_many(rows, user=request.user, access=request.access, at=now())
    left = sum(told.refused.values())
    messages.success(
        request,
        _("Taken: {taken}. Still set aside: {left}.").format(taken=told.accepted, left=left),
    )
    return redirect("console:quarantine")


def _replayed(request: StaffRequest, found: Quarantined) -> HttpResponse:
    """The desk after a try: taken, or the reason why not, in words."""
    try:
        receipt = services.replay(item=found, user=request.user, access=request.access, at=now())
    except Problem as problem:
        return _desk(request, found.pk, problem=problem)
    notice = _("Taken as data. The ledgers follow within moments.")
    return _desk(request, found.pk, notice=notice, submission=receipt.submission_id)


def _desk(request: StaffRequest, number: int, **told: object) -> HttpResponse:
    found = quarantined_item(request.access, number)
    return render(request, "console/quarantine/_desk.html", {**_context(request, found), **told})


def _context(request: StaffRequest, found: Quarantined) -> dict[str, object]:
    versions = FormVersion.objects.filter(form__form_id=found.form_id).order_by("-pk")
    of_record = partial(submission_named, submissions(request.access), found.form_id)
    first = of_record(found.instance_id) or of_record(found.deprecated_id)
    is_conflict = found.reason in CONFLICTS
    return {
        "item": found,
        "advice": ADVICE.get(found.reason, ""),
        "may_wait": found.reason in WAITS,
        "is_for_repair": found.reason in REPAIRED,
        "repairs": found.repairs.select_related("user").order_by("-at", "-pk"),
        "reopenings": found.reopenings.select_related("user", "dismissed_by").order_by(
            "-at", "-pk"
        ),
        "reasons": _titles(),
        "versions": [] if is_conflict else versions.values_list("version", flat=True),
        "acts": Repair.Act,
        "first": first,
        "is_conflict": is_conflict,
        "differences": _differences(request, found, first)
        if is_conflict and first and not found.is_accepted
        else None,
    }


def _differences(
    request: StaffRequest, found: Quarantined, first: Submission
) -> list[Difference] | None:
    """The answers in which this differs from the record that is here; None when they cannot be read."""
    form = FormVersion.objects.filter(
        form__form_id=found.form_id, version=found.form_version
    ).first()
    here = filled_form(Instances(), first.current_version) if first.current_version else None
    instance = Instance(document_to_replay(found))
    if here is None or form is None or instance.is_encrypted:
        return None
    return differences(here, FilledForm(instance, form), request.access, found.area)


def _titles() -> dict[str, object]:
    return {kind.type: kind.title for kind in catalogue()}
