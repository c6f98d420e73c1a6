"""Forms: the list, publishing a workbook, opening and closing, approval."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from server.accounts.access import PUBLISHERS
from server.console.forms import PublishForm, checked
from server.console.pages import (
    StaffRequest,
    area_names,
    filter_context,
    staff_page,
    status_of,
)
from server.console.views import drafts
from server.core.clock import now
from server.core.problems import Problem
from server.forms import selectors, services
from server.forms.authority import may_administer
from server.forms.drafts_tried import drafts as drafts_of
from server.forms.filters import FormFilters
from server.forms.models import Form, FormAudience
from server.submissions.selectors import with_awaiting
from server.submissions.services import set_approval as approve


@staff_page()
def forms(request: StaffRequest) -> HttpResponse:
    """Every form with its versions and whom it is offered to, and the drafts of forms that the user may administer."""
    versions = selectors.versions(request.access).order_by("form_id", "-published_at", "-id")
    by_form = {key: list(rows) for key, rows in groupby(versions, attrgetter("form_id"))}
    audience: dict[int, list[FormAudience]] = {}
    for row in selectors.audiences(request.access).order_by("form_id", "area"):
        audience.setdefault(row.form_id, []).append(row)
    rows = with_awaiting(selectors.forms(request.access), request.access)
    filterset = FormFilters(request.GET, rows, access=request.access)
    mine = may_administer(request.access, [form.form_id for form in filterset.qs])
    context = {
        **filter_context(filterset, ("search", "state")),
        "forms": [
            (form, by_form.get(form.pk, []), audience.get(form.pk, []), form.form_id in mine)
            for form in filterset.qs
        ],
        "areas": area_names(
            (row.area or "").ljust(12, "0")
            for rows in audience.values()
            for row in rows
            if row.area
        ),
        "states": Form.State.choices,
        "drafts": drafts_of(request.access),
        "may_publish": bool(request.access.areas(PUBLISHERS)),
    }
    return render(request, "console/forms/list.html", context, status=status_of(filterset))


@staff_page("GET", "HEAD", "POST", roles=PUBLISHERS)
def publish(request: StaffRequest) -> HttpResponse:
    """Publish a workbook, or save it as a draft; when it is refused, the page names sheet, row and remedy and takes the next upload."""
    if request.method != "POST":
        return render(request, "console/forms/publish.html", {"form": PublishForm()})
    given = checked(PublishForm(request.POST, request.FILES))
    workbook = given["workbook"]
    media = {file.name or "": file.read() for file in request.FILES.getlist("media")}
    try:
        if "draft" in request.POST:
            return drafts.save(request, workbook)
        publication = services.publish_workbook(
            workbook=workbook.read(),
            filename=workbook.name,
            publisher=request.user,
            media=media,
            may_make_lists=given["new_lists"],
        )
    except Problem as problem:
        context = {"form": PublishForm(), "problem": problem, "filename": workbook.name}
        return render(request, "console/forms/publish.html", context, status=problem.status)
    version = publication.form_version
    message = (
        _("Published: {title}, version {version}.")
        if publication.is_new
        else _(
            "Nothing to do: {title}, version {version}, was already published with this content."
        )
    )
    messages.success(request, message.format(title=version.title, version=version.version))
    for warning in version.warnings:
        messages.warning(request, str(warning))
    return redirect("console:forms")


@staff_page("POST", roles=PUBLISHERS)
def set_state(request: StaffRequest, form_id: str) -> HttpResponse:
    """Open a form, let it run out (closing), or close it."""
    state = request.POST.get("state", "")
    if state not in Form.State.values:
        raise Http404
    form = services.set_state(form_id=form_id, state=Form.State(state), actor=request.user)
    messages.success(
        request,
        _("{title} is now: {state}.").format(title=form.title, state=Form.State(state).label),
    )
    return redirect("console:forms")


@staff_page("POST", roles=PUBLISHERS)
def set_approval(request: StaffRequest, form_id: str) -> HttpResponse:
    """Let the form's records count in the ledgers once approved, or at once; records concerned are queued to be merged again."""
    needed = request.POST.get("needed", "")
    if needed not in ("yes", "no"):
        raise Http404
    form, queued = approve(form_id=form_id, needed=needed == "yes", at=now(), actor=request.user)
    message = (
        _(
            "{title}: records count in the ledgers once they are approved. Records being recalculated: {n}."
        )
        if form.needs_approval
        else _("{title}: records count in the ledgers at once. Records being recalculated: {n}.")
    )
    messages.success(request, message.format(title=form.title, n=queued))
    return redirect("console:forms")
