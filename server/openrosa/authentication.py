"""Who is at the door: the token in the address, or HTTP Basic under /odk/."""

from __future__ import annotations

import base64
import binascii

from django.http import HttpRequest

from server.accounts.problems import NoFieldWork, TokenRevoked
from server.accounts.selectors import FieldLogin, authenticate_password, authenticate_token
from server.openrosa.problems import CredentialsNeeded, TlsNeeded

CHALLENGE = 'Basic realm="Ruhu", charset="UTF-8"'


def login(request: HttpRequest, token: str | None) -> FieldLogin:
    """Who sends this request. Raises TokenRevoked, CredentialsNeeded, TlsNeeded."""
    if token is not None:
        found = authenticate_token(token)
        if found is None:
            raise TokenRevoked
        return found
    return _basic(request)


def login_to_work(request: HttpRequest, token: str | None) -> FieldLogin:
    """`login` of somebody who has an area: a lost one must not look like an empty list. Raises NoFieldWork too."""
    found = login(request, token)
    if not found.worker.areas:
        raise NoFieldWork
    return found


def _basic(request: HttpRequest) -> FieldLogin:
    scheme, _space, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise CredentialsNeeded
    if not request.is_secure():
        raise TlsNeeded
    username, colon, password = _decoded(credentials).partition(":")
    found = authenticate_password(username, password) if colon else None
    if found is None:
        raise CredentialsNeeded
    return found


def _decoded(credentials: str) -> str:
    """Collect writes ISO-8859-1, everybody else UTF-8."""
    try:
        raw = base64.b64decode(credentials.strip(), validate=True)
    except (binascii.Error, ValueError):
        return ""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("iso-8859-1")
