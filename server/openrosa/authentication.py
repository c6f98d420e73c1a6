"""Who is at the door: the token in the address, or HTTP Digest and Basic under /odk/."""

from __future__ import annotations

import base64
import binascii

from django.http import HttpRequest

from server.accounts import contact
from server.accounts.device_passwords import REALM
from server.accounts.passwords import Refusal, log_in
from server.accounts.problems import NoFieldWork, TokenRevoked
from server.accounts.selectors import FieldLogin, authenticate_token, device_login
from server.core import clock
from server.openrosa import digest
from server.openrosa.problems import CredentialsNeeded, PasswordPause, TlsNeeded

BASIC = f'Basic realm="{REALM}", charset="UTF-8"'


def login(request: HttpRequest, token: str | None) -> FieldLogin:
    """Who sends this request; notes the contact. Raises TokenRevoked, CredentialsNeeded, TlsNeeded, PasswordPause."""
    found = _by_header(request) if token is None else authenticate_token(token)
    if found is None:
        raise TokenRevoked
    if found.contact_due:
        contact.note(
            found,
            at=clock.now(),
            user_agent=request.META.get("HTTP_USER_AGENT", ""),
            device_id=request.GET.get("deviceID", ""),
            date_header=_date(request),
        )
    return found


def _date(request: HttpRequest) -> str:
    """The phone's word for the time; of an upload it is from before, for a proxy may keep it until it is whole."""
    return "" if request.method == "POST" else request.META.get("HTTP_DATE", "")


def login_to_work(request: HttpRequest, token: str | None) -> FieldLogin:
    """`login` of somebody who has an area: a lost one must not look like an empty list. Raises NoFieldWork too."""
    found = login(request, token)
    if not found.worker.areas:
        raise NoFieldWork
    return found


def challenges(request: HttpRequest, *, is_stale: bool = False) -> list[str]:
    """One line a scheme, the one to prefer first: Collect takes the first it knows.

    Basic over https only, where it also serves passwords that people chose themselves.
    """
    by_digest = digest.challenge(clock.now().timestamp(), is_stale=is_stale)
    if not request.is_secure():
        return [by_digest]
    return [by_digest, BASIC] if is_stale else [BASIC, by_digest]


def _by_header(request: HttpRequest) -> FieldLogin:
    scheme, _space, credentials = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    match scheme.lower():
        case "digest":
            return _digest(request, credentials)
        case "basic":
            return _basic(request, credentials)
    raise CredentialsNeeded


def _digest(request: HttpRequest, credentials: str) -> FieldLogin:
    """An unknown name is tried against a secret nobody has: it is refused as a wrong password is."""
    answer = digest.read(_header_text(credentials))
    if answer is None or not digest.is_for(answer, request):
        raise CredentialsNeeded
    secret, found = device_login(answer.username)
    if not digest.proves(answer, secret, request.method or "") or found is None:
        raise CredentialsNeeded
    if not digest.is_current(answer.nonce, clock.now().timestamp()):
        raise CredentialsNeeded(is_stale=True)
    return found


def _basic(request: HttpRequest, credentials: str) -> FieldLogin:
    if not request.is_secure():
        raise TlsNeeded
    username, _colon, password = _decoded(credentials).partition(":")
    address = request.META.get("REMOTE_ADDR", "")
    found = log_in(username, password, address=address, counter="phone")
    match found:
        case Refusal.PAUSED:
            raise PasswordPause
        case Refusal.WRONG:
            raise CredentialsNeeded
    return found


def _decoded(credentials: str) -> str:
    """Collect writes ISO-8859-1, everybody else UTF-8."""
    try:
        return _text(base64.b64decode(credentials.strip(), validate=True))
    except (binascii.Error, ValueError):
        return ""


def _header_text(header: str) -> str:
    """WSGI hands headers over as ISO-8859-1; clients that know `charset` wrote UTF-8."""
    return _text(header.encode("iso-8859-1", errors="replace"))


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("iso-8859-1")
