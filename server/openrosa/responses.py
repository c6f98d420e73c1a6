"""OpenRosa's answers: headers every one of them carries, messages, validators, compression."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, TypeVar
from xml.sax.saxutils import escape

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from server.core.problems import Problem

ACCEPTED_BYTES: Final = 100_000_000
"""What phones are told: they split a record with more files over several requests."""

XML: Final = "text/xml; charset=utf-8"
HEADERS: Final = {
    "X-OpenRosa-Version": "1.0",
    "X-OpenRosa-Accept-Content-Length": str(ACCEPTED_BYTES),
}
_Response = TypeVar("_Response", bound=HttpResponseBase)
_GZIP_FROM: Final = 500  # bytes; below, the packet is the same
_SMALL: Final = 8 * 1024  # bytes


class Challenge(HttpResponse):
    """401 with a header line for each scheme, which Collect needs: Django's headers hold one line a name."""

    def __init__(self, told: HttpResponse, challenges: Sequence[str]) -> None:
        super().__init__(told.content, status=told.status_code, headers=dict(told.items()))
        self.headers["WWW-Authenticate"], *self._further = challenges
        self.headers["Cache-Control"] = "no-store"

    def items(self) -> Iterable[tuple[str, str]]:
        """What WSGI sends."""
        further = (("WWW-Authenticate", challenge) for challenge in self._further)
        return (*super().items(), *further)


def message(text: str, *, status: int, nature: str = "") -> HttpResponse:
    """An OpenRosaResponse; Collect shows its text to the worker."""
    attribute = f' nature="{nature}"' if nature else ""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<OpenRosaResponse xmlns="http://openrosa.org/http/response"><message{attribute}>'
        f"{escape(text)}</message></OpenRosaResponse>"
    )
    return HttpResponse(body, status=status, content_type=XML, headers=HEADERS)


def nothing(*, location: str = "") -> HttpResponse:
    """204: the headers are the answer; `location` is where Collect goes on to send."""
    response = HttpResponse(status=204, headers=HEADERS)
    del response.headers["Content-Type"]
    if location:
        response.headers["Location"] = location
    return response


def problem_message(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A problem as a message, in the language the client asks for, else the installation's."""
    accepted = request.headers.get("Accept-Language")
    language = (
        translation.get_language_from_request(request) if accepted else settings.LANGUAGE_CODE
    )
    with translation.override(language):
        response = message(printable(str(problem)), status=problem.status, nature="error")
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def unforeseen() -> HttpResponse:
    """500 that shows the request id and nothing else; the phone keeps the record and tries again."""
    number = structlog.contextvars.get_contextvars().get("request_id", "")
    with translation.override(settings.LANGUAGE_CODE):
        text = _("Something went wrong in the server. Keep the record; tell the office {number}.")
        return message(text.format(number=number), status=500, nature="error")


def come_again() -> HttpResponse:
    """503 while the database is away; nothing was taken, the phone keeps the record and tries again."""
    with translation.override(settings.LANGUAGE_CODE):
        text = _("The server is just starting again. Keep the record and send it in a minute.")
        response = message(text, status=503, nature="error")
    response.headers["Retry-After"] = "10"
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def printable(text: str) -> str:
    """What an error echoes of hostile input, made fit for XML."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def document(
    request: HttpRequest,
    body: bytes,
    *,
    etag: str = "",
    content_type: str = XML,
    is_shared: bool = False,
) -> HttpResponse:
    """A body to be revalidated each time: 304 when the client has it, compressed when it may be.

    One that is the same for everybody is compressed once a process.
    """
    etag = etag or hashlib.md5(body, usedforsecurity=False).hexdigest()
    if is_current(request, etag):
        return not_modified(etag)
    packed = len(body) >= _GZIP_FROM and "gzip" in request.headers.get("Accept-Encoding", "")
    if packed:
        body = _packed_once(body) if is_shared else _packed(body)
    response = HttpResponse(body, content_type=content_type, headers=HEADERS)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return validated(response, etag)


def is_current(request: HttpRequest, etag: str) -> bool:
    """Whether the client named this state in If-None-Match (weak comparison)."""
    sent = request.headers.get("If-None-Match", "")
    return sent != "" and any(
        tag.strip().removeprefix("W/").strip('"') in (etag, "*") for tag in sent.split(",")
    )


def not_modified(etag: str) -> HttpResponse:
    response = HttpResponse(status=304, headers=HEADERS)
    del response.headers["Content-Type"]
    return validated(response, etag)


def validated(response: _Response, etag: str) -> _Response:
    """Kept by clients, but asked for anew each time. The tag is weak: both encodings carry it."""
    response.headers["ETag"] = f'W/"{etag}"'
    response.headers["Cache-Control"] = "no-cache, private"
    patch_vary_headers(response, ("Accept-Encoding",))
    return response


def _packed(body: bytes) -> bytes:
    """Small ones, as a phone's form list, are asked for again and again."""
    return _packed_small(body) if len(body) <= _SMALL else gzip.compress(body, 4, mtime=0)


@lru_cache(maxsize=2048)
def _packed_small(body: bytes) -> bytes:
    return gzip.compress(body, 4, mtime=0)


@lru_cache(maxsize=32)
def _packed_once(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)
