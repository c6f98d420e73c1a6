"""Builds OpenRosa responses: their headers, messages, ETags and compression."""

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
"""The limit sent to phones, which split a submission with more files into several requests."""

XML: Final = "text/xml; charset=utf-8"
HEADERS: Final = {
    "X-OpenRosa-Version": "1.0",
    "X-OpenRosa-Accept-Content-Length": str(ACCEPTED_BYTES),
}
_Response = TypeVar("_Response", bound=HttpResponseBase)
_GZIP_FROM: Final = 500  # bytes; a shorter body fits in one packet anyway
_SMALL: Final = 8 * 1024  # bytes


class Challenge(HttpResponse):
    """401 with one `WWW-Authenticate` line for each scheme, which Collect needs; Django's headers hold one."""

    def __init__(self, response: HttpResponse, challenges: Sequence[str]) -> None:
        headers = dict(response.items())
        super().__init__(response.content, status=response.status_code, headers=headers)
        self.headers["WWW-Authenticate"], *self._further = challenges
        self.headers["Cache-Control"] = "no-store"

    def items(self) -> Iterable[tuple[str, str]]:
        """The header lines that WSGI sends."""
        further = (("WWW-Authenticate", challenge) for challenge in self._further)
        return (*super().items(), *further)


def message(text: str, *, status: int, nature: str = "") -> HttpResponse:
    """An OpenRosaResponse document; Collect shows its text to the worker."""
    attribute = f' nature="{nature}"' if nature else ""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<OpenRosaResponse xmlns="http://openrosa.org/http/response"><message{attribute}>'
        f"{escape(text)}</message></OpenRosaResponse>"
    )
    return HttpResponse(body, status=status, content_type=XML, headers=HEADERS)


def nothing(*, location: str = "") -> HttpResponse:
    """204 with OpenRosa's headers; `location` is the URL to which Collect then sends."""
    response = HttpResponse(status=204, headers=HEADERS)
    del response.headers["Content-Type"]
    if location:
        response.headers["Location"] = location
    return response


def problem_message(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A problem as a message, in the client's language (Accept-Language), else the installation's."""
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
    """500 with the request id and nothing else; the phone keeps the record and tries again."""
    number = structlog.contextvars.get_contextvars().get("request_id", "")
    with translation.override(settings.LANGUAGE_CODE):
        text = _("Something went wrong in the server. Keep the record; tell the office {number}.")
        return message(text.format(number=number), status=500, nature="error")


def come_again() -> HttpResponse:
    """503 while the database is down; nothing was stored, the phone keeps the record and tries again."""
    with translation.override(settings.LANGUAGE_CODE):
        text = _("The server is just starting again. Keep the record and send it in a minute.")
        response = message(text, status=503, nature="error")
    response.headers["Retry-After"] = "10"
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def printable(text: str) -> str:
    """The text with a replacement for each character that cannot be printed, some of which XML forbids."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def document(
    request: HttpRequest,
    body: bytes,
    *,
    etag: str = "",
    content_type: str = XML,
    is_shared: bool = False,
) -> HttpResponse:
    """A body with an ETag, gzipped if the client accepts that; 304 when the client has it already.

    `is_shared` keeps the gzipped body in memory, for a body that is the same for everybody.
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
    """Whether If-None-Match has this ETag (weak comparison)."""
    sent = request.headers.get("If-None-Match", "")
    return sent != "" and any(
        tag.strip().removeprefix("W/").strip('"') in (etag, "*") for tag in sent.split(",")
    )


def not_modified(etag: str) -> HttpResponse:
    """304 with the ETag."""
    response = HttpResponse(status=304, headers=HEADERS)
    del response.headers["Content-Type"]
    return validated(response, etag)


def validated(response: _Response, etag: str) -> _Response:
    """Add headers that let clients keep the response but revalidate it each time.

    The ETag is weak, because both encodings have the same.
    """
    response.headers["ETag"] = f'W/"{etag}"'
    response.headers["Cache-Control"] = "no-cache, private"
    patch_vary_headers(response, ("Accept-Encoding",))
    return response


def _packed(body: bytes) -> bytes:
    """Gzip; the result is cached for small bodies, such as form lists, which phones request again and again."""
    return _packed_small(body) if len(body) <= _SMALL else gzip.compress(body, 4, mtime=0)


@lru_cache(maxsize=2048)
def _packed_small(body: bytes) -> bytes:
    return gzip.compress(body, 4, mtime=0)


@lru_cache(maxsize=32)
def _packed_once(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)
