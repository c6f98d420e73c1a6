"""Publishes forms: a workbook or an XForm at once, or as a draft that waits for its files."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from django.http import FileResponse, HttpResponse

from server.accounts.access import PUBLISHERS
from server.central import bodies, shapes
from server.central.endpoint import Call
from server.central.reading import published_form
from server.central.schema import schema_of
from server.core import blobs
from server.core.problems import Problem
from server.core.request_problems import NotAllowed, NothingHere
from server.forms import drafts
from server.forms import selectors as forms
from server.forms.drafts_tried import media_of_draft
from server.forms.models import FormDraft

DONE = {"success": True}


def create(call: Call) -> dict[str, Any]:
    """Create a form: with ?publish=true published, else as a draft."""
    _require(call)
    draft = _save(call, None)
    if not _is_true(call, "publish"):
        return shapes.draft(draft)
    try:
        drafts.publish(form_id=draft.form_id, version=None, publisher=call.user)
    except Problem:
        drafts.drop(form_id=draft.form_id, actor=call.user)  # the client did not ask for a draft
        raise
    return shapes.form(published_form(call, draft.form_id))


def save(call: Call, form: str) -> dict[str, Any]:
    """Save a draft of the form from the workbook or XForm in the body, else from the current version."""
    _require(call)
    if bodies.is_empty(call.request):
        drafts.reopen(form_id=form, author=call.user, at=call.now)
    else:
        _save(call, form)
    return DONE


def draft(call: Call, form: str) -> dict[str, Any]:
    """The draft of the form."""
    _require(call)
    return shapes.draft(forms.draft(call.access, form))


def drop(call: Call, form: str) -> dict[str, Any]:
    """Delete the draft."""
    _require(call)
    drafts.drop(form_id=form, actor=call.user)
    return DONE


def publish(call: Call, form: str) -> dict[str, Any]:
    """Publish the draft as the current version; ?version= changes its version name."""
    _require(call)
    name = call.request.GET.get("version", "").strip()
    drafts.publish(form_id=form, version=name or None, publisher=call.user)
    return DONE


def attachments(call: Call, form: str) -> list[dict[str, Any]]:
    """The files that the draft needs, and whether each was uploaded."""
    _require(call)
    files = forms.draft_files(forms.draft(call.access, form))
    return [shapes.form_file(name, is_there=is_there) for name, is_there in files.items()]


def attachment(call: Call, form: str, name: str) -> FileResponse:
    """A file that the draft has, its own or the current version's."""
    _require(call)
    files = media_of_draft(forms.draft(call.access, form))
    file = next((file for file in files if file.filename == name), None)
    if file is None or file.sha256 is None or not blobs.exists(file.sha256):
        raise NothingHere
    return FileResponse(
        blobs.open_blob(file.sha256),
        as_attachment=True,
        filename=name,
        content_type="application/octet-stream",
    )


def form_xml(call: Call, form: str) -> HttpResponse:
    """The XForm of the draft, as phones get it that try it."""
    _require(call)
    draft = forms.draft(call.access, form)
    if not draft.token:  # saved before drafts kept it
        raise NothingHere
    return HttpResponse(bytes(draft.xform), content_type="application/xml; charset=utf-8")


def fields(call: Call, form: str) -> list[dict[str, Any]]:
    """The fields of the draft as a flat list; ?odata=true gives their names in OData."""
    _require(call)
    draft = forms.draft(call.access, form)
    return shapes.fields(schema_of(draft.questions), odata=_is_true(call, "odata"))


def attach(call: Call, form: str, name: str) -> dict[str, Any]:
    """Upload a file of the draft."""
    _require(call)
    content = bodies.chunks(call.request)
    drafts.attach(form_id=form, name=name, content=content, actor=call.user)
    return DONE


def _save(call: Call, form_id: str | None) -> FormDraft:
    named = unquote(call.request.headers.get("X-XlsForm-FormId-Fallback", ""))
    is_xform = call.request.content_type in ("application/xml", "text/xml")
    filename = f"{named[:100] or form_id or 'form'}.{'xml' if is_xform else 'xlsx'}"
    return drafts.save(
        workbook=bodies.read_whole(call.request),
        filename=filename,
        form_id=form_id,
        author=call.user,
        at=call.now,
        takes_warnings=is_xform or _is_true(call, "ignoreWarnings"),  # Central warns of workbooks
    )


def _require(call: Call) -> None:
    if not call.access.areas(PUBLISHERS):
        raise NotAllowed


def _is_true(call: Call, name: str) -> bool:
    return call.request.GET.get(name, "").lower() == "true"
