"""Builds the absolute URLs given to phones, and reads the names in their paths.

Whatever form IDs and file names hold, java.net.URI must accept the URL. It begins as the
request's URL does, with the caller's token if there was one, and has no query.
"""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

from django.conf import settings
from django.http import HttpRequest

from server.accounts import collect

NO_VERSION = "___"
"""The path segment of an empty form version, as in ODK Central."""


def base(request: HttpRequest, token: str | None) -> str:
    """The server URL with which the phone was set up: of the field account, or `/odk` without a token."""
    host = _server(request)
    return f"{host}/odk" if token is None else f"{host}/key/{quote(token, safe='')}"


def submission(request: HttpRequest, token: str | None) -> str:
    """The URL to which the phone sends."""
    return f"{base(request, token)}/submission"


def draft(request: HttpRequest, token: str, form_id: str) -> str:
    """The server URL with which a phone was set up to try a draft."""
    return collect.draft_url(_server(request), token, form_id)


def over_tls(request: HttpRequest, url: str) -> str:
    """The https URL for submissions, for a phone whose request came without TLS; "" when there is none.

    Collect follows a Location to the same host only. Without RUHU_BEHIND_TLS_PROXY the
    server cannot know whether the phone used TLS.
    """
    base_url = urlsplit(settings.RUHU_BASE_URL)
    if not settings.RUHU_BEHIND_TLS_PROXY or request.is_secure() or base_url.scheme != "https":
        return ""
    host = urlsplit(f"//{request.get_host()}").hostname
    return url if host == base_url.hostname else ""


def form(base: str, form_id: str, version: str) -> str:
    """The URL below which the files of a form version are."""
    return f"{base}/forms/{segment(form_id)}/{segment(version) or NO_VERSION}"


def segment(text: str) -> str:
    """A text as one path segment. A slash is escaped twice: servers undo one escape before routing."""
    return quote(text.replace("%", "%25").replace("/", "%2F"), safe="")


def text_of(segment: str) -> str:
    """The text of a segment that the web server has unescaped once."""
    return unquote(segment)


def version_of(segment: str) -> str:
    """The form version of a segment; inverse of `form`."""
    return "" if segment == NO_VERSION else unquote(segment)


def _server(request: HttpRequest) -> str:
    return settings.RUHU_BASE_URL.rstrip("/") or f"{request.scheme}://{request.get_host()}"
