"""Absolute addresses given to phones, acceptable to java.net.URI whatever ids and names hold.

They carry the caller's own way in (the token), and nothing of the request's query.
"""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

from django.conf import settings
from django.http import HttpRequest

NO_VERSION = "___"
"""Stands for a form's empty version, as in ODK Central."""


def base(request: HttpRequest, token: str | None) -> str:
    """The address the phone was set up with."""
    host = settings.RUHU_BASE_URL.rstrip("/") or f"{request.scheme}://{request.get_host()}"
    return f"{host}/odk" if token is None else f"{host}/key/{quote(token, safe='')}"


def submission_over_tls(request: HttpRequest, token: str | None) -> str:
    """Where a phone that came without TLS had better send; "" when it had it, or no such address is known.

    Collect follows to the same host only. Without RUHU_BEHIND_TLS_PROXY nobody knows how it came.
    """
    known = urlsplit(settings.RUHU_BASE_URL)
    if not settings.RUHU_BEHIND_TLS_PROXY or request.is_secure() or known.scheme != "https":
        return ""
    asked = urlsplit(f"//{request.get_host()}").hostname
    return f"{base(request, token)}/submission" if asked == known.hostname else ""


def form(base: str, form_id: str, version: str) -> str:
    return f"{base}/forms/{segment(form_id)}/{segment(version) or NO_VERSION}"


def segment(text: str) -> str:
    """A text as one path segment. A slash is escaped twice: servers undo the first before routing."""
    return quote(text.replace("%", "%25").replace("/", "%2F"), safe="")


def text_of(segment: str) -> str:
    """The text of a segment that the server has unescaped once."""
    return unquote(segment)


def version_of(segment: str) -> str:
    return "" if segment == NO_VERSION else unquote(segment)
