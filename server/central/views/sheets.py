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
from django.http import StreamingHttpResponse

from server.central import sheets
from server.central.archived_files import Files
from server.central.conditions import as_q
from server.central.endpoint import Call
from server.central.filters import parse
from server.central.problems import OptionNotOffered
from server.central.reading import Read, Reader, published_form
from server.central.schema import ROOT
from server.central.sheets import Sheet, as_csv
from server.core import blobs
from server.submissions import selectors
from server.submissions.models import Submission
from server.submissions.record_rows import RecordRow

_NOT_SUPPORTED: Final = {
    "deletedFields": "true",
    "groupPaths": "false",
    "splitSelectMultiples": "true",
}
"""Options of Central that this server does not support, with their values."""


def table(call: Call, form: str) -> StreamingHttpResponse:
    """The submissions without their repeats."""
    rows = _rows(call, form)
    reader = Reader(call, published_form(call, form))
    batches = _batches(reader, rows)
    reader.record_export("csv", {"submissions": rows.count()})
    response = StreamingHttpResponse(_text(reader, batches), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = "attachment"
    return response


def archive(call: Call, form: str) -> StreamingHttpResponse:
    """A CSV for each table, and the files that the user may see, unless ?attachments=false.

    Files are below media/, audit logs in one sheet for all records. The archive is sent while
    the records are read.
    """
    rows = _rows(call, form)
    reader = Reader(call, published_form(call, form))
    batches = _batches(reader, rows)
    has_files = call.request.GET.get("attachments", "").lower() != "false"
    kind = "csv.zip with files" if has_files else "csv.zip"
    reader.record_export(kind, {"submissions": rows.count()})
    response = StreamingHttpResponse(
        _packed(reader, batches, form, has_files=has_files), content_type="application/zip"
    )
    response.headers["Content-Disposition"] = 'attachment; filename="submissions.csv.zip"'
    return response


def _packed(
    reader: Reader, batches: Iterator[list[Read]], form: str, *, has_files: bool
) -> Iterator[bytes]:
    """The bytes of the archive: the submissions as they are read, then the repeats, the files and the audit logs.

    An entry of an archive is written as a whole, so that repeats wait in temporary files
    while the submissions go out, and so do the names of the files.
    """
    out, names = _Outgoing(), sheets.file_names(form, reader.schema)
    with ExitStack() as stack:
        packed = stack.enter_context(
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        )
        repeats = {
            name: stack.enter_context(_sheet()) for name in reader.schema.tables if name != ROOT
        }
        made = {name: Sheet(reader.schema, name) for name in repeats}
        for name, sheet in repeats.items():
            csv.writer(sheet).writerow(made[name].header)
        listed, log = stack.enter_context(_sheet()), stack.enter_context(_sheet())
        with packed.open(names[ROOT], "w", force_zip64=True) as entry:
            yield out.taken()
            text = io.StringIO()
            csv.writer(text).writerow(reader.sheet.header)
            for batch in batches:
                for record in batch:
                    text.write(_line(reader, record))
                    if made and record.level is not None:
                        for name, sheet in repeats.items():
                            lines = made[name].repeat_lines(record.level, record.row.instance_id)
                            csv.writer(sheet).writerows(lines)
                if has_files:
                    _list_files(reader, [record.row for record in batch], listed)
                entry.write(_emptied(text))
                yield out.taken()
            entry.write(_emptied(text))
        for name, sheet in repeats.items():
            yield from _copied(packed, names[name], sheet, out)
        files = Files(packed, log)
        listed.seek(0)
        for name, sha256, instance_id in csv.reader(listed):
            for _step in files.add(name, bytes.fromhex(sha256), instance_id):
                yield out.taken()
        if files.has_logs:
            yield from _copied(packed, sheets.audit_name(form), log, out)
    yield out.taken()


def _copied(packed: zipfile.ZipFile, name: str, sheet: IO[str], out: _Outgoing) -> Iterator[bytes]:
    """Add a sheet to the archive."""
    sheet.seek(0)
    with packed.open(name, "w", force_zip64=True) as entry:
        while text := sheet.read(1 << 16):
            entry.write(text.encode())
            yield out.taken()


class _Outgoing:
    """What a ZipFile writes, until it is sent. It cannot be sought, so that sizes follow the entries."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def close(self) -> None:
        """Nothing to close."""

    def taken(self) -> bytes:
        """The bytes written since the last time."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


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


def _batches(reader: Reader, rows: QuerySet[Submission]) -> Iterator[list[Read]]:
    """The submissions, newest first."""
    return reader.read(rows, [("pk", True)])


def _text(reader: Reader, batches: Iterator[list[Read]]) -> Iterator[bytes]:
    text = io.StringIO()
    csv.writer(text).writerow(reader.sheet.header)
    yield _emptied(text)
    for batch in batches:
        yield "".join(_line(reader, record) for record in batch).encode()


def _line(reader: Reader, record: Read) -> str:
    layout = record.layout
    cells = layout.cells if layout else as_csv(reader.sheet.blank)
    return sheets.submission_line(cells, record.row.instance_id, reader.system(record))


def _emptied(text: io.StringIO) -> bytes:
    """What the buffer holds, in UTF-8; the buffer is empty then."""
    data = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return data


def _list_files(reader: Reader, batch: list[RecordRow], listed: IO[str]) -> None:
    """List the files of submissions that the user may have whole: name, SHA-256, instanceID."""
    out = csv.writer(listed)
    for row, file in reader.files(batch):
        if blobs.exists(file.sha256):
            out.writerow((file.name, bytes(file.sha256).hex(), row.instance_id))
