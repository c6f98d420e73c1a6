"""Downloads of the ledgers' lists."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime

from server.console import ledger_files as files
from server.console.ledger_lists import list_of, title_of
from server.console.pages import StaffRequest, staff_page
from server.console.problems import FormFieldsWrong
from server.console.tables import Reading
from server.console.views.ledgers import BY_PATH
from server.core.clock import now


@staff_page("POST")
def ledger_file(request: StaffRequest, path: str, kind: str) -> Any:
    """A list as CSV or XLSX, as its page shows it; the download is recorded.

    By POST, because a link could fetch it (decision 0240); the state of the list stands in the
    address. Raises FormFieldsWrong for a bad filter, ListTooLong.
    """
    definition = BY_PATH.get(path)
    if definition is None or kind not in files.MOST_ROWS:
        raise Http404
    shown = list_of(request, definition)
    if shown.filterset.errors:
        name, faults = next(iter(shown.filterset.errors.items()))
        raise FormFieldsWrong(field=shown.filterset.form.fields[name].label, message=faults[0])
    reading = files.reading_of(shown, Reading(request.access))
    files.record_export(shown, reading, request.user, kind)
    title = title_of(definition, request)
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
