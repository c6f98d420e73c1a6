"""The versions of a submission and what each changed, who sent records of a form, and records and entities as GeoJSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from lxml import etree

from server.accounts.selectors import colleagues
from server.central import shapes, tables
from server.central.differences import differences
from server.central.endpoint import Call
from server.central.layouts import places
from server.central.lists import read_list
from server.central.problems import UnknownProperty
from server.central.reading import Reader, published_form, record_export
from server.central.schema import Field
from server.central.service import as_json
from server.central.views.submissions import attachment as attachment_now
from server.central.views.submissions import document_of_version
from server.core import blobs
from server.core.request_problems import NothingHere
from server.disclosure.models import ExportPermit
from server.disclosure.selectors import areas_of, open_permits
from server.forms.models import Form
from server.submissions import selectors
from server.submissions.models import Submission, SubmissionVersion

GEO = ("geopoint", "geotrace", "geoshape")
_JSON = "application/geo+json"


def versions(call: Call, form: str, instance: str) -> list[dict[str, Any]]:
    """The versions of a submission, newest first, without their answers."""
    row = selectors.record(call.access, form, instance)
    rows = selectors.versions_of(row).select_related("submitter", "form_version").defer("document")
    return [shapes.submission_version(row, version) for version in rows.order_by("-pk")]


def version(call: Call, form: str, instance: str, version: str) -> dict[str, Any]:
    """One version, by its own instanceID."""
    return shapes.submission_version(*_version(call, form, instance, version))


def version_xml(call: Call, form: str, instance: str, version: str) -> HttpResponse:
    """The XML of a version as it was received, as the submission's own XML is given."""
    row, chosen = _version(call, form, instance, version)
    return document_of_version(call, row, chosen)


def version_attachments(call: Call, form: str, instance: str, version: str) -> list[dict[str, Any]]:
    """The files of a version."""
    row, chosen = _version(call, form, instance, version)
    permits = open_permits(call.access, ExportPermit.Kind.FORM, form)
    is_whole = row.area_code.startswith(areas_of(permits))
    files = selectors.files_of(chosen.pk)
    return [shapes.attachment(file.name, is_here=True, is_whole=is_whole) for file in files]


def version_attachment(
    call: Call, form: str, instance: str, version: str, name: str
) -> FileResponse:
    """A file of a version: one that the submission has now under the same name with the same content."""
    row, chosen = _version(call, form, instance, version)
    now = {bytes(file.sha256) for file in selectors.files_of(row.current_version_id)}
    then = selectors.files_of(chosen.pk).filter(name=name).first()
    if then is None or bytes(then.sha256) not in now or not blobs.exists(then.sha256):
        raise NothingHere
    return attachment_now(call, form, instance, name)


def diffs(call: Call, form: str, instance: str) -> dict[str, list[dict[str, Any]]]:
    """Version → what it changed of the version before, as the caller may read answers; none of the first."""
    row = selectors.record(call.access, form, instance)
    reader = Reader(call, published_form(call, form))
    rows = selectors.versions_of(row).select_related("form_version", "encrypted")
    changes: dict[str, list[dict[str, Any]]] = {}
    before: etree._Element | None = None
    reader.record_export("diffs", {"rows": 1}, submission=row)
    for number, item in enumerate(rows):
        root = reader.answers_of(item, row.area_code)
        if number:
            changes[item.instance_id] = differences(before, root)
        before = root
    return changes


def submitters(call: Call, form: str) -> list[dict[str, Any]]:
    """The people who sent records of the form that the caller sees, as far as the caller may know them."""
    published_form(call, form)
    rows = selectors.records(call.access, form).order_by()
    senders = set(rows.values_list("submitter", flat=True).distinct())
    return [shapes.person(user) for user in colleagues(call.access, senders).order_by("username")]


def submissions_geojson(call: Call, form: str) -> StreamingHttpResponse:
    """The records of a form as points, lines and areas: of its first such question, or of `fieldpath`."""
    row = published_form(call, form)
    reader = Reader(call, row)
    field = _geometry_of(reader, call.request.GET.get("fieldpath", ""))
    rows = selectors.records(call.access, form)
    reader.record_export("geojson", {"rows": rows.count()})
    return StreamingHttpResponse(
        _collection(_features(call, reader, row, field)), content_type=_JSON
    )


def entities_geojson(call: Call, name: str) -> StreamingHttpResponse:
    """The entities of a list whose property `geometry` holds a point, line or area."""
    entity_list = read_list(call.access, name)
    record_export(call, "entity-list", name, ["geojson"], rows=entity_list.size())

    def features() -> Iterator[Mapping[str, Any]]:
        for batch in entity_list.after():
            for entity in batch:
                shape = _shape(entity.values.get("geometry", ""))
                if shape is not None:
                    yield _feature(entity.entity, {"label": entity.label, **entity.values}, shape)

    return StreamingHttpResponse(_collection(features()), content_type=_JSON)


def _version(
    call: Call, form: str, instance: str, version: str
) -> tuple[Submission, SubmissionVersion]:
    row = selectors.record(call.access, form, instance)
    chosen = (
        selectors.versions_of(row)
        .select_related("submitter", "form_version__form__current_version")
        .filter(instance_id=version)
        .first()
    )
    if chosen is None:
        raise NothingHere
    return row, chosen


def _geometry_of(reader: Reader, path: str) -> Field | None:
    """The question of that path, or the first that holds a geometry and stands in no repeat. Raises UnknownProperty."""
    fields = list(_outside_repeats(reader.schema.fields))
    if path:
        chosen = next((field for field in fields if field.path == path), None)
        if chosen is None:
            raise UnknownProperty(property=path[:100])
        return chosen
    return next(iter(fields), None)


def _outside_repeats(fields: Iterable[Field]) -> Iterator[Field]:
    for field in fields:
        if field.kind == "group":
            yield from _outside_repeats(field.children)
        elif field.type in GEO:
            yield field


def _features(
    call: Call, reader: Reader, form: Form, field: Field | None
) -> Iterator[Mapping[str, Any]]:
    if field is None:
        return
    slot = places(reader.schema.fields)[field.path]
    rows = selectors.records(call.access, form.form_id)
    for batch in reader.read(rows, [("pk", True)]):
        for record in batch:
            text = "" if record.level is None else record.level[slot]
            shape = tables.value(text, field.type)
            if shape is not None:
                yield _feature(record.row.instance_id, {"fieldpath": field.path}, shape)


def _shape(text: str) -> Any:
    kinds = ("geopoint",) if ";" not in text else ("geoshape", "geotrace")
    shapes_read = (tables.value(text, kind) for kind in kinds)
    return next((shape for shape in shapes_read if shape is not None), None)


def _feature(key: str, properties: Mapping[str, Any], geometry: Any) -> dict[str, Any]:
    """A feature without the further members that Central's OData puts into geometries."""
    bare = {"type": geometry["type"], "coordinates": geometry["coordinates"]}
    return {"type": "Feature", "id": key, "properties": dict(properties), "geometry": bare}


def _collection(features: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield '{"type":"FeatureCollection","features":['
    for number, feature in enumerate(features):
        yield f",{as_json(feature)}" if number else as_json(feature)
    yield "]}"
