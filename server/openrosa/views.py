"""The OpenRosa resources. Each view authenticates, makes one call into a room, and renders the result."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _

from server.accounts.access import PUBLISHERS, Worker
from server.accounts.selectors import FieldLogin, office_access
from server.core import clock
from server.corrections.phones import CORRECTIONS
from server.corrections.services import note_fetch
from server.datasets import phones as own_lists
from server.forms import selectors as forms
from server.forms.entities import EntityList, entity_list
from server.forms.models import FormMedia, FormVersion
from server.ledgers.selectors import deleted_entities
from server.openrosa import addresses, lists, media_files, responses, uploads
from server.openrosa.authentication import login, login_to_read, login_to_work
from server.openrosa.methods import only_reading
from server.openrosa.problems import FormNotOffered, MethodNotAllowed, NoSuchMedia, TooManyIds
from server.quarantine.services import receive_or_quarantine
from server.submissions.services import Outcome, Sender

MOST_IDS = 10_000
"""More than fit into the longest request line that the web server takes (server/ops/web/limits.py)."""
_HEAD = 4096  # bytes at the beginning of the document, which hold the attributes of its root


def submission(request: HttpRequest, token: str | None = None) -> HttpResponse:
    """HEAD: headers with the size limit and, if needed, the https URL. POST: store an upload, answer when it is committed."""
    if request.method == "HEAD":
        login(request, token)
        return responses.nothing(
            location=addresses.over_tls(request, addresses.submission(request, token))
        )
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
    return responses.message(outcome_text(receipt.outcome), status=201, nature="submit_success")


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
    named = [file.filename for file in files if media_files.is_list(file)]
    if named:
        approval = forms.approval_lists(worker.user_id, worker.areas)
        approval |= own_lists.approval_lists(named)
    lines = [
        media_files.line(
            file,
            _list_of(file),
            worker,
            url=f"{folder}/media/{addresses.segment(file.filename)}",
            integrity_url=f"{base}/entities/integrity",
            needs_approval=file.filename.removesuffix(".csv") in approval,
        )
        for file in files
    ]
    return responses.document(request, lists.manifest(lines))


def media(
    request: HttpRequest, form: str, version: str, filename: str, token: str | None = None
) -> HttpResponseBase:
    """A file of a form version: a stored file, or an entity list built for this worker."""
    only_reading(request)
    field_login, form_version = _fetched(request, token, form, version)
    worker, name = field_login.worker, addresses.text_of(filename)
    for file in forms.media_of(form_version):
        if file.filename == name:
            entities = _list_of(file)
            if entities is not None and _is_sent_corrections(request, file, entities, worker):
                note_fetch(
                    worker=worker, field_account_id=field_login.field_account_id, at=clock.now()
                )
            return media_files.content(request, file, entities, worker)
    raise NoSuchMedia


def integrity(request: HttpRequest, token: str | None = None) -> HttpResponse:
    """For each entity ID in `id` (comma-separated), whether the entity was deleted. Raises TooManyIds."""
    only_reading(request)
    return deleted_among(request, login_to_work(request, token).worker)


def deleted_among(request: HttpRequest, worker: Worker) -> HttpResponse:
    """The integrity answer for the IDs that the request names, as this worker may know. Raises TooManyIds."""
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
def outcome_text(outcome: Outcome) -> str:
    """What the phone shows after an upload, in the installation's language."""
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


def _list_of(file: FormMedia) -> EntityList | None:
    """The entity list that the file is; None for a stored file. Raises NoSuchMedia."""
    if not media_files.is_list(file):
        return None
    entities = entity_list(file.filename)
    if entities is None:
        raise NoSuchMedia
    return entities


def _is_sent_corrections(
    request: HttpRequest, file: FormMedia, entities: EntityList, worker: Worker
) -> bool:
    """Whether the phone now gets corrections that it did not have."""
    return (
        file.filename == f"{CORRECTIONS}.csv"
        and request.method != "HEAD"
        and not responses.is_current(request, entities.hash(worker))
    )
