"""Entity lists and their entities as JSON, OData and CSV. Those of the office's own are changed by views/entities.py."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from server.accounts.access import Access, common_prefix
from server.audit.services import record_list
from server.central import edmx, entities, queries
from server.central.endpoint import Call
from server.central.filters import ENTITY_FIELDS, Condition, evaluate, parse
from server.central.lists import OfTheOffice, ReadList, Row, lists, read_list
from server.central.problems import BadSkipToken, OptionNotOffered
from server.central.queries import ENTITY_ROWS, PageEnd, Query
from server.central.reading import fallback_created_at, record_export
from server.central.service import CHUNK, JSON, as_json, check_version, json_list, service_url
from server.core.request_problems import NothingHere
from server.datasets import selectors as own
from server.datasets.models import Dataset
from server.forms import selectors as forms

TABLE = "Entities"


def datasets(call: Call) -> list[dict[str, Any]]:
    """All entity lists, for users who have an area."""
    fallback = fallback_created_at(call)
    approval = _approval_lists()
    return [_dataset(call, entity_list, fallback, approval) for entity_list in lists(call.access)]


def dataset(call: Call, name: str) -> dict[str, Any]:
    """An entity list with its properties, and the forms that use it or create entities in it."""
    entity_list = read_list(call.access, name)
    fallback = entity_list.created_at or fallback_created_at(call)
    detail = entities.dataset_detail(
        entity_list.properties,
        fallback,
        forms.forms_with_list(call.access, name),
        forms.forms_writing_to(call.access, name),
    )
    if isinstance(entity_list, OfTheOffice):
        detail["properties"] = own_properties(call.access, entity_list.dataset)
        detail["areaProperty"] = entity_list.dataset.area_property
    return _dataset(call, entity_list, fallback, _approval_lists()) | detail


def entries(call: Call, name: str) -> StreamingHttpResponse:
    """All entities of the list, ordered by uuid, without their properties."""
    entity_list = read_list(call.access, name)
    gone = call.request.GET.get("deleted", "").lower() == "true"
    if gone and not isinstance(entity_list, OfTheOffice):
        raise OptionNotOffered(feature="deleted=true")
    fallback = fallback_created_at(call)
    record_list(
        actor=call.user,
        of="entity-list",
        area=common_prefix(call.access.areas()),
        rows=(size := entity_list.size()),
        last_row=size,
        facts={"list": name},
    )
    rows = (
        as_json(entities.entity(listed, fallback, has_data=False))
        for batch in entity_list.after(gone=gone)
        for listed in batch
    )
    return StreamingHttpResponse(json_list(rows), content_type="application/json")


def entry(call: Call, name: str, entity: str) -> dict[str, Any]:
    """An entity; for the uuid of a merged one, the entity it was merged into."""
    entity_list = read_list(call.access, name)
    try:
        listed = entity_list.entity(str(UUID(entity)))
    except ValueError:
        raise NothingHere from None
    if listed is None:
        raise NothingHere
    return entities.entity(listed, fallback_created_at(call), has_data=True)


def sheet(call: Call, name: str) -> HttpResponseBase:
    """The list as CSV. Without a filter it has an ETag, so that an unchanged list is not sent again."""
    entity_list = read_list(call.access, name)
    text = call.request.GET.get("$filter", "").strip()
    condition = parse(text, ENTITY_FIELDS) if text else None
    tag = "" if condition else entity_list.digest()
    response: HttpResponseBase
    if tag and tag in _tags(call):
        response = HttpResponse(status=304)
    else:
        _record_export(call, entity_list, "csv", is_filtered=condition is not None)
        lines = _lines(call, entity_list, _listed(call, entity_list, condition))
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{_plain(name)}.csv"'
    if tag:
        response.headers["ETag"] = f'W/"{tag}"'
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def service(call: Call, name: str) -> HttpResponse:
    """The service document, which names the one table of the list."""
    check_version(call)
    queries.check_options(queries.options_of(call.request.GET), "json")
    read_list(call.access, name)
    document = edmx.service_document((TABLE,), service_url(call, "datasets", name))
    return HttpResponse(as_json(document), content_type=JSON)


def resource(call: Call, name: str, path: str) -> HttpResponseBase:
    """`$metadata`, or the table Entities."""
    check_version(call)
    entity_list = read_list(call.access, name)
    properties = entity_list.properties
    if path == "$metadata":
        queries.check_options(queries.options_of(call.request.GET), "xml")
        text = edmx.entities_metadata(name, properties, entities.SYSTEM)
        return HttpResponse(text, content_type="application/xml; charset=utf-8")
    if path != TABLE:
        raise NothingHere
    query = queries.parse_query(queries.options_of(call.request.GET), ENTITY_ROWS)
    page = _Page(
        call, entity_list, query, entities.entity_columns(properties, query.select), _after(query)
    )
    _record_export(call, entity_list, TABLE, is_filtered=query.filter is not None, top=query.top)
    pieces = page.text()
    first = next(pieces)  # problems are raised before the response begins
    return StreamingHttpResponse(chain([first], pieces), content_type=JSON)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of the table, or the whole table, written while it is read."""

    call: Call
    entity_list: ReadList
    query: Query
    columns: entities.EntityColumns
    after: str  # uuid

    def text(self) -> Iterator[str]:
        """The JSON of the page, piece by piece, with the link to the next page at its end."""
        root = service_url(self.call, "datasets", self.entity_list.name)
        fallback = fallback_created_at(self.call)
        rows = _listed(self.call, self.entity_list, self.query.filter, self.after)
        pieces = [f'{{"@odata.context":{as_json(f"{root}/$metadata#{TABLE}")},"value":[']
        size, n_rows, last, is_more = 0, 0, "", False
        for listed in islice(rows, self.query.skip, None):
            if n_rows == self.query.top:
                is_more = True
                break
            text = as_json(entities.row(listed, fallback, self.columns))
            pieces.append(f",{text}" if n_rows else text)
            n_rows, last, size = n_rows + 1, listed.entity, size + len(text)
            if size > CHUNK:
                yield "".join(pieces)
                pieces, size = [], 0
        pieces.append("]")
        if is_more and last:
            pairs = queries.next_page(queries.options_of(self.call.request.GET), PageEnd((last,)))
            pieces.append(f',"@odata.nextLink":{as_json(f"{root}/{TABLE}?{urlencode(pairs)}")}')
        if self.query.count:
            pieces.append(f',"@odata.count":{self._count()}')
        yield "".join((*pieces, "}"))

    def _count(self) -> int:
        """The number of rows on all pages."""
        if self.query.filter is None:
            return self.entity_list.size()
        return sum(1 for _row in _listed(self.call, self.entity_list, self.query.filter))


def _record_export(
    call: Call, entity_list: ReadList, table: str, *, is_filtered: bool, top: int | None = None
) -> None:
    """Record that entities are sent; `rows` is at most that many, for a filter is applied while they are."""
    size = entity_list.size()
    rows = size if top is None else min(size, top)
    record_export(call, "entity-list", entity_list.name, [table], rows=rows, filtered=is_filtered)


def _dataset(
    call: Call, entity_list: ReadList, fallback: datetime, approval: Collection[str]
) -> dict[str, Any]:
    name, created_at = entity_list.name, entity_list.created_at or fallback
    body = entities.dataset(name, created_at, needs_approval=name in approval)
    if call.is_extended:
        body |= {"entities": entity_list.size(), "lastEntity": None}
    return body


def _approval_lists() -> frozenset[str]:
    return forms.all_approval_lists() | own.approval_lists()


def own_properties(access: Access, dataset: Dataset) -> list[dict[str, Any]]:
    """The properties of a list of the office's own, with the forms that write each."""
    writing = own.forms_by_property(access, dataset)
    return [
        entities.property_of(item.name, item.created_at, writing.get(item.name, ()))
        for item in dataset.properties.all()
    ]


def _plain(name: str) -> str:
    """The name as it may stand in a header."""
    return quote(name, safe="")


def _listed(
    call: Call, entity_list: ReadList, condition: Condition | None = None, after: str = ""
) -> Iterator[Row]:
    fallback = fallback_created_at(call) if condition else call.now
    for batch in entity_list.after(after):
        for listed in batch:
            if condition is None or evaluate(
                condition, entities.filter_values(listed, fallback), call.now
            ):
                yield listed


def _lines(call: Call, entity_list: ReadList, rows: Iterable[Row]) -> Iterator[str]:
    properties, fallback = entity_list.properties, fallback_created_at(call)
    buffer = io.StringIO()
    out = csv.writer(buffer)
    out.writerow(entities.header(properties))
    for listed in rows:
        out.writerow(entities.line(listed, fallback, properties))
        if buffer.tell() > CHUNK:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _after(query: Query) -> str:
    """The uuid of the last row of the previous page; "" for the first page. Raises BadSkipToken."""
    if query.after is None:
        return ""
    try:
        return str(UUID(query.after.values[0]))
    except ValueError:
        raise BadSkipToken from None


def _tags(call: Call) -> set[str]:
    """The ETags of If-None-Match; ruODK sends them without quotes."""
    header = call.request.headers.get("If-None-Match", "")
    return {tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")}
