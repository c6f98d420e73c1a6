"""Files of submissions: previews for every reader of the area, originals for those who may have raw records (decision 0185)."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from server.console.pages import StaffRequest, staff_page
from server.console.problems import FileMissing
from server.console.thumbnails import thumbnail
from server.core import blobs
from server.disclosure.services import let_out
from server.ledgers.reading.files import check_file
from server.submissions.models import Attachment
from server.submissions.selectors import submissions

PLACEHOLDER = bytes.fromhex(
    "47494638396101000100800000e8e8e80000002c00000000010001000002024401003b"
)
"""A GIF of one grey pixel."""


@staff_page(cached=True)
def preview(request: StaffRequest, number: int) -> HttpResponse:
    """A small JPEG of a photo, which the browser may cache for an hour; a grey field until the worker has drawn it."""
    picture = thumbnail(_visible_or_404(request, number))
    if picture is None:
        waiting = {"Cache-Control": "no-store", "Retry-After": "2"}
        return HttpResponse(PLACEHOLDER, content_type="image/gif", headers=waiting)
    response = HttpResponse(picture, content_type="image/jpeg")
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@staff_page("POST")
def original(request: StaffRequest, number: int) -> HttpResponseBase:
    """The file as it was received, to save, for street staff and administrators; that it was given out is logged.

    A POST, which a link from elsewhere cannot be: whoever follows one would read, and be
    written into the log for, what they did not ask for (decision 0240).
    """
    attachment = _visible_or_404(request, number)
    check_file(request.access, attachment.version.submission, attachment.name)
    try:
        content = blobs.open_blob(attachment.sha256)
    except FileNotFoundError:
        raise FileMissing(name=attachment.name) from None
    let_out(
        attachment.version.submission,
        user=request.user,
        access=request.access,
        file=attachment,
        reason="",
        permit_only=False,
    )
    return FileResponse(
        content,
        as_attachment=True,
        filename=PurePosixPath(attachment.name).name,
        content_type="application/octet-stream",
    )


def _visible_or_404(request: StaffRequest, number: int) -> Attachment:
    rows = Attachment.objects.select_related("version__submission").filter(
        version__submission__in=submissions(request.access)
    )
    return get_object_or_404(rows, pk=number)
