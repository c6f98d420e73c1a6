"""The OpenRosa resources. Each view: who is it, one call into a room, one answer."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Collection
from functools import cache

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _

from server.accounts.access import PUBLISHERS, Worker
from server.accounts.selectors import FieldLogin, desk_access
from server.core import blobs, clock
from server.forms import selectors as forms
from server.forms.entities import EntityList, entity_list
from server.forms.models import FormMedia, FormVersion
from server.ledgers.selectors import deleted_entities
from server.openrosa import addresses, lists, responses, uploads
from server.openrosa.authentication import login, login_to_work
from server.openrosa.methods import only_reading
from server.openrosa.problems import FormNotOffered, MethodNotAllowed, NoSuchMedia
from server.submissions.services import Outcome, Sender, receive

_HEAD = 4096  # bytes within which the root element's attributes stand


def submission(request: HttpRequest, token: str | None = None) -> HttpResponse:
    """HEAD: may I send, and how much at once. POST: one upload, answered when it is safe."""
    if request.method == "HEAD":
        login(request, token)
        return responses.nothing(location=addresses.submission_over_tls(request, token))
    if request.method != "POST":
        raise MethodNotAllowed(methods="HEAD, POST")
    found = login(request, token)
    upload = uploads.read(request)
    sender = _sender(request, found, upload.document)
    receipt = receive(
        document=upload.document,
        files=upload.files,
        sender=sender,
        received_at=clock.now(),
    )
    return responses.message(_said(receipt.outcome), status=201, nature="submit_success")


def form_list(request: HttpRequest, token: str | None = None) -> HttpResponse:
    """The worker's forms; `formID` narrows it to one, `listAllVersions` adds the older versions.

    There are no descriptions, so `verbose` changes nothing.
    """
    only_reading(request)
    worker = login_to_work(request, token).worker
    offered = forms.forms_offered(
        worker.user_id,
        worker.areas,
        form_id=request.GET.get("formID") or None,
        all_versions=request.GET.get("listAllVersions", "").lower() in ("true", "1", "yes"),
    )
    return responses.document(request, lists.form_list(offered, addresses.base(request, token)))


def form_xml(
    request: HttpRequest, form: str, version: str, token: str | None = None
) -> HttpResponse:
    """Exactly the bytes that were hashed at publication."""
    only_reading(request)
    found = _offered(login_to_work(request, token).worker, form, version)
    return responses.document(request, bytes(found.xform), etag=found.md5, is_shared=True)


def manifest(
    request: HttpRequest, form: str, version: str, token: str | None = None
) -> HttpResponse:
    """The form's files; an entity list's hash and kind are this worker's own."""
    only_reading(request)
    worker = login_to_work(request, token).worker
    found = _offered(worker, form, version)
    base = addresses.base(request, token)
    folder = addresses.form(base, found.form.form_id, found.version)
    files = forms.media_of(found)
    approval: frozenset[str] = frozenset()
    if any(map(_is_list, files)):
        approval = forms.approval_lists(worker.user_id, worker.areas)
    lines = [
        _line(file, worker, base, f"{folder}/media/{addresses.segment(file.filename)}", approval)
        for file in files
    ]
    return responses.document(request, lists.manifest(lines))


def media(
    request: HttpRequest, form: str, version: str, filename: str, token: str | None = None
) -> HttpResponseBase:
    """One file of a form: a stored one, or an entity list built for this worker."""
    only_reading(request)
    worker = login_to_work(request, token).worker
    name = addresses.text_of(filename)
    for file in forms.media_of(_offered(worker, form, version)):
        if file.filename == name:
            return _entities(request, file, worker) if _is_list(file) else _stored(request, file)
    raise NoSuchMedia


def integrity(request: HttpRequest, token: str | None = None) -> HttpResponse:
    """Which of the phone's own entities were deleted here; all ids come in one query."""
    only_reading(request)
    worker = login_to_work(request, token).worker
    ids = [one for entity in request.GET.get("id", "").split(",") if (one := entity.strip())]
    gone = deleted_entities(worker, ids)
    told = ((responses.printable(entity), entity in gone) for entity in ids)
    return responses.document(request, lists.integrity(told))


def _sender(request: HttpRequest, found: FieldLogin, document: bytes) -> Sender:
    """Who sends. An administrator who moves records here keeps their dates; nobody else does."""
    is_moved = found.field_account_id is None and b"submissionDate" in document[:_HEAD]
    return Sender(
        user_id=found.worker.user_id,
        field_account_id=found.field_account_id,
        areas=found.worker.areas or desk_access(found).sends_from(),
        device_id=request.GET.get("deviceID", ""),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        may_backdate=is_moved and "" in desk_access(found).areas(PUBLISHERS),
    )


@cache
def _said(outcome: Outcome) -> str:
    with translation.override(settings.LANGUAGE_CODE):
        match outcome:
            case Outcome.RESEND:
                return _("Received before; nothing was lost.")
            case Outcome.ATTACHMENTS:
                return _("Files received.")
            case Outcome.EDIT:
                return _("Correction received.")
        return _("Received.")


def _offered(worker: Worker, form: str, version: str) -> FormVersion:
    found = forms.offered_version(
        worker.user_id, worker.areas, addresses.text_of(form), addresses.version_of(version)
    )
    if found is None:
        raise FormNotOffered
    return found


def _is_list(file: FormMedia) -> bool:
    return file.kind == FormMedia.Kind.ENTITY_LIST


def _line(
    file: FormMedia, worker: Worker, base: str, url: str, approval: Collection[str]
) -> lists.MediaLine:
    if not _is_list(file):
        return lists.MediaLine(file.filename, file.md5, url)
    mark = _entity_list(file).hash(worker)
    needs_approval = file.filename.removesuffix(".csv") in approval
    if needs_approval:
        # Collect notes a list's kind only when it takes the list anew, so the hash moves with it.
        mark = hashlib.md5(f"approval {mark}".encode(), usedforsecurity=False).hexdigest()
    integrity_url = f"{base}/entities/integrity"
    return lists.MediaLine(file.filename, mark, url, integrity_url, needs_approval)


def _entity_list(file: FormMedia) -> EntityList:
    found = entity_list(file.filename)
    if found is None:
        raise NoSuchMedia
    return found


def _entities(request: HttpRequest, file: FormMedia, worker: Worker) -> HttpResponseBase:
    entities = _entity_list(file)
    mark = entities.hash(worker)
    if responses.is_current(request, mark):
        return responses.not_modified(mark)
    return responses.document(
        request, b"".join(entities.csv(worker)), etag=mark, content_type="text/csv; charset=utf-8"
    )


def _stored(request: HttpRequest, file: FormMedia) -> HttpResponseBase:
    if file.sha256 is None:
        raise NoSuchMedia
    if responses.is_current(request, file.md5):
        return responses.not_modified(file.md5)
    content_type = mimetypes.guess_type(file.filename)[0] or "application/octet-stream"
    headers = {**responses.HEADERS, "Content-Length": str(file.size)}
    response: HttpResponseBase = HttpResponse(content_type=content_type, headers=headers)
    if request.method != "HEAD":
        content = blobs.path_of(file.sha256).open("rb")
        response = FileResponse(content, content_type=content_type, headers=headers)
    return responses.validated(response, file.md5)
