"""The OpenRosa resources. Each view authenticates, makes one call into a room, and renders the result."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Collection
from functools import cache
from typing import Final

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _

from server.accounts.access import PUBLISHERS, Worker
from server.accounts.selectors import FieldLogin, office_access
from server.core import blobs, clock
from server.corrections.phones import CORRECTIONS
from server.corrections.services import note_fetch
from server.datasets import phones as own_lists
from server.forms import selectors as forms
from server.forms.entities import EntityList, entity_list
from server.forms.models import FormMedia, FormVersion
from server.ledgers.selectors import deleted_entities
from server.openrosa import addresses, lists, responses, uploads
from server.openrosa.authentication import login, login_to_read, login_to_work
from server.openrosa.methods import only_reading
from server.openrosa.problems import FormNotOffered, MethodNotAllowed, NoSuchMedia, TooManyIds
from server.quarantine.services import receive_or_quarantine
from server.submissions.services import Outcome, Sender

MEDIA_TYPES: Final = frozenset(
    {
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/x-wav",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/csv",
        "video/3gpp",
        "video/mp4",
        "video/webm",
    }
)
"""The types under which files of forms are sent; phones go by the file's name, and browsers must not run it."""

MOST_IDS = 10_000
"""More than fit into the longest request line that the web server takes (server/ops/web/limits.py)."""
_HEAD = 4096  # bytes at the beginning of the document, which hold the attributes of its root


def submission(request: HttpRequest, token: str | None = None) -> HttpResponse:
    """HEAD: headers with the size limit and, if needed, the https URL. POST: store an upload, answer when it is committed."""
    if request.method == "HEAD":
        login(request, token)
        return responses.nothing(location=addresses.submission_over_tls(request, token))
    if request.method != "POST":
        raise MethodNotAllowed(methods="HEAD, POST")
    field_login = login(request, token)
    upload = uploads.read(request)
    sender = _sender(request, field_login, upload.document)
    receipt = receive_or_quarantine(
        document=upload.document,
        files=upload.files,
        sender=sender,
        received_at=clock.now(),
    )
    return responses.message(_outcome_text(receipt.outcome), status=201, nature="submit_success")


def form_list(request: HttpRequest, token: str | None = None) -> HttpResponse:
    """The worker's forms, or the office's for a person who pulls records; `formID` selects one, `listAllVersions` adds the older versions.

    `verbose` changes nothing, because forms have no descriptions.
    """
    only_reading(request)
    field_login, office = login_to_read(request, token)
    worker = field_login.worker
    form_id = request.GET.get("formID") or None
    all_versions = request.GET.get("listAllVersions", "").lower() in ("true", "1", "yes")
    if office:
        offered = forms.forms_of_office(office, form_id=form_id, all_versions=all_versions)
    else:
        offered = forms.forms_offered(
            worker.user_id, worker.areas, form_id=form_id, all_versions=all_versions
        )
    return responses.document(request, lists.form_list(offered, addresses.base(request, token)))


def form_xml(
    request: HttpRequest, form: str, version: str, token: str | None = None
) -> HttpResponse:
    """The XForm of a form version, exactly the bytes that were hashed at publication."""
    only_reading(request)
    _login, form_version = _fetched(request, token, form, version)
    return responses.document(
        request, bytes(form_version.xform), etag=form_version.md5, is_shared=True
    )


def manifest(
    request: HttpRequest, form: str, version: str, token: str | None = None
) -> HttpResponse:
    """The files of a form version; hash and type of an entity list depend on the worker."""
    only_reading(request)
    field_login, form_version = _fetched(request, token, form, version)
    worker = field_login.worker
    base = addresses.base(request, token)
    folder = addresses.form(base, form_version.form.form_id, form_version.version)
    files = forms.media_of(form_version)
    approval: frozenset[str] = frozenset()
    if any(map(_is_list, files)):
        approval = forms.approval_lists(worker.user_id, worker.areas)
        approval |= own_lists.approval_lists(file.filename for file in files if _is_list(file))
    lines = [
        _line(file, worker, base, f"{folder}/media/{addresses.segment(file.filename)}", approval)
        for file in files
    ]
    return responses.document(request, lists.manifest(lines))


def media(
    request: HttpRequest, form: str, version: str, filename: str, token: str | None = None
) -> HttpResponseBase:
    """A file of a form version: a stored file, or an entity list built for this worker."""
    only_reading(request)
    field_login, form_version = _fetched(request, token, form, version)
    name = addresses.text_of(filename)
    for file in forms.media_of(form_version):
        if file.filename == name:
            return (
                _entities(request, file, field_login) if _is_list(file) else _stored(request, file)
            )
    raise NoSuchMedia


def integrity(request: HttpRequest, token: str | None = None) -> HttpResponse:
    """For each entity ID in `id` (comma-separated), whether the entity was deleted. Raises TooManyIds."""
    only_reading(request)
    worker = login_to_work(request, token).worker
    named = request.GET.get("id", "")
    if named.count(",") >= MOST_IDS:
        raise TooManyIds(most=MOST_IDS)
    ids = [entity for part in named.split(",") if (entity := part.strip())]
    deleted = deleted_entities(worker, ids) | own_lists.deleted_entities(worker, ids)
    states = ((responses.printable(entity), entity in deleted) for entity in ids)
    return responses.document(request, lists.integrity(states))


def _sender(request: HttpRequest, field_login: FieldLogin, document: bytes) -> Sender:
    """The sender. Only an administrator who moves submissions from another server keeps their dates."""
    is_moved = field_login.opens_desk and b"submissionDate" in document[:_HEAD]
    return Sender(
        user_id=field_login.worker.user_id,
        field_account_id=field_login.field_account_id,
        areas=field_login.worker.areas or office_access(field_login).sends_from(),
        history=field_login.worker.history,
        device_id=request.GET.get("deviceID", ""),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        may_backdate=is_moved and "" in office_access(field_login).areas(PUBLISHERS),
    )


@cache
def _outcome_text(outcome: Outcome) -> str:
    with translation.override(settings.LANGUAGE_CODE):
        match outcome:
            case Outcome.RESEND:
                return _("Received before; nothing was lost.")
            case Outcome.ATTACHMENTS:
                return _("Files received.")
            case Outcome.EDIT:
                return _("Correction received.")
        return _("Received.")


def _fetched(
    request: HttpRequest, token: str | None, form: str, version: str
) -> tuple[FieldLogin, FormVersion]:
    """Who fetches a form version, and the version. Raises FormNotOffered, and as login_to_read."""
    field_login, office = login_to_read(request, token)
    worker = field_login.worker
    form_id, name = addresses.text_of(form), addresses.version_of(version)
    if office:
        form_version = forms.version_of_office(office, form_id, name)
    else:
        form_version = forms.offered_version(worker.user_id, worker.areas, form_id, name)
    if form_version is None:
        raise FormNotOffered
    return field_login, form_version


def _is_list(file: FormMedia) -> bool:
    return file.kind == FormMedia.Kind.ENTITY_LIST


def _line(
    file: FormMedia, worker: Worker, base: str, url: str, approval: Collection[str]
) -> lists.MediaLine:
    if not _is_list(file):
        return lists.MediaLine(file.filename, file.md5, url)
    list_hash = _entity_list(file).hash(worker)
    needs_approval = file.filename.removesuffix(".csv") in approval
    if needs_approval:
        # Collect stores a list's type only when it downloads the list, so the hash depends on it.
        list_hash = hashlib.md5(f"approval {list_hash}".encode(), usedforsecurity=False).hexdigest()
    integrity_url = f"{base}/entities/integrity"
    return lists.MediaLine(file.filename, list_hash, url, integrity_url, needs_approval)


def _entity_list(file: FormMedia) -> EntityList:
    entities = entity_list(file.filename)
    if entities is None:
        raise NoSuchMedia
    return entities


def _entities(request: HttpRequest, file: FormMedia, field_login: FieldLogin) -> HttpResponseBase:
    entities, worker = _entity_list(file), field_login.worker
    list_hash = entities.hash(worker)
    if responses.is_current(request, list_hash):
        return responses.not_modified(list_hash)
    if request.method != "HEAD" and file.filename == f"{CORRECTIONS}.csv":
        note_fetch(worker=worker, field_account_id=field_login.field_account_id, at=clock.now())
    return responses.document(
        request,
        b"".join(entities.csv(worker)),
        etag=list_hash,
        content_type="text/csv; charset=utf-8",
    )


def _stored(request: HttpRequest, file: FormMedia) -> HttpResponseBase:
    if file.sha256 is None:
        raise NoSuchMedia
    if responses.is_current(request, file.md5):
        return responses.not_modified(file.md5)
    guessed = mimetypes.guess_type(file.filename)[0]
    content_type = guessed if guessed in MEDIA_TYPES else "application/octet-stream"
    headers = {**responses.HEADERS, "Content-Length": str(file.size)}
    response: HttpResponseBase = HttpResponse(content_type=content_type, headers=headers)
    if request.method != "HEAD":
        content = blobs.open_blob(file.sha256)
        response = FileResponse(content, content_type=content_type, headers=headers)
    return responses.validated(response, file.md5)
