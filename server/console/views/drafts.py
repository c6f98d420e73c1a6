"""Drafts of forms: saving, trying on a phone, reading test records, publishing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from server.accounts import collect
from server.accounts.access import PUBLISHERS
from server.accounts.phone_settings import chosen_for
from server.console.forms import checked
from server.console.pages import StaffRequest, server_address, staff_page
from server.console.problems import FormFieldsWrong
from server.core.clock import now
from server.core.masking import mask_numbers
from server.core.problems import Problem
from server.forms import drafts, selectors
from server.forms.drafts_tried import worker_trying
from server.forms.models import FormDraft, FormVersion
from server.ledgers.reading.trials import answers_to_draft
from server.trials import selectors as trials

SHOWN = 50
"""Test records whose answers the page shows, the newest."""


class VersionForm(forms.Form):
    """The version under which a draft is published; empty for its own."""

    version = forms.CharField(label=_lazy("Version"), required=False, max_length=100)


@staff_page(roles=PUBLISHERS)
def draft(request: StaffRequest, form_id: str) -> HttpResponse:
    """A draft with its code, its files and its test records."""
    return _page(request, selectors.draft(request.access, form_id))


@staff_page("POST", roles=PUBLISHERS)
def publish(request: StaffRequest, form_id: str) -> HttpResponse:
    """Publish the draft, under another version if one is given; what is wrong stands on the page of the draft."""
    version = checked(VersionForm(request.POST))["version"]
    try:
        made = drafts.publish(form_id=form_id, version=version or None, publisher=request.user)
    except Problem as problem:
        return _page(request, selectors.draft(request.access, form_id), problem)
    title = made.form_version.title
    message = _("Published: {title}, version {version}.")
    messages.success(request, message.format(title=title, version=made.form_version.version))
    return redirect("console:forms")


@staff_page("POST", roles=PUBLISHERS)
def delete(request: StaffRequest, form_id: str) -> HttpResponse:
    """Delete the draft and its test records."""
    title = selectors.draft(request.access, form_id).title
    drafts.drop(form_id=form_id, actor=request.user)
    messages.success(request, _("The draft of {title} is deleted.").format(title=title))
    return redirect("console:forms")


@staff_page("POST", roles=PUBLISHERS)
def file(request: StaffRequest, form_id: str) -> HttpResponse:
    """Upload files of the draft, each under its own name."""
    uploads = request.FILES.getlist("media")
    if not uploads:
        raise FormFieldsWrong(
            field=_("Pictures and files the form names"), message=_("Choose a file.")
        )
    for upload in uploads:
        drafts.attach(
            form_id=form_id, name=upload.name or "", content=upload.chunks(), actor=request.user
        )
    messages.success(request, _("The files are with the draft."))
    return redirect("console:draft", form_id=form_id)


def save(request: StaffRequest, workbook: Any) -> HttpResponse:
    """Save an uploaded workbook as a draft, with those of the media files that the form names."""
    draft = drafts.save(
        workbook=workbook.read(),
        filename=workbook.name,
        form_id=None,
        author=request.user,
        at=now(),
        is_of_any=True,
    )
    for upload in request.FILES.getlist("media"):
        name = upload.name or ""
        if name in draft.wanted:
            drafts.attach(
                form_id=draft.form_id,
                name=name,
                content=upload.chunks(),
                actor=request.user,
            )
    messages.success(request, _("The draft is saved. Scan its code to try it on a phone."))
    return redirect("console:draft", form_id=draft.form_id)


def _page(request: StaffRequest, draft: FormDraft, problem: Problem | None = None) -> HttpResponse:
    records = trials.records(request.access, draft.form_id)
    server = server_address(request)
    address = collect.draft_url(server, draft.token, draft.form_id)
    taken = FormVersion.objects.filter(form__form_id=draft.form_id, version=draft.version)
    context = {
        "draft": draft,
        "problem": problem,
        "address": address,
        "code": _drawn(request, draft, address) if draft.token else "",
        "unreachable": server if collect.unreachable_host(server) else "",
        "files": selectors.draft_files(draft),
        "has_no_entries": bool(draft.lists) and not worker_trying(draft).areas,
        "n_records": records.count(),
        "shown": SHOWN,
        "records": [
            {
                "record": record,
                "answers": answers_to_draft(trials.instance_of(record), draft, request.access),
                "files": [mask_numbers(file["name"]) for file in record.files],
            }
            for record in records[:SHOWN]
        ],
        "is_taken": taken.exists(),
    }
    status = problem.status if problem else 200
    return render(request, "console/forms/draft.html", context, status=status)


def _drawn(request: StaffRequest, draft: FormDraft, address: str) -> str:
    """The QR code as SVG; Collect gives the draft a project of its own."""
    project = _("[Draft] {title}").format(title=draft.title)
    settings = collect.settings(
        server_url=address,
        project=project,
        person=request.user.username,
        icon="📝",
        chosen=chosen_for(request.user),
    )
    drawn = collect.svg(collect.code_text(settings))
    return mark_safe(drawn)  # noqa: S308 drawn by segno from our own text
