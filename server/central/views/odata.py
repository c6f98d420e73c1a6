"""The OData service of a form: its documents, its tables, which are streamed, and single submissions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Final
from urllib.parse import quote, urlencode

from django.db.models import DateTimeField, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from server.central import edmx, queries
from server.central.conditions import COLUMNS, as_q
from server.central.endpoint import Call
from server.central.problems import OptionNotOffered
from server.central.queries import Columns, PageEnd, Query
from server.central.reading import JsonRow, Read, Reader, published_form
from server.central.schema import ROOT, schema_of
from server.central.service import CHUNK, JSON, as_json, check_version, service_url
from server.core.request_problems import NothingHere
from server.submissions import selectors
from server.submissions.models import Submission
from server.submissions.record_rows import BATCH, record_row

_NEVER: Final = Value(datetime(1970, 1, 1, tzinfo=UTC), DateTimeField())


def service(call: Call, form: str) -> HttpResponse:
    """The service document, which names the tables of the form."""
    check_version(call)
    queries.check_options(queries.options_of(call.request.GET), "json")
    version = published_form(call, form).current_version
    assert version is not None  # noqa: S101 the form is published
    names = schema_of(version.questions).tables
    document = edmx.service_document(names, service_url(call, "forms", form))
    return HttpResponse(as_json(document), content_type=JSON)


def resource(call: Call, form: str, path: str) -> HttpResponseBase:
    """`$metadata`, a table, or the rows of one submission."""
    check_version(call)
    if path == "$metadata":
        return _metadata(call, form)
    steps = queries.parse_path(path)
    if not steps:
        raise NothingHere
    query = queries.parse_query(queries.options_of(call.request.GET))
    reader = Reader(call, published_form(call, form))
    if steps[0][1] is not None:
        return _one(call, reader, steps, query)
    table = steps[0][0] if len(steps) == 1 else ""
    return _table(call, reader, table, query)


def _metadata(call: Call, form: str) -> HttpResponse:
    queries.check_options(queries.options_of(call.request.GET), "xml")
    version = published_form(call, form).current_version
    assert version is not None  # noqa: S101 the form is published
    text = edmx.metadata(schema_of(version.questions), form)
    return HttpResponse(text, content_type="application/xml; charset=utf-8")


def _table(call: Call, reader: Reader, table: str, query: Query) -> HttpResponseBase:
    if table not in reader.schema.tables:
        raise NothingHere
    columns = queries.select_columns(reader.schema, table, query.select)
    page = _Page(call, reader, table, columns, query)
    text = page.text()
    first = next(text)  # problems are raised before the response begins
    reader.record_export(table, page.size())
    return StreamingHttpResponse(chain([first], text), content_type=JSON)


def _one(
    call: Call, reader: Reader, steps: list[tuple[str, str | None]], query: Query
) -> HttpResponse:
    """A submission, or rows of its repeats: the last key in the path selects the row or its parent.

    Raises OptionNotOffered for what would have to choose or order among records.
    """
    for name in ("$filter", "$orderby", "$skiptoken"):
        if call.request.GET.get(name, "").strip():
            raise OptionNotOffered(feature=_("{option} on one record").format(option=name))
    names = ".".join(name for name, _key in steps)
    if names not in reader.schema.tables:
        raise NothingHere
    columns = queries.select_columns(reader.schema, names, query.select)
    key = steps[0][1] or ""
    named = selectors.record(call.access, reader.form.form_id, key)
    row = record_row(selectors.records(call.access, reader.form.form_id), pk=named.pk)
    if row is None:
        raise NothingHere
    table = reader.table(names, columns, wkt=query.wkt, expand=query.expand)
    rows = list(reader.rows(reader.with_answers([row])[0], table, columns))
    last = max(place for place, (_name, key) in enumerate(steps) if key is not None)
    if last:
        is_row = last == len(steps) - 1
        rows = [row for row in rows if (row.id if is_row else row.parent) == steps[last][1]]
    reader.record_export(names, {"rows": len(rows)}, submission=named)
    end = None if query.top is None else query.skip + query.top
    url = service_url(call, "forms", reader.form.form_id)
    context = as_json(f"{url}/$metadata#{names}")
    count = f'"@odata.count":{len(rows)},' if query.count else ""
    value = ",".join(row.text for row in rows[query.skip : end])
    body = f'{{"@odata.context":{context},{count}"value":[{value}]}}'
    return HttpResponse(body, content_type=JSON)


class _Page:
    """A page of a table, or the whole table, written while it is read."""

    def __init__(
        self, call: Call, reader: Reader, table: str, columns: Columns, query: Query
    ) -> None:
        self.call, self.reader, self.table, self.columns = call, reader, table, columns
        self.query = query
        self.order = [
            *(
                ("latest" if name == "updatedAt" else COLUMNS[name], descending)
                for name, descending in query.order
            ),
            ("pk", True),
        ]
        rows = selectors.records(call.access, reader.form.form_id)
        if any(name == "latest" for name, _descending in self.order):
            rows = rows.annotate(latest=Coalesce("updated_at", _NEVER))
        self.rows: QuerySet[Submission] = (
            rows.filter(as_q(query.filter, call.now)) if query.filter else rows
        )
        self.is_root = table == ROOT
        self._made = reader.table(table, columns, wkt=query.wkt, expand=query.expand)
        self._n_rows: int | None = None  # once all are read

    def text(self) -> Iterator[str]:
        """The JSON of the page, piece by piece, with the link to the next page at its end."""
        root = service_url(self.call, "forms", self.reader.form.form_id)
        pieces = [f'{{"@odata.context":{as_json(f"{root}/$metadata#{self.table}")},"value":[']
        size, n_rows = 0, 0
        last: PageEnd | None = None
        is_more = False
        for row, after in self._skipped():
            if n_rows == self.query.top:
                is_more = True
                break
            pieces.append(f",{row.text}" if n_rows else row.text)
            n_rows, last = n_rows + 1, after
            size += len(row.text)
            if size > CHUNK:
                yield "".join(pieces)
                pieces, size = [], 0
        pieces.append("]")
        self._n_rows = n_rows
        if is_more and last is not None:
            pairs = queries.next_page(queries.options_of(self.call.request.GET), last)
            link = f"{root}/{quote(self.table)}?{urlencode(pairs)}"
            pieces.append(f',"@odata.nextLink":{as_json(link)}')
        if self.query.count:
            whole = self.query.after is None and not is_more and not self.query.skip
            pieces.append(f',"@odata.count":{n_rows if whole else self._count()}')
        yield "".join((*pieces, "}"))

    def _skipped(self) -> Iterator[tuple[JsonRow, PageEnd]]:
        """The rows from the beginning of the page on; the database skips whole submissions."""
        after = self.query.after
        if not self.is_root:
            return islice(self._rows(after), self.query.skip, None)
        if not self.query.skip:
            return self._rows(after)
        skipped = self._ordered()[self.query.skip - 1 : self.query.skip]
        row = next(iter(skipped), None)
        if row is None:
            return iter(())
        return self._rows(PageEnd(tuple(getattr(row, name) for name, _down in self.order)))

    def _rows(self, after: PageEnd | None) -> Iterator[tuple[JsonRow, PageEnd]]:
        if after is not None and after.n_rows is not None:
            partial = record_row(self.rows, pk=after.values[-1])
            if partial is not None:
                partial.place = tuple(after.values)
                [record] = self.reader.with_answers([partial])
                yield from islice(self._of(record), after.n_rows, None)
        size = BATCH if self.query.top is None else min(BATCH, self.query.top + 1)
        begin = after.values if after else ()
        has_updated_at = "updatedAt" in self.columns.system
        for batch in self.reader.read(
            self.rows, self.order, begin, size, has_updated_at=has_updated_at
        ):
            for record in batch:
                yield from self._of(record)

    def _of(self, record: Read) -> Iterator[tuple[JsonRow, PageEnd]]:
        rows = self.reader.rows(record, self._made, self.columns)
        for number, row in enumerate(rows, 1):
            yield row, PageEnd(record.row.place, None if self.is_root else number)

    def _ordered(self) -> QuerySet[Submission]:
        return self.rows.order_by(
            *(f"{'-' if descending else ''}{name}" for name, descending in self.order)
        )

    def size(self) -> dict[str, int]:
        """The number of rows if all are read already, else of the submissions that they are of."""
        if self._n_rows is not None:
            return {"rows": self._n_rows}
        return {"submissions": self.rows.count()}

    def _count(self) -> int:
        """The number of rows on all pages."""
        if self.is_root:
            return self.rows.count()
        nothing = Columns((), frozenset(), frozenset())
        table = self.reader.table(self.table, nothing, wkt=False, expand=False)
        return sum(
            1
            for batch in self.reader.read(self.rows, [("pk", True)])
            for record in batch
            for _row in self.reader.rows(record, table, nothing)
        )
