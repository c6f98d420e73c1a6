"""Publishing: a workbook at once, or as a draft that waits for its files."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from django.utils.translation import gettext as _

from server.accounts.access import PUBLISHERS
from server.central import bodies, shapes
from server.central.door import Asked
from server.central.reading import form_named
from server.core.problems import Problem
from server.core.request_problems import NotAllowed
from server.forms import drafts
from server.forms import selectors as forms
from server.forms.models import FormDraft
from server.forms.problems import NotAWorkbook

DONE = {"success": True}


def create(asked: Asked) -> dict[str, Any]:
    """A new form: with ?publish=true at once, else as a draft."""
    _require(asked)
    draft = _save(asked, None)
    if not _is_true(asked, "publish"):
        return shapes.draft(draft)
    try:
        drafts.publish(form_id=draft.form_id, version=None, publisher=asked.user)
    except Problem:
        drafts.drop(form_id=draft.form_id)  # who wanted it published at once wants no draft
        raise
    return shapes.form(form_named(asked, draft.form_id))


def save(asked: Asked, form: str) -> dict[str, Any]:
    """A draft of the form: of the workbook sent, or of the current version when none is."""
    _require(asked)
    if bodies.is_empty(asked.request):
        drafts.reopen(form_id=form, author=asked.user, at=asked.now)
    else:
        _save(asked, form)
    return DONE


def draft(asked: Asked, form: str) -> dict[str, Any]:
    _require(asked)
    return shapes.draft(forms.draft(asked.access, form))


def drop(asked: Asked, form: str) -> dict[str, Any]:
    _require(asked)
    drafts.drop(form_id=form)
    return DONE


def publish(asked: Asked, form: str) -> dict[str, Any]:
    """The draft becomes the current version; ?version= gives it another name."""
    _require(asked)
    name = asked.request.GET.get("version", "").strip()
    drafts.publish(form_id=form, version=name or None, publisher=asked.user)
    return DONE


def attachments(asked: Asked, form: str) -> list[dict[str, Any]]:
    """The files the draft asks for, and whether they have come."""
    _require(asked)
    found = forms.draft_files(forms.draft(asked.access, form))
    return [shapes.form_file(name, is_there=is_there) for name, is_there in found.items()]


def attach(asked: Asked, form: str, name: str) -> dict[str, Any]:
    _require(asked)
    drafts.attach(form_id=form, name=name, content=bodies.chunks(asked.request))
    return DONE


def _save(asked: Asked, form_id: str | None) -> FormDraft:
    named = unquote(asked.request.headers.get("X-XlsForm-FormId-Fallback", ""))
    filename = f"{named[:100] or form_id or 'form'}.xlsx"
    if asked.request.content_type in ("application/xml", "text/xml"):
        reason = _("an XForm, while the workbook is what is kept and checked here")
        raise NotAWorkbook(filename=filename, reason=reason)
    return drafts.save(
        workbook=bodies.whole(asked.request),
        filename=filename,
        form_id=form_id,
        author=asked.user,
        at=asked.now,
        takes_warnings=_is_true(asked, "ignoreWarnings"),
    )


def _require(asked: Asked) -> None:
    if not asked.access.areas(PUBLISHERS):
        raise NotAllowed


def _is_true(asked: Asked, name: str) -> bool:
    return asked.request.GET.get(name, "").lower() == "true"
