"""The one project and its forms."""

from __future__ import annotations

from typing import Any, Final

from django.http import FileResponse, HttpResponse

from server.accounts.access import PUBLISHERS, common_prefix
from server.central import bodies, shapes
from server.central.door import Asked
from server.central.reading import begun, form_named
from server.central.schema import schema_of
from server.core import blobs
from server.core.request_problems import InvalidRequest, NotAllowed, NothingHere
from server.forms import selectors as forms
from server.forms.models import Form, FormMedia
from server.forms.services import set_state
from server.geo.selectors import division_names
from server.ledgers.entity_lists.listed import NAMES
from server.submissions.selectors import record_counts

WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def projects(asked: Asked) -> list[dict[str, Any]]:
    """The installation, for everybody who may see anything in it."""
    return [_project(asked)] if asked.access.areas() else []


def project(asked: Asked) -> dict[str, Any]:
    if not asked.access.areas():
        raise NotAllowed
    return _project(asked)


def form_list(asked: Asked) -> list[dict[str, Any]]:
    """All published forms; with X-Extended-Metadata also how many records the caller may see."""
    found = forms.published(asked.access).order_by("form_id")
    if not asked.is_extended:
        return [shapes.form(form) for form in found]
    counts = record_counts(asked.access)
    return [{**shapes.form(form), **shapes.form_extended(counts.get(form.pk))} for form in found]


def form(asked: Asked, form: str) -> dict[str, Any]:
    found = form_named(asked, form)
    told = shapes.form(found)
    if asked.is_extended:
        told |= shapes.form_extended(record_counts(asked.access).get(found.pk))
    return told


def form_xml(asked: Asked, form: str) -> HttpResponse:
    """The XForm of the current version, byte for byte as phones get it."""
    version = form_named(asked, form).current_version
    assert version is not None  # noqa: S101 of published forms only
    return HttpResponse(bytes(version.xform), content_type="application/xml; charset=utf-8")


def versions(asked: Asked, form: str) -> list[dict[str, Any]]:
    """All versions, newest first."""
    found = form_named(asked, form)
    return [shapes.form_version(row) for row in forms.versions(asked.access).filter(form=found)]


def version_xml(asked: Asked, form: str, version: str) -> HttpResponse:
    """The XForm of one version; `___` is the empty one."""
    name = "" if version == "___" else version
    rows = forms.versions(asked.access).filter(form=form_named(asked, form), version=name)
    found = rows.first()
    if found is None:
        raise NothingHere
    return HttpResponse(bytes(found.xform), content_type="application/xml; charset=utf-8")


def workbook(asked: Asked, form: str) -> FileResponse:
    """The workbook the current version was made of."""
    version = form_named(asked, form).current_version
    assert version is not None  # noqa: S101 of published forms only
    return _file(version.workbook_sha256, f"{form}.xlsx", WORKBOOK)


def attachments(asked: Asked, form: str) -> list[dict[str, Any]]:
    """The files the current version needs; entity lists among them."""
    version = form_named(asked, form).current_version
    assert version is not None  # noqa: S101 of published forms only
    is_list = FormMedia.Kind.ENTITY_LIST
    return [
        shapes.form_file(file.filename, is_there=True, is_list=file.kind == is_list, md5=file.md5)
        for file in forms.media_of(version)
    ]


def attachment(asked: Asked, form: str, name: str) -> FileResponse:
    """One of them; an entity list is at datasets/."""
    version = form_named(asked, form).current_version
    assert version is not None  # noqa: S101 of published forms only
    found = next((file for file in forms.media_of(version) if file.filename == name), None)
    if found is None or found.sha256 is None:
        raise NothingHere
    return _file(found.sha256, name, "application/octet-stream")


def change(asked: Asked, form: str) -> dict[str, Any]:
    """`state`: open, closing or closed."""
    if not asked.access.areas(PUBLISHERS):
        raise NotAllowed
    found = form_named(asked, form)
    state = bodies.text(bodies.read_json(asked.request), "state")
    if state not in Form.State.values:
        raise InvalidRequest(errors=[{"pointer": "#/state"}])
    set_state(form_id=found.form_id, state=Form.State(state))
    return shapes.form(form_named(asked, form))


def _file(sha256: bytes | memoryview, name: str, kind: str) -> FileResponse:
    path = blobs.path_of(sha256)
    if not path.exists():
        raise NothingHere
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=kind)


def fields(asked: Asked, form: str) -> list[dict[str, Any]]:
    """The questions of the current version, flat; with ?odata=true by their names in OData."""
    version = form_named(asked, form).current_version
    assert version is not None  # noqa: S101 of published forms only
    by_odata = asked.request.GET.get("odata", "").lower() == "true"
    return shapes.fields(schema_of(version.questions), odata=by_odata)


def _project(asked: Asked) -> dict[str, Any]:
    """Called as the division that holds all areas of the caller."""
    prefix = common_prefix(asked.access.areas())
    code = prefix.ljust(12, "0")
    name = division_names([code]).get(code, "Ruhu") if prefix else "Ruhu"
    told = shapes.project(name, begun(asked))
    if asked.is_extended:
        n_forms = forms.published(asked.access).count()
        told |= shapes.project_extended(n_forms, len(NAMES), record_counts(asked.access))
    return told
