"""What browsers may do with what this server answers: run pages of the console, and nothing else.

Records, files, forms and media come from outside. A browser that follows a link to one of
them must not show it as a page of this server, where a script in it would act with the
reader's log-in. So each answer is one of three things:

- a page: HTML that the console or Django's own error pages made in memory;
- a static file of this installation;
- data and files: all other answers of all doors. They get a policy under which nothing runs,
  and are saved instead of shown, unless they are of a kind that cannot act (`SHOWN`) and were
  made in memory. What is read from the disk or sent piece by piece is always saved.

Phones and programs do not look at these headers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

PAGE_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",  # the buttons of MapLibre's style sheet
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Nothing is fetched from elsewhere, so the console works with no internet; nothing inline is run or styled."""

FORM_POLICY: Final = "; ".join(
    (
        PAGE_POLICY.replace("img-src 'self' data:", "img-src 'self' data: blob:"),
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self' data:",
        "connect-src 'self' data:",
    )
)
"""For the one page that fills in forms: ODK Web Forms inserts its own style sheets and fonts, shows photos before they are
sent, and reads expressions by a parser in WebAssembly. Inline scripts stay forbidden."""
_FORM_PAGE: Final = "enter-form"

FILE_POLICY: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"

SHOWN: Final = frozenset(
    {
        "application/geo+json",
        "application/json",
        "application/problem+json",
        "application/vnd.mapbox-vector-tile",
        "image/jpeg",  # the console's small pictures, drawn anew
        "text/plain",
    }
)
"""The kinds of data that a browser may show: none of them can hold a script."""


class Content:
    """Sets the headers on every answer of every door; the outermost middleware, so that none is missed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers = response.headers
        headers["X-Content-Type-Options"] = "nosniff"
        if request.path_info.startswith(settings.STATIC_URL):
            headers["Content-Security-Policy"] = PAGE_POLICY  # workers of the map obey it
            return response
        headers.setdefault("Cache-Control", "no-store")
        kind = headers.get("Content-Type", "").partition(";")[0]
        if kind == "text/html" and _is_page(request, response):
            match = request.resolver_match
            fills_in = match is not None and match.url_name == _FORM_PAGE
            headers["Content-Security-Policy"] = FORM_POLICY if fills_in else PAGE_POLICY
            return response
        headers["Content-Security-Policy"] = FILE_POLICY
        if kind and response.status_code < 300 and (kind not in SHOWN or response.streaming):
            _save(response)
        return response


def _is_page(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether HTML is the console's, or Django's about an address that no door has."""
    match = request.resolver_match
    if response.streaming:
        return False
    return match is None or "console" in match.namespaces or is_of_account(match.url_name)


def is_of_account(name: str | None) -> bool:
    """Whether the name of an address is one of allauth's pages (server.console.allauth_urls), which have no namespace."""
    return name is not None and name.startswith(("account_", "mfa_"))


def _save(response: HttpResponseBase) -> None:
    """Let a browser save the answer; a file name that the view gave stays."""
    disposition = response.headers.get("Content-Disposition", "")
    kind, semicolon, parameters = disposition.partition(";")
    if kind.strip().lower() != "attachment":
        response.headers["Content-Disposition"] = f"attachment{semicolon}{parameters}"
