"""Entity lists: what there is, their entries as JSON, OData and CSV. They are read here, and changed by forms and desks."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from server.central import edmx, entities, queries
from server.central.door import Asked
from server.central.filters import ENTITIES, Condition, holds, parse
from server.central.problems import BadSkipToken, OptionNotOffered
from server.central.queries import ENTITY_ROWS, After, Query
from server.central.reading import begun, record_export
from server.central.service import JSON, PIECE, address, as_json, as_list, check_version
from server.core.request_problems import NothingHere
from server.forms import selectors as forms
from server.ledgers import selectors as ledgers
from server.ledgers.entity_lists.listed import NAMES
from server.ledgers.selectors import Listed

TABLE = "Entities"


def datasets(asked: Asked) -> list[dict[str, Any]]:
    """The lists there are, for everybody who may see anything in them."""
    if not asked.access.areas():
        return []
    started = begun(asked)
    approval = forms.all_approval_lists()
    return [_dataset(asked, name, started, approval) for name in NAMES]


def dataset(asked: Asked, name: str) -> dict[str, Any]:
    """A list with its properties, and the forms that use it or make entries of it."""
    _known(asked, name)
    started = begun(asked)
    detail = entities.dataset_detail(
        ledgers.list_properties(name),
        started,
        forms.forms_with_list(asked.access, name),
        forms.forms_making(asked.access, name),
    )
    return _dataset(asked, name, started, forms.all_approval_lists()) | detail


def entries(asked: Asked, name: str) -> StreamingHttpResponse:
    """All entries of the list, by uuid, without their properties."""
    _known(asked, name)
    if asked.request.GET.get("deleted", "").lower() == "true":
        raise OptionNotOffered(feature="deleted=true")
    started = begun(asked)
    told = (as_json(entities.entity(one, started, has_data=False)) for one in _entries(asked, name))
    return StreamingHttpResponse(as_list(told), content_type="application/json")


def entry(asked: Asked, name: str, entity: str) -> dict[str, Any]:
    """One entry; by an old uuid of one that was merged, the entry it was merged into."""
    _known(asked, name)
    try:
        found = ledgers.listed_entity(asked.access, name, str(UUID(entity)))
    except ValueError:
        raise NothingHere from None
    if found is None:
        raise NothingHere
    return entities.entity(found, begun(asked), has_data=True)


def sheet(asked: Asked, name: str) -> HttpResponseBase:
    """The list as CSV; without a filter with an ETag, by which an unchanged list is not sent again."""
    _known(asked, name)
    wanted = asked.request.GET.get("$filter", "").strip()
    condition = parse(wanted, ENTITIES) if wanted else None
    tag = "" if condition else ledgers.list_mark(asked.access, name)
    response: HttpResponseBase
    if tag and tag in _tags(asked):
        response = HttpResponse(status=304)
    else:
        record_export(asked, name, f"list:{name}", ["csv"])
        lines = _lines(asked, name, _entries(asked, name, condition))
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    if tag:
        response.headers["ETag"] = f'W/"{tag}"'
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def service(asked: Asked, name: str) -> HttpResponse:
    """The one table of the list."""
    check_version(asked)
    queries.check(asked.request.GET.dict(), "json")
    _known(asked, name)
    told = edmx.service_document((TABLE,), address(asked, "datasets", name))
    return HttpResponse(as_json(told), content_type=JSON)


def resource(asked: Asked, name: str, path: str) -> HttpResponseBase:
    """`$metadata`, or the table."""
    check_version(asked)
    _known(asked, name)
    properties = ledgers.list_properties(name)
    if path == "$metadata":
        queries.check(asked.request.GET.dict(), "xml")
        text = edmx.entities_metadata(name, properties, entities.SYSTEM)
        return HttpResponse(text, content_type="application/xml; charset=utf-8")
    if path != TABLE:
        raise NothingHere
    query = queries.read(asked.request.GET.dict(), ENTITY_ROWS)
    page = _Page(asked, name, query, entities.choice(properties, query.select), _place(query))
    record_export(asked, name, f"list:{name}", [TABLE])
    pieces = page.text()
    first = next(pieces)  # what is wrong shows before the answer has begun
    return StreamingHttpResponse(chain([first], pieces), content_type=JSON)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of the table, or all of it, written while it is read."""

    asked: Asked
    name: str
    query: Query
    choice: entities.Choice
    after: str

    def text(self) -> Iterator[str]:
        root = address(self.asked, "datasets", self.name)
        started = begun(self.asked)
        rows = _entries(self.asked, self.name, self.query.filter, self.after)
        pieces = [f'{{"@odata.context":{as_json(f"{root}/$metadata#{TABLE}")},"value":[']
        size, given, last, is_more = 0, 0, "", False
        for one in islice(rows, self.query.skip, None):
            if given == self.query.top:
                is_more = True
                break
            text = as_json(entities.row(one, started, self.choice))
            pieces.append(f",{text}" if given else text)
            given, last, size = given + 1, one.entity, size + len(text)
            if size > PIECE:
                yield "".join(pieces)
                pieces, size = [], 0
        pieces.append("]")
        if is_more and last:
            pairs = queries.following(self.asked.request.GET.dict(), After((last,)))
            pieces.append(f',"@odata.nextLink":{as_json(f"{root}/{TABLE}?{urlencode(pairs)}")}')
        if self.query.count:
            pieces.append(f',"@odata.count":{self._count()}')
        yield "".join((*pieces, "}"))

    def _count(self) -> int:
        """All rows, pages or not."""
        if self.query.filter is None:
            return ledgers.list_size(self.asked.access, self.name)
        return sum(1 for _one in _entries(self.asked, self.name, self.query.filter))


def _known(asked: Asked, name: str) -> None:
    """Raises NothingHere, also for those who may see nothing anywhere."""
    if name not in NAMES or not asked.access.areas():
        raise NothingHere


def _dataset(
    asked: Asked, name: str, started: datetime, approval: Collection[str]
) -> dict[str, Any]:
    told = entities.dataset(name, started, needs_approval=name in approval)
    if asked.is_extended:
        told |= {"entities": ledgers.list_size(asked.access, name), "lastEntity": None}
    return told


def _entries(
    asked: Asked, name: str, condition: Condition | None = None, after: str = ""
) -> Iterator[Listed]:
    started = begun(asked) if condition else asked.now
    for batch in ledgers.listed_entries(asked.access, name, after=after):
        for one in batch:
            if condition is None or holds(condition, entities.filtered(one, started), asked.now):
                yield one


def _lines(asked: Asked, name: str, rows: Iterable[Listed]) -> Iterator[str]:
    properties, started = ledgers.list_properties(name), begun(asked)
    buffer = io.StringIO()
    out = csv.writer(buffer)
    out.writerow(entities.header(properties))
    for one in rows:
        out.writerow(entities.line(one, started, properties))
        if buffer.tell() > PIECE:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _place(query: Query) -> str:
    """The uuid of the last row of the page before. Raises BadSkipToken."""
    if query.after is None:
        return ""
    try:
        return str(UUID(query.after.values[0]))
    except ValueError:
        raise BadSkipToken from None


def _tags(asked: Asked) -> set[str]:
    """The tags a client has; ruODK sends them without quotes."""
    given = asked.request.headers.get("If-None-Match", "")
    return {one.strip().removeprefix("W/").strip('"') for one in given.split(",")}
