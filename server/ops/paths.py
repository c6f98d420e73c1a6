"""Keeps a slash inside a name apart from the slashes between names.

The web server unescapes %2F before routing, so that the instanceID `site-1/visit-2` would be two
segments of a path. Clients of /v1 and REST escape it, as their protocols want; here the escaped
slash becomes a character that no name has, and the doors turn it back (`core.segments`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponse

from server.core.segments import SLASH

_DOORS: Final = ("/v1/", "/api/")


class EscapedSlashes:
    """Middleware: route by the path as it was sent, where it has an escaped slash."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.META.get("RAW_URI") or request.META.get("REQUEST_URI") or ""
        if "%2f" in sent.lower() and request.path_info.startswith(_DOORS):
            path = sent.partition("?")[0] if sent.startswith("/") else urlsplit(sent).path
            request.path_info = "/".join(
                unquote(segment).replace("/", SLASH) for segment in path.split("/")
            )
        return self.get_response(request)
