"""The body of a refused upload is read to its end and thrown away.

A phone reads the answer when it has sent everything. A server that answers and closes
before that breaks the connection under it, and the phone never sees the 401 with the
challenge it needs (openrosa.md §3).
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
    """Read what is left of the body, unless it is longer, or slower, than any upload may be."""
    if request.method not in ("POST", "PUT", "PATCH"):
        return
    is_chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    stream = request.META["wsgi.input"] if is_chunked else request  # as uploads reads it
    read, end = 0, time.monotonic() + _SECONDS
    try:
        while chunk := stream.read(_CHUNK):
            read += len(chunk)
            if read > _AT_MOST or time.monotonic() > end:
                return
    except (UnreadablePostError, OSError, ValueError):  # the phone is gone
        return
