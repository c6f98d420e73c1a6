"""Downloads of lists: of ledgers, records and accounts."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime

from server.console import ledger_files as files
from server.console.all_lists import listing_named
from server.console.listing import MOST_ROWS
from server.console.pages import StaffRequest, staff_page
from server.console.problems import FormFieldsWrong
from server.console.tables import Reading
from server.core.clock import now


@staff_page("POST")
def ledger_file(request: StaffRequest, path: str, kind: str) -> Any:
    """A list as CSV or XLSX, as its page shows it; the download is recorded.

    By POST, because a link could fetch it (decision 0240); the state of the list stands in the
    address. Raises FormFieldsWrong for a bad filter,
    ListTooLong, RoleMissing.
    """
    if kind not in MOST_ROWS:
        raise Http404
    shown = listing_named(request, path)
    if shown.filterset.errors:
        name, faults = next(iter(shown.filterset.errors.items()))
        raise FormFieldsWrong(field=shown.filterset.form.fields[name].label, message=faults[0])
    reading = files.reading_of(shown, Reading(request.access))
    files.record_export(shown, reading, request.user, kind)
    title = shown.title
    name = f"{title}-{localtime(now()):%Y%m%d}.{kind}".replace("/", "-")
    if kind == "xlsx":
        return FileResponse(
            files.workbook(shown, reading, title), as_attachment=True, filename=name
        )
    response = StreamingHttpResponse(
        files.csv_lines(shown, reading), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
