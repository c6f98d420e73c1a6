"""What clients send: JSON, an instance, or the bytes of a file."""

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
    """The body's object. Raises UnreadableRequest."""
    try:
        found = json.loads(whole(request) or b"{}")
    except (ValueError, RecursionError):
        raise UnreadableRequest from None
    if not isinstance(found, dict):
        raise UnreadableRequest
    return found


def text(body: dict[str, Any], name: str) -> str:
    """A text of the object, "" when it is missing. Raises InvalidRequest."""
    found = body.get(name)
    if found is None:
        return ""
    if not isinstance(found, str) or not is_storable(found):
        raise InvalidRequest(errors=[{"pointer": f"#/{name}"}])
    return found.strip() if name != "password" else found


def is_empty(request: HttpRequest) -> bool:
    """Whether nothing was sent."""
    return not _is_chunked(request) and not int(request.META.get("CONTENT_LENGTH") or 0)


def whole(request: HttpRequest) -> bytes:
    """The body in memory, of at most DATA_UPLOAD_MAX_MEMORY_SIZE. Raises RequestTooLarge."""
    if not _is_chunked(request):
        return request.body
    limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return b"".join(chunks(request, limit))


def chunks(request: HttpRequest, limit: int | None = None) -> Iterator[bytes]:
    """The body piece by piece. Raises RequestTooLarge, UnreadableRequest when it is cut off."""
    most = limit or int(settings.RUHU_UPLOAD_MAX_MB) * 1_000_000
    is_chunked = _is_chunked(request)
    # Django reads nothing where no length is announced.
    source: Any = request.META["wsgi.input"] if is_chunked else request
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    came = 0
    try:
        while chunk := source.read(_CHUNK):
            came += len(chunk)
            if came > most:
                raise RequestTooLarge
            yield chunk
    except (UnreadablePostError, OSError):
        raise UnreadableRequest from None
    if not is_chunked and came != announced:
        raise UnreadableRequest


def _is_chunked(request: HttpRequest) -> bool:
    return "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
