"""Exports CSV: one table, which is streamed, or all tables and the files in a ZIP archive."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Final

from django.db.models import QuerySet
from django.http import FileResponse, StreamingHttpResponse

from server.central import sheets
from server.central.archived_files import AUDIT, Files
from server.central.conditions import as_q
from server.central.endpoint import Call
from server.central.filters import parse
from server.central.problems import OptionNotOffered
from server.central.reading import Reader, published_form
from server.central.schema import ROOT
from server.core import blobs
from server.submissions import selectors
from server.submissions.models import Submission

_NOT_SUPPORTED: Final = {
    "deletedFields": "true",
    "groupPaths": "false",
    "splitSelectMultiples": "true",
}
"""Options of Central that this server does not support, with their values."""


def table(call: Call, form: str) -> StreamingHttpResponse:
    """The submissions without their repeats."""
    rows = _rows(call, form)
    reader, batches = Reader(call, published_form(call, form)), _batches(rows)
    reader.record_export("csv", {"submissions": rows.count()})
    response = StreamingHttpResponse(_text(reader, batches), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = "attachment"
    return response


def archive(call: Call, form: str) -> FileResponse:
    """A CSV for each table, and the files that the user may see, unless ?attachments=false.

    Files are below media/, audit logs in one sheet for all records.
    """
    rows = _rows(call, form)
    reader, batches = Reader(call, published_form(call, form)), _batches(rows)
    has_files = call.request.GET.get("attachments", "").lower() != "false"
    kind = "csv.zip with files" if has_files else "csv.zip"
    reader.record_export(kind, {"submissions": rows.count()})
    out = tempfile.TemporaryFile()  # noqa: SIM115 the response closes it
    with ExitStack() as stack:
        packed = stack.enter_context(zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED))
        written = {name: stack.enter_context(_sheet()) for name in reader.schema.tables}
        for name, sheet in written.items():
            csv.writer(sheet).writerow(sheets.header(reader.schema, name))
        files = Files(packed, stack.enter_context(_sheet()))
        for batch in batches:
            for row in batch:
                _write(reader, row, written)
            if has_files:
                _pack_files(reader, batch, files)
        names = sheets.file_names(form, reader.schema)
        if files.has_logs:
            written[AUDIT], names[AUDIT] = files.log, sheets.audit_name(form)
        for name, sheet in written.items():
            sheet.seek(0)
            with packed.open(names[name], "w", force_zip64=True) as entry:
                while text := sheet.read(1 << 16):
                    entry.write(text.encode())
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename="submissions.csv.zip")


def _sheet() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8", newline="")


def _rows(call: Call, form: str) -> QuerySet[Submission]:
    """The submissions of the form that $filter selects. Raises OptionNotOffered, BadFilter."""
    options = call.request.GET
    for name, value in _NOT_SUPPORTED.items():
        if options.get(name, "").lower() == value:
            raise OptionNotOffered(feature=f"{name}={value}")
    rows = selectors.records(call.access, form)
    if options.get("$filter", "").strip():
        rows = rows.filter(as_q(parse(options["$filter"]), call.now))
    return rows


def _batches(rows: QuerySet[Submission]) -> Iterator[list[Submission]]:
    """The submissions, newest first."""
    return selectors.in_batches(rows, [("pk", True)])


def _text(reader: Reader, batches: Iterator[list[Submission]]) -> Iterator[str]:
    buffer = io.StringIO()
    out = csv.writer(buffer)
    out.writerow(sheets.header(reader.schema, ROOT))
    for batch in batches:
        for row in batch:
            root = reader.instance(row)
            line = (reader.schema, row.instance_id, reader.system(row, root))
            out.writerow(sheets.submission_line(root, *line))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _write(reader: Reader, row: Submission, written: dict[str, IO[str]]) -> None:
    root = reader.instance(row)
    for name, sheet in written.items():
        chain = reader.schema.tables[name]
        if not chain:
            line = (reader.schema, row.instance_id, reader.system(row, root))
            csv.writer(sheet).writerow(sheets.submission_line(root, *line))
        elif root is not None:
            csv.writer(sheet).writerows(sheets.repeat_lines(root, chain, row.instance_id))


def _pack_files(reader: Reader, batch: list[Submission], files: Files) -> None:
    """Add the files of submissions that the user may have whole."""
    for row, file in reader.files(batch):
        if blobs.exists(file.sha256):
            files.add(file.name, bytes(file.sha256), row.instance_id)
