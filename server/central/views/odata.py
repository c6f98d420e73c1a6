"""OData: the service, its metadata, and tables that stream whatever their length."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.db.models import DateTimeField, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from server.central import edmx, queries, tables
from server.central.conditions import COLUMNS, q
from server.central.door import Asked
from server.central.queries import After, Query, Shape
from server.central.reading import Reader, form_named
from server.central.schema import ROOT, schema_of
from server.central.service import JSON, PIECE, address, as_json, check_version
from server.core.request_problems import NothingHere
from server.submissions import selectors
from server.submissions.models import Submission
from server.submissions.selectors import in_batches, place_of

_NEVER: Final = Value(datetime(1970, 1, 1, tzinfo=UTC), DateTimeField())


def service(asked: Asked, form: str) -> HttpResponse:
    """The tables of the form."""
    check_version(asked)
    queries.check(asked.request.GET.dict(), "json")
    version = form_named(asked, form).current_version
    assert version is not None  # noqa: S101 of published forms only
    told = edmx.service_document(schema_of(version.questions).tables, address(asked, "forms", form))
    return HttpResponse(as_json(told), content_type=JSON)


def resource(asked: Asked, form: str, path: str) -> HttpResponseBase:
    """`$metadata`, a table, or one record and what is below it."""
    check_version(asked)
    if path == "$metadata":
        return _metadata(asked, form)
    steps = queries.resource(path)
    if not steps:
        raise NothingHere
    query = queries.read(asked.request.GET.dict())
    reader = Reader(asked, form_named(asked, form))
    if steps[0][1] is not None:
        return _one(asked, reader, steps, query)
    table = steps[0][0] if len(steps) == 1 else ""
    return _table(asked, reader, table, query)


def _metadata(asked: Asked, form: str) -> HttpResponse:
    queries.check(asked.request.GET.dict(), "xml")
    version = form_named(asked, form).current_version
    assert version is not None  # noqa: S101 of published forms only
    text = edmx.metadata(schema_of(version.questions), form)
    return HttpResponse(text, content_type="application/xml; charset=utf-8")


def _table(asked: Asked, reader: Reader, table: str, query: Query) -> HttpResponseBase:
    if table not in reader.schema.tables:
        raise NothingHere
    shape = queries.shape(reader.schema, table, query.select)
    page = _Page(asked, reader, table, shape, query)
    reader.record(f"form:{reader.form.pk}", table)
    text = page.text()
    first = next(text)  # what is wrong with the query shows before the answer has begun
    return StreamingHttpResponse(chain([first], text), content_type=JSON)


def _one(
    asked: Asked, reader: Reader, steps: list[tuple[str, str | None]], query: Query
) -> HttpResponse:
    """One record, or the rows below it: the last id in the address says below which."""
    names = ".".join(name for name, _key in steps)
    if names not in reader.schema.tables:
        raise NothingHere
    shape = queries.shape(reader.schema, names, query.select)
    key = steps[0][1] or ""
    row = selectors.record(asked.access, reader.form.form_id, key)
    selectors.count_versions_and_files([row])
    whole = queries.shape(reader.schema, names, ())
    found = list(
        reader.rows(
            row,
            names,
            Shape(shape.fields, shape.system, whole.keys),
            wkt=query.wkt,
            expand=query.expand,
        )
    )
    last = max(place for place, (_name, key) in enumerate(steps) if key is not None)
    if last:
        above = reader.schema.tables[names]
        column = "__id" if last == len(steps) - 1 else tables.join_column(above)
        found = [one for one in found if one.get(column) == steps[last][1]]
    reader.record(str(row.pk), names)
    end = None if query.top is None else query.skip + query.top
    told: dict[str, Any] = {
        "@odata.context": f"{address(asked, 'forms', reader.form.form_id)}/$metadata#{names}"
    }
    if query.count:
        told["@odata.count"] = len(found)
    unwanted = whole.keys - shape.keys - {"__id"}
    told["value"] = [
        {name: value for name, value in one.items() if name not in unwanted}
        for one in found[query.skip : end]
    ]
    return HttpResponse(as_json(told), content_type=JSON)


class _Page:
    """A page of a table, or all of it, written while it is read."""

    def __init__(
        self, asked: Asked, reader: Reader, table: str, shape: Shape, query: Query
    ) -> None:
        self.asked, self.reader, self.table, self.shape = asked, reader, table, shape
        self.query = query
        self.order = [
            *(
                ("latest" if name == "updatedAt" else COLUMNS[name], down)
                for name, down in query.order
            ),
            ("pk", True),
        ]
        rows = selectors.records(asked.access, reader.form.form_id)
        if any(name == "latest" for name, _down in self.order):
            rows = rows.annotate(latest=Coalesce("updated_at", _NEVER))
        self.rows: QuerySet[Submission] = (
            rows.filter(q(query.filter, asked.now)) if query.filter else rows
        )
        self.is_root = table == ROOT

    def text(self) -> Iterator[str]:
        """The document. Its end tells where the next page begins."""
        root = address(self.asked, "forms", self.reader.form.form_id)
        pieces = [f'{{"@odata.context":{as_json(f"{root}/$metadata#{self.table}")},"value":[']
        size, given = 0, 0
        last: After | None = None
        is_more = False
        for found, after in self._skipped():
            if given == self.query.top:
                is_more = True
                break
            text = as_json(found)
            pieces.append(f",{text}" if given else text)
            given, last = given + 1, after
            size += len(text)
            if size > PIECE:
                yield "".join(pieces)
                pieces, size = [], 0
        pieces.append("]")
        if is_more and last is not None:
            pairs = queries.following(self.asked.request.GET.dict(), last)
            link = f"{root}/{quote(self.table)}?{urlencode(pairs)}"
            pieces.append(f',"@odata.nextLink":{as_json(link)}')
        if self.query.count:
            whole = self.query.after is None and not is_more and not self.query.skip
            pieces.append(f',"@odata.count":{given if whole else self._count()}')
        yield "".join((*pieces, "}"))

    def _skipped(self) -> Iterator[tuple[dict[str, Any], After]]:
        """The rows from the page's beginning on; whole records are passed over by the database."""
        after = self.query.after
        if not self.is_root:
            return islice(self._rows(after), self.query.skip, None)
        if not self.query.skip:
            return self._rows(after)
        passed = self._ordered()[self.query.skip - 1 : self.query.skip]
        row = next(iter(passed), None)
        return iter(()) if row is None else self._rows(After(place_of(row, self.order)))

    def _rows(self, after: After | None) -> Iterator[tuple[dict[str, Any], After]]:
        if after is not None and after.given is not None:
            begun = self.rows.filter(pk=after.values[-1]).first()
            if begun is not None:
                selectors.count_versions_and_files([begun])
                yield from islice(self._of(begun), after.given, None)
        size = 100 if self.query.top is None else min(100, self.query.top + 1)
        for batch in in_batches(self.rows, self.order, after.values if after else (), size):
            for row in batch:
                yield from self._of(row)

    def _of(self, row: Submission) -> Iterator[tuple[dict[str, Any], After]]:
        place = place_of(row, self.order)
        options = {"wkt": self.query.wkt, "expand": self.query.expand}
        for number, found in enumerate(self.reader.rows(row, self.table, self.shape, **options), 1):
            yield found, After(place, None if self.is_root else number)

    def _ordered(self) -> QuerySet[Submission]:
        return self.rows.order_by(*(f"{'-' if down else ''}{name}" for name, down in self.order))

    def _count(self) -> int:
        """All rows of the table, pages or not."""
        if self.is_root:
            return self.rows.count()
        nothing = Shape((), frozenset(), frozenset())
        return sum(
            1
            for batch in in_batches(self.rows, [("pk", True)])
            for row in batch
            for _row in self.reader.rows(row, self.table, nothing, wkt=False, expand=False)
        )
