"""Renders the files of a form: their lines in a manifest, stored files, and entity lists built for a worker."""

from __future__ import annotations

import hashlib

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from server.accounts.access import Worker
from server.core import blobs
from server.forms.entities import EntityList
from server.forms.media_types import type_for_phones
from server.forms.models import FormMedia
from server.openrosa import lists, responses
from server.openrosa.problems import NoSuchMedia


def is_list(file: FormMedia) -> bool:
    """Whether the file is an entity list, which is built for each worker."""
    return file.kind == FormMedia.Kind.ENTITY_LIST


def line(
    file: FormMedia,
    entities: EntityList | None,
    worker: Worker,
    *,
    url: str,
    integrity_url: str,
    needs_approval: bool = False,
) -> lists.MediaLine:
    """The file's line in a manifest; `entities` is the list that the file is."""
    if entities is None:
        return lists.MediaLine(file.filename, file.md5, url)
    list_hash = entities.hash(worker)
    if needs_approval:
        # Collect stores a list's type only when it downloads the list, so the hash depends on it.
        list_hash = hashlib.md5(f"approval {list_hash}".encode(), usedforsecurity=False).hexdigest()
    return lists.MediaLine(file.filename, list_hash, url, integrity_url, needs_approval)


def content(
    request: HttpRequest, file: FormMedia, entities: EntityList | None, worker: Worker
) -> HttpResponseBase:
    """The file, or the worker's rows of the list that the file is. Raises NoSuchMedia."""
    if entities is None:
        return _stored(request, file)
    list_hash = entities.hash(worker)
    if responses.is_current(request, list_hash):
        return responses.not_modified(list_hash)
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
    content_type = type_for_phones(file.filename)
    headers = {**responses.HEADERS, "Content-Length": str(file.size)}
    response: HttpResponseBase = HttpResponse(content_type=content_type, headers=headers)
    if request.method != "HEAD":
        stored = blobs.open_blob(file.sha256)
        response = FileResponse(stored, content_type=content_type, headers=headers)
    return responses.validated(response, file.md5)
