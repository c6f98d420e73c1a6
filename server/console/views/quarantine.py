"""The quarantine: its list, one record, download, repair, replay, dismissal."""

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
from server.disclosure.services import let_out_quarantined
from server.forms.models import FormVersion
from server.ledgers.reading.redaction import quarantined_document_for
from server.quarantine import services
from server.quarantine.export import archive
from server.quarantine.filters import QuarantinedFilters
from server.quarantine.models import Quarantined, Repair
from server.quarantine.selectors import (
    quarantined,
    quarantined_item,
    refusals,
    waiting_elsewhere,
)
from server.quarantine.services.replaying import document_to_replay
from server.submissions.instance import Instance
from server.submissions.models import Submission
from server.submissions.selectors import Instances, submission_named, submissions

SHOWN = ("area", "submitter", "received_from", "received_to", "is_settled")
CONFLICTS = frozenset({"instance-conflict", "edit-superseded"})
ELSEWHERE_SHOWN = 50


@staff_page(roles=REVIEWERS)
def quarantine(request: StaffRequest) -> HttpResponse:
    """The quarantined records, waiting or resolved, and the counts of what was not kept because of limits."""
    query = query_with(request, is_settled="false")
    staff_access = request.access.held_as(REVIEWERS)
    rows = quarantined(request.access)
    filterset = QuarantinedFilters(query, rows, access=staff_access)
    is_settled, reason = query["is_settled"] == "true", query.get("reason", "")
    context = {
        **filter_context(filterset, SHOWN),
        "page": page_of(request, filterset.qs),
        "is_narrowed": any(query.get(name) for name in SHOWN if name != "is_settled"),
        "query": query_without_page(request),
        "reasons": _titles(),
        "waiting": rows.filter(resolved_at=None)
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
        "elsewhere": waiting_elsewhere(request.access)[:ELSEWHERE_SHOWN],
    }
    status = status_of(filterset)
    return render(request, "console/quarantine/list.html", context, status=status)


@staff_page(roles=REVIEWERS)
def item(request: StaffRequest, number: int) -> HttpResponse:
    """One quarantined record: why it was refused, who sent it, what can be done. Its answers are shown by download only."""
    record = quarantined_item(request.access, number)
    return render(request, "console/quarantine/detail.html", _context(request, record))


@staff_page("POST", roles=REVIEWERS)
def download(request: StaffRequest, number: int) -> FileResponse:
    """Record, repairs and files as one zip; the download is logged (security.md, Areas and access)."""
    record = quarantined_item(request.access, number)
    reason = checked(ReasonForm(request.POST))["reason"]
    let_out_quarantined(record, user=request.user, access=request.access, reason=reason)
    return FileResponse(
        archive(record, request.access, quarantined_document_for(request.access, record)),
        as_attachment=True,
        filename=f"quarantine-{record.pk}.zip",
        content_type="application/zip",
    )


@staff_page("POST", roles=REVIEWERS)
def replay(request: StaffRequest, number: int) -> HttpResponse:
    """Try to accept the record again."""
    return _replayed(request, quarantined_item(request.access, number))


@staff_page("POST", roles=REVIEWERS)
def repair(request: StaffRequest, number: int) -> HttpResponse:
    """Store a repair beside the received record, then try to accept it."""
    record = quarantined_item(request.access, number)
    given = checked(RepairForm(request.POST, request.FILES))
    services.repair(
        item=record,
        act=given["act"],
        reason=given["reason"],
        user=request.user,
        access=request.access,
        at=now(),
        document=given["document"].read() if given["document"] else b"",
        version=given["version"],
    )
    return _replayed(request, record)


@staff_page("POST", roles=REVIEWERS)
def dismiss(request: StaffRequest, number: int) -> HttpResponse:
    """Dismiss the record."""
    record = quarantined_item(request.access, number)
    services.dismiss(
        item=record,
        reason=checked(ReasonForm(request.POST))["reason"],
        user=request.user,
        access=request.access,
        at=now(),
    )
    return _item_panel(request, number, notice=_("Dismissed. The record stays in the quarantine."))


@staff_page("POST", roles=REVIEWERS)
def reopen(request: StaffRequest, number: int) -> HttpResponse:
    """Reopen a dismissed record."""
    services.reopen(
        item=quarantined_item(request.access, number),
        reason=checked(ReasonForm(request.POST))["reason"],
        user=request.user,
        access=request.access,
        at=now(),
    )
    return _item_panel(request, number, notice=_("Reopened: the record waits for a decision."))


@staff_page("POST", roles=REVIEWERS)
def replay_all(request: StaffRequest) -> HttpResponse:
    """Replay all records of one reason."""
    rows = quarantined(request.access).filter(reason=request.POST.get("reason", ""))
    result = services.replay_many(rows, user=request.user, access=request.access, at=now())
    left = sum(result.refused.values())
    messages.success(
        request,
        _("Accepted: {taken}. Still in the quarantine: {left}.").format(
            taken=result.accepted, left=left
        ),
    )
    return redirect("console:quarantine")


def _replayed(request: StaffRequest, record: Quarantined) -> HttpResponse:
    """The record's panel after a replay: accepted, or the problem that is still in the way."""
    try:
        receipt = services.replay(item=record, user=request.user, access=request.access, at=now())
    except Problem as problem:
        return _item_panel(request, record.pk, problem=problem)
    notice = _("Accepted. The ledgers are updated within moments.")
    return _item_panel(request, record.pk, notice=notice, submission=receipt.submission_id)


def _item_panel(request: StaffRequest, number: int, **outcome: object) -> HttpResponse:
    record = quarantined_item(request.access, number)
    return render(
        request, "console/quarantine/_item.html", {**_context(request, record), **outcome}
    )


def _context(request: StaffRequest, record: Quarantined) -> dict[str, object]:
    versions = FormVersion.objects.filter(form__form_id=record.form_id).order_by("-pk")
    is_held = record.verdict_id is not None
    of_record = partial(submission_named, submissions(request.access), record.form_id)
    first = of_record(record.instance_id) or of_record(record.deprecated_id)
    is_conflict = record.reason in CONFLICTS
    return {
        "item": record,
        "advice": ADVICE.get(record.reason, ""),
        "may_wait": record.reason in WAITS or record.is_elsewhere,
        "is_held": is_held,
        "is_elsewhere": record.is_elsewhere,
        "is_for_repair": record.reason in REPAIRED,
        "repairs": record.repairs.select_related("user").order_by("-at", "-pk"),
        "reopenings": record.reopenings.select_related("user", "dismissed_by").order_by(
            "-at", "-pk"
        ),
        "reasons": _titles(),
        "versions": [] if is_conflict or is_held else versions.values_list("version", flat=True),
        "acts": Repair.Act,
        "first": first,
        "is_conflict": is_conflict,
        "differences": _differences(request, record, first)
        if is_conflict and first and not record.is_accepted
        else None,
    }


def _differences(
    request: StaffRequest, record: Quarantined, first: Submission
) -> list[Difference] | None:
    """The answers in which the record differs from the accepted one; None when either cannot be read."""
    form = FormVersion.objects.filter(
        form__form_id=record.form_id, version=record.form_version
    ).first()
    here = filled_form(Instances(), first.current_version) if first.current_version else None
    instance = Instance(document_to_replay(record))
    if here is None or form is None or instance.is_encrypted:
        return None
    return differences(here, FilledForm(instance, form), request.access, record.area)


def _titles() -> dict[str, object]:
    return {kind.type: kind.title for kind in catalogue()}
