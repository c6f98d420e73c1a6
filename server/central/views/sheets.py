"""CSV: one table streamed, or all of them with the files in an archive."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Final

from django.http import FileResponse, StreamingHttpResponse

from server.central import sheets
from server.central.conditions import q
from server.central.door import Asked
from server.central.filters import parse
from server.central.problems import OptionNotOffered
from server.central.reading import Reader, form_named
from server.central.schema import ROOT
from server.core import blobs
from server.submissions import selectors
from server.submissions.models import Submission

_OTHERWISE: Final = {"groupPaths": "false", "splitSelectMultiples": "true"}
"""What Central does on wish, and this server does not."""


def table(asked: Asked, form: str) -> StreamingHttpResponse:
    """The records without their repeats."""
    batches = _batches(asked, form)
    reader = Reader(asked, form_named(asked, form))
    reader.record(f"form:{reader.form.pk}", "csv")
    response = StreamingHttpResponse(_text(reader, batches), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = "attachment"
    return response


def archive(asked: Asked, form: str) -> FileResponse:
    """A sheet for each table; the files below media/, unless ?attachments=false, where they may be seen."""
    batches = _batches(asked, form)
    reader = Reader(asked, form_named(asked, form))
    has_files = asked.request.GET.get("attachments", "").lower() != "false"
    reader.record(f"form:{reader.form.pk}", "csv.zip with files" if has_files else "csv.zip")
    out = tempfile.TemporaryFile()  # noqa: SIM115 the response reads and closes it
    with ExitStack() as stack:
        packed = stack.enter_context(zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED))
        written = {name: stack.enter_context(_sheet()) for name in reader.schema.tables}
        for name, sheet in written.items():
            csv.writer(sheet).writerow(sheets.header(reader.schema, name))
        known: set[str] = set()
        for batch in batches:
            for row in batch:
                _write(reader, row, written)
            if has_files:
                _pack_files(asked, batch, packed, known)
        names = sheets.file_names(form, reader.schema)
        for name, sheet in written.items():
            sheet.seek(0)
            with packed.open(names[name], "w", force_zip64=True) as entry:
                while text := sheet.read(1 << 16):
                    entry.write(text.encode())
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename="submissions.csv.zip")


def _sheet() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8", newline="")


def _batches(asked: Asked, form: str) -> Iterator[list[Submission]]:
    """The records asked for, newest first. Raises OptionNotOffered, BadFilter."""
    given = asked.request.GET
    for name, value in _OTHERWISE.items():
        if given.get(name, "").lower() == value:
            raise OptionNotOffered(feature=f"{name}={value}")
    rows = selectors.records(asked.access, form)
    if given.get("$filter", "").strip():
        rows = rows.filter(q(parse(given["$filter"]), asked.now))
    return selectors.in_batches(rows, [("pk", True)])


def _text(reader: Reader, batches: Iterator[list[Submission]]) -> Iterator[str]:
    buffer = io.StringIO()
    out = csv.writer(buffer)
    out.writerow(sheets.header(reader.schema, ROOT))
    for batch in batches:
        for row in batch:
            root = reader.instance(row)
            line = (reader.schema, row.instance_id, reader.system(row, root))
            out.writerow(sheets.record_line(root, *line))
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
            csv.writer(sheet).writerow(sheets.record_line(root, *line))
        elif root is not None:
            csv.writer(sheet).writerows(sheets.repeat_lines(root, chain, row.instance_id))


def _pack_files(
    asked: Asked, batch: list[Submission], packed: zipfile.ZipFile, known: set[str]
) -> None:
    """The batch's files, where raw ones may be seen; of two under one name the newer record's."""
    seen = [row for row in batch if selectors.may_have_raw(asked.access, row)]
    for file in selectors.files_of_all(row.current_version_id for row in seen):
        path = blobs.path_of(file.sha256)
        if file.name not in known and path.exists():
            known.add(file.name)
            packed.write(path, f"media/{file.name}", zipfile.ZIP_STORED)
