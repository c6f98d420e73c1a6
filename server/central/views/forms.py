"""The one project, its forms, and their versions and files."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpResponse

from server.accounts.access import PUBLISHERS, common_prefix
from server.central import bodies, shapes
from server.central.endpoint import Call
from server.central.reading import fallback_created_at, published_form
from server.central.schema import schema_of
from server.core import blobs
from server.core.request_problems import InvalidRequest, NotAllowed, NothingHere
from server.core.spreadsheets import XLSX_TYPE
from server.forms import selectors as forms
from server.forms.models import Form, FormMedia
from server.forms.problems import NoWorkbook
from server.forms.services import set_state
from server.geo.selectors import division_names
from server.ledgers.entity_lists.listed import NAMES
from server.submissions.selectors import record_counts


def projects(call: Call) -> list[dict[str, Any]]:
    """The one project, for users who have an area."""
    return [_project(call)] if call.access.areas() else []


def project(call: Call) -> dict[str, Any]:
    """The one project. Raises NotAllowed for users without any area."""
    if not call.access.areas():
        raise NotAllowed
    return _project(call)


def form_list(call: Call) -> list[dict[str, Any]]:
    """All published forms; extended with the number of submissions that the user may see."""
    published = forms.published(call.access).order_by("form_id")
    if not call.is_extended:
        return [shapes.form(form) for form in published]
    counts = record_counts(call.access)
    return [
        {**shapes.form(form), **shapes.form_extended(counts.get(form.pk))} for form in published
    ]


def form(call: Call, form: str) -> dict[str, Any]:
    """A published form."""
    published = published_form(call, form)
    body = shapes.form(published)
    if call.is_extended:
        body |= shapes.form_extended(record_counts(call.access).get(published.pk))
    return body


def form_xml(call: Call, form: str) -> HttpResponse:
    """The XForm of the current version, the same bytes as phones get."""
    version = published_form(call, form).current_version
    assert version is not None  # noqa: S101 the form is published
    return HttpResponse(bytes(version.xform), content_type="application/xml; charset=utf-8")


def versions(call: Call, form: str) -> list[dict[str, Any]]:
    """All versions of the form, newest first."""
    rows = forms.versions(call.access).filter(form=published_form(call, form))
    return [shapes.form_version(row) for row in rows]


def version_xml(call: Call, form: str, version: str) -> HttpResponse:
    """The XForm of a version; `___` stands for the empty version name."""
    name = "" if version == "___" else version
    rows = forms.versions(call.access).filter(form=published_form(call, form), version=name)
    row = rows.first()
    if row is None:
        raise NothingHere
    return HttpResponse(bytes(row.xform), content_type="application/xml; charset=utf-8")


def workbook(call: Call, form: str) -> FileResponse:
    """The XLSForm of the current version. Raises NoWorkbook for a form that was given as an XForm."""
    version = published_form(call, form).current_version
    assert version is not None  # noqa: S101 the form is published
    if not version.has_workbook:
        raise NoWorkbook(form_id=form)
    return _file(version.workbook_sha256, f"{form}.xlsx", XLSX_TYPE)


def attachments(call: Call, form: str) -> list[dict[str, Any]]:
    """The files of the current version, entity lists among them."""
    version = published_form(call, form).current_version
    assert version is not None  # noqa: S101 the form is published
    is_list = FormMedia.Kind.ENTITY_LIST
    return [
        shapes.form_file(file.filename, is_there=True, is_list=file.kind == is_list, md5=file.md5)
        for file in forms.media_of(version)
    ]


def attachment(call: Call, form: str, name: str) -> FileResponse:
    """A file of the current version. Raises NothingHere also for an entity list, which is at datasets/."""
    version = published_form(call, form).current_version
    assert version is not None  # noqa: S101 the form is published
    media = next((file for file in forms.media_of(version) if file.filename == name), None)
    if media is None or media.sha256 is None:
        raise NothingHere
    return _file(media.sha256, name, "application/octet-stream")


def change(call: Call, form: str) -> dict[str, Any]:
    """Set the `state` of a form: open, closing or closed."""
    if not call.access.areas(PUBLISHERS):
        raise NotAllowed
    published = published_form(call, form)
    state = bodies.text_member(bodies.read_json(call.request), "state")
    if state not in Form.State.values:
        raise InvalidRequest(errors=[{"pointer": "#/state"}])
    set_state(form_id=published.form_id, state=Form.State(state), actor=call.user)
    return shapes.form(published_form(call, form))


def _file(sha256: bytes | memoryview, name: str, kind: str) -> FileResponse:
    if not blobs.exists(sha256):
        raise NothingHere
    return FileResponse(
        blobs.open_blob(sha256), as_attachment=True, filename=name, content_type=kind
    )


def fields(call: Call, form: str) -> list[dict[str, Any]]:
    """The fields of the current version as a flat list; ?odata=true gives their names in OData."""
    version = published_form(call, form).current_version
    assert version is not None  # noqa: S101 the form is published
    by_odata = call.request.GET.get("odata", "").lower() == "true"
    return shapes.fields(schema_of(version.questions), odata=by_odata)


def _project(call: Call) -> dict[str, Any]:
    """The project, named after the division that contains all areas of the user."""
    prefix = common_prefix(call.access.areas())
    code = prefix.ljust(12, "0")
    name = division_names([code]).get(code, "Ruhu") if prefix else "Ruhu"
    body = shapes.project(name, fallback_created_at(call))
    if call.is_extended:
        n_forms = forms.published(call.access).count()
        body |= shapes.project_extended(n_forms, len(NAMES), record_counts(call.access))
    return body
