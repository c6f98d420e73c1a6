"""Reads the body of a refused upload to its end and discards it.

A phone reads the answer only when it has sent everything. If the server answers and closes
the connection earlier, the phone gets an error instead of the 401 with the challenge that it
needs (openrosa.md, Requests and responses).
"""

from __future__ import annotations

import time
from typing import Final

from django.http import HttpRequest, UnreadablePostError

from server.openrosa.responses import ACCEPTED_BYTES

_AT_MOST: Final = ACCEPTED_BYTES + 1_000_000
_SECONDS: Final = 60.0
_CHUNK: Final = 1 << 16


def drain(request: HttpRequest) -> None:
    """Read the rest of the body; stop when it is larger, or takes longer, than any accepted upload."""
    if request.method not in ("POST", "PUT", "PATCH"):
        return
    is_chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    stream = request.META["wsgi.input"] if is_chunked else request  # as bodies.Body reads it
    read, end = 0, time.monotonic() + _SECONDS
    try:
        while chunk := stream.read(_CHUNK):
            read += len(chunk)
            if read > _AT_MOST or time.monotonic() > end:
                return
    except (UnreadablePostError, OSError, ValueError):  # the phone closed the connection
        return
