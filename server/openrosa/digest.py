"""HTTP Digest authentication (RFC 7616 with MD5 and qop=auth, as Collect uses it), without state.

A nonce is a time and random bytes, signed with the installation's key, so every web process
of every host can verify it. It is valid for `LIFETIME` seconds and any number of requests,
also at the same time; then it is refused as stale and the client retries with a new one
(decision 0100).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.encoding import iri_to_uri

from server.accounts.device_passwords import REALM

LIFETIME: Final = 300
_CLOCKS_DIFFER: Final = 60  # seconds by which the clocks of an installation's hosts may differ
_PARTS: Final = re.compile(
    r'\s*([A-Za-z0-9*_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))\s*(?:,|$)'
)
_NEEDED: Final = ("username", "realm", "nonce", "uri", "response", "qop", "nc", "cnonce")
_COUNT: Final = re.compile(r"[0-9a-fA-F]{8}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The parameters of a client's `Authorization: Digest` header."""

    username: str
    nonce: str
    uri: str
    response: str
    nc: str
    cnonce: str


def challenge(now: float, *, is_stale: bool = False) -> str:
    """A `WWW-Authenticate` line. Collect needs exactly `Digest `, and no list of algorithms."""
    line = (
        f'Digest realm="{REALM}", qop="auth", algorithm=MD5, nonce="{_nonce(now)}", '
        f'opaque="{_opaque()}", charset="UTF-8"'
    )
    return line + ", stale=true" if is_stale else line


def read(credentials: str) -> Answer | None:
    """Parse an `Authorization` header after its scheme; None when it is no answer to our challenge."""
    parts: dict[str, str] = {}
    place = 0
    while place < len(credentials):
        match = _PARTS.match(credentials, place)
        if match is None or match[1].lower() in parts:
            return None
        quoted, plain = match[2], match[3]
        parts[match[1].lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        place = match.end()
    if not all(parts.get(name) for name in _NEEDED) or not _is_ours(parts):
        return None
    names = ("username", "nonce", "uri", "response", "nc", "cnonce")
    return Answer(**{name: parts[name] for name in names})


def proves(answer: Answer, secret: bytes, method: str) -> bool:
    """Whether the answer was computed with this secret, the MD5 of `user:realm:password`."""
    request = _md5(f"{method}:{answer.uri}".encode(errors="replace"))
    between = f":{answer.nonce}:{answer.nc}:{answer.cnonce}:auth:".encode(errors="replace")
    right = _md5(secret + between + request)
    return hmac.compare_digest(right, answer.response.lower().encode(errors="replace"))


def is_for(answer: Answer, request: HttpRequest) -> bool:
    """Whether the answer was computed for the path and query of this request.

    A proxy may have removed a prefix from the path (that of RUHU_BASE_URL) or escaped it
    differently; it passes queries on unchanged.
    """
    path, query = _target(answer.uri)
    request_path, request_query = _target(_raw_target(request))
    prefix = urlsplit(settings.RUHU_BASE_URL).path.rstrip("/")
    return query == request_query and path in (request_path, prefix + request_path)


def is_current(nonce: str, now: float) -> bool:
    """Whether this installation issued the nonce, at most `LIFETIME` seconds ago."""
    try:
        raw = base64.urlsafe_b64decode(nonce.encode("ascii"))
    except (binascii.Error, ValueError):
        return False
    stamp, signature = raw[:12], raw[12:]
    if not hmac.compare_digest(signature, _signature(stamp)):
        return False
    age = now - int.from_bytes(stamp[:5], "big")
    return -_CLOCKS_DIFFER <= age <= LIFETIME


def _is_ours(parts: dict[str, str]) -> bool:
    """Whether the constants of our challenge came back unchanged."""
    return (
        parts["realm"] == REALM
        and parts["qop"].lower() == "auth"
        and parts.get("algorithm", "MD5").upper() == "MD5"
        and parts.get("opaque", _opaque()) == _opaque()
        and _COUNT.fullmatch(parts["nc"]) is not None
    )


def _raw_target(request: HttpRequest) -> str:
    """The request target as the client sent it, if the web server passes it on (gunicorn does)."""
    sent: str | None = request.META.get("RAW_URI") or request.META.get("REQUEST_URI")
    return sent or iri_to_uri(request.get_full_path())


def _target(uri: str) -> tuple[str, str]:
    """The path, unescaped, and the query, as sent. `uri` may be absolute."""
    if uri.startswith(("http://", "https://")):
        uri = "/" + uri.split("/", 3)[3] if uri.count("/") >= 3 else "/"
    path, _question_mark, query = uri.partition("?")
    return unquote(path), query


def _nonce(now: float) -> str:
    stamp = int(now).to_bytes(5, "big") + secrets.token_bytes(7)
    return base64.urlsafe_b64encode(stamp + _signature(stamp)).decode()


def _signature(stamp: bytes) -> bytes:
    return hmac.digest(_key("nonce"), stamp, "sha256")[:18]


@cache
def _opaque() -> str:
    return _key("opaque").hex()[:32]


@cache
def _key(purpose: str) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), b"digest " + purpose.encode(), "sha256")


def _md5(plain: bytes) -> bytes:
    return hashlib.md5(plain, usedforsecurity=False).hexdigest().encode()
