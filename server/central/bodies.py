"""Reads the bodies of requests: JSON, the XML of an instance, or the bytes of a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

from server.core.request_problems import InvalidRequest, RequestTooLarge, UnreadableRequest
from server.core.statements import is_storable

_CHUNK: Final = 1 << 16


def read_json(request: HttpRequest) -> dict[str, Any]:
    """The JSON object in the body; {} for an empty body. Raises UnreadableRequest, RequestTooLarge."""
    try:
        body = json.loads(read_whole(request) or b"{}")
    except (ValueError, RecursionError):
        raise UnreadableRequest from None
    if not isinstance(body, dict):
        raise UnreadableRequest
    return body


def text_member(body: dict[str, Any], name: str) -> str:
    """A text of the object, stripped unless it is a password; "" when missing. Raises InvalidRequest."""
    text = body.get(name)
    if text is None:
        return ""
    if not isinstance(text, str) or not is_storable(text):
        raise InvalidRequest(errors=[{"pointer": f"#/{name}"}])
    return text.strip() if name != "password" else text


def is_empty(request: HttpRequest) -> bool:
    """Whether the request has no body."""
    return not _is_chunked(request) and not int(request.META.get("CONTENT_LENGTH") or 0)


def read_whole(request: HttpRequest) -> bytes:
    """The body, in memory: at most DATA_UPLOAD_MAX_MEMORY_SIZE bytes. Raises RequestTooLarge."""
    if not _is_chunked(request):
        return request.body
    limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return b"".join(chunks(request, limit))


def chunks(request: HttpRequest, limit: int | None = None) -> Iterator[bytes]:
    """The body piece by piece, at most `limit` bytes, by default RUHU_UPLOAD_MAX_MB.

    Raises RequestTooLarge; UnreadableRequest when the body is cut off.
    """
    most = limit or int(settings.RUHU_UPLOAD_MAX_MB) * 1_000_000
    is_chunked = _is_chunked(request)
    # Django reads nothing of a body without Content-Length.
    source: Any = request.META["wsgi.input"] if is_chunked else request
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    received = 0
    try:
        while chunk := source.read(_CHUNK):
            received += len(chunk)
            if received > most:
                raise RequestTooLarge
            yield chunk
    except (UnreadablePostError, OSError):
        raise UnreadableRequest from None
    if not is_chunked and received != announced:
        raise UnreadableRequest


def _is_chunked(request: HttpRequest) -> bool:
    return "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
