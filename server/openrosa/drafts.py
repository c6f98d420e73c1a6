"""The OpenRosa resources of a draft, for whoever tries it on a phone with the draft's token (server.trials)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from server.core import clock
from server.forms.drafts_tried import list_to_try, media_of_draft
from server.forms.entities import EntityList
from server.forms.models import FormMedia
from server.forms.selectors import OfferedForm
from server.openrosa import addresses, lists, media_files, responses, uploads
from server.openrosa.authentication import login_to_try, read_lists_of
from server.openrosa.methods import only_reading
from server.openrosa.problems import MethodNotAllowed, NoSuchMedia
from server.openrosa.views import deleted_among, outcome_text
from server.trials.services import receive


def form_list(request: HttpRequest, token: str, form: str) -> HttpResponse:
    """The draft alone. Raises DraftGone."""
    only_reading(request)
    draft = login_to_try(token, form)
    line = OfferedForm(
        draft.form_id, draft.title, draft.version, draft.md5, bool(media_of_draft(draft))
    )
    base = addresses.draft(request, token, draft.form_id)
    return responses.document(request, lists.draft_list(line, base))


def form_xml(request: HttpRequest, token: str, form: str) -> HttpResponse:
    """The XForm, without the key that the server adds when it is published: test records are not encrypted."""
    only_reading(request)
    draft = login_to_try(token, form)
    return responses.document(request, bytes(draft.xform), etag=draft.md5)


def manifest(request: HttpRequest, token: str, form: str) -> HttpResponse:
    """The files of the draft that have come, and the entity lists of who saved it."""
    only_reading(request)
    draft = login_to_try(token, form)
    worker, base = read_lists_of(draft), addresses.draft(request, token, draft.form_id)
    lines = [
        media_files.line(
            file,
            _list_of(file),
            worker,
            url=f"{base}/attachments/{addresses.segment(file.filename)}",
            integrity_url=f"{base}/entities/integrity",
        )
        for file in media_of_draft(draft)
    ]
    return responses.document(request, lists.manifest(lines))


def media(request: HttpRequest, token: str, form: str, filename: str) -> HttpResponseBase:
    """A file of the draft, or an entity list as far as who saved the draft works there."""
    only_reading(request)
    draft = login_to_try(token, form)
    worker, name = read_lists_of(draft), addresses.text_of(filename)
    for file in media_of_draft(draft):
        if file.filename == name:
            return media_files.content(request, file, _list_of(file), worker)
    raise NoSuchMedia


def submission(request: HttpRequest, token: str, form: str) -> HttpResponse:
    """HEAD: as for a worker's phone. POST: keep a test record, answer when it is committed."""
    if request.method == "HEAD":
        draft = login_to_try(token, form)
        url = f"{addresses.draft(request, token, draft.form_id)}/submission"
        return responses.nothing(location=addresses.over_tls(request, url))
    if request.method != "POST":
        raise MethodNotAllowed(methods="HEAD, POST")
    draft = login_to_try(token, form)  # before the body is read
    upload = uploads.read(request)
    outcome = receive(
        form_id=draft.form_id,
        token=token,
        document=upload.document,
        files=upload.files,
        device_id=request.GET.get("deviceID", ""),
        received_at=clock.now(),
    )
    return responses.message(outcome_text(outcome), status=201, nature="submit_success")


def integrity(request: HttpRequest, token: str, form: str) -> HttpResponse:
    """Which of the entities in `id` were deleted. Raises TooManyIds."""
    only_reading(request)
    return deleted_among(request, read_lists_of(login_to_try(token, form)))


def _list_of(file: FormMedia) -> EntityList | None:
    return list_to_try(file.filename) if media_files.is_list(file) else None
