"""Authenticates requests: by the token in the URL, of a phone or of a draft, or by HTTP Digest and Basic under /odk/."""

from __future__ import annotations

import base64
import binascii

from django.http import HttpRequest

from server.accounts import contact
from server.accounts.access import REVEALERS, Access, Worker
from server.accounts.device_passwords import REALM
from server.accounts.models import ProgramDoor
from server.accounts.passwords import Refusal, log_in, wrong_digest
from server.accounts.problems import NoFieldWork, TokenRevoked
from server.accounts.selectors import (
    FieldLogin,
    authenticate_token,
    device_login,
    office_access,
)
from server.accounts.tokens import Use
from server.core import clock, row_security
from server.forms.drafts_tried import draft_of_token, worker_trying
from server.forms.models import FormDraft
from server.openrosa import addresses, digest
from server.openrosa.problems import CredentialsNeeded, PasswordPause, TlsNeeded
from server.trials.problems import DraftGone

BASIC = f'Basic realm="{REALM}", charset="UTF-8"'


def login(request: HttpRequest, token: str | None) -> FieldLogin:
    """Authenticate the sender and note the contact.

    Raises TokenRevoked, CredentialsNeeded, TlsNeeded, PasswordPause.
    """
    field_login = _by_header(request) if token is None else authenticate_token(token)
    if field_login is None:
        raise TokenRevoked
    row_security.read_as(field_login.worker.areas, field_login.worker.user_id)
    if field_login.contact_due:
        contact.record_contact(
            field_login,
            at=clock.now(),
            user_agent=request.META.get("HTTP_USER_AGENT", ""),
            device_id=request.GET.get("deviceID", ""),
            date_header=_date(request),
        )
    return field_login


def _date(request: HttpRequest) -> str:
    """The client's Date header; "" for a POST, which a buffering proxy forwards late, so that it is stale."""
    return "" if request.method == "POST" else request.META.get("HTTP_DATE", "")


def login_to_work(request: HttpRequest, token: str | None) -> FieldLogin:
    """`login` of somebody who works in an area. Raises also NoFieldWork: a lost area must not look like an empty form list."""
    field_login = login(request, token)
    if not field_login.worker.areas:
        raise NoFieldWork
    return field_login


def login_to_read(request: HttpRequest, token: str | None) -> tuple[FieldLogin, Access | None]:
    """`login` of somebody who fetches forms, with the access of a person of an office, None of a worker.

    Briefcase pulls forms and records with one name and password. A person who may see records
    unmasked and works in no area gets the forms of the office, and of entity lists what lies in
    the person's areas. Raises also NoFieldWork.
    """
    field_login = login(request, token)
    if field_login.worker.areas:
        return field_login, None
    access = office_access(field_login) if token is None else None
    areas = access.areas(REVEALERS) if access else ()
    if not areas:
        raise NoFieldWork
    row_security.read_as(areas, field_login.worker.user_id)
    return FieldLogin(Worker(field_login.worker.user_id, areas), None), access


def login_to_try(token: str, form: str) -> FormDraft:
    """The draft that whoever has its token tries; `form` is a segment of the path. Raises DraftGone."""
    draft = draft_of_token(addresses.text_of(form), token)
    if draft is None:
        raise DraftGone
    return draft


def read_lists_of(draft: FormDraft) -> Worker:
    """Whose entity lists who tries the draft gets; the rest of the request sees the rows of that person's areas."""
    worker = worker_trying(draft)
    row_security.read_as(worker.areas, worker.user_id)
    return worker


def challenges(request: HttpRequest, *, is_stale: bool = False) -> list[str]:
    """The `WWW-Authenticate` lines, one for each scheme, the preferred first: Collect takes the first it knows.

    Basic is offered over https only. It works with passwords that people chose themselves;
    Digest needs a generated one.
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
    """An unknown user name is checked against a random secret, so that it is refused as a wrong password is."""
    answer = digest.read(_header_text(credentials))
    if answer is None or not digest.is_for(answer, request):
        raise CredentialsNeeded
    secret, field_login = device_login(answer.username)
    if not digest.proves(answer, secret, request.method or "") or field_login is None:
        if field_login is not None:
            wrong_digest(answer.username, field_login, address=request.META.get("REMOTE_ADDR", ""))
        raise CredentialsNeeded
    if not digest.is_current(answer.nonce, clock.now().timestamp()):
        raise CredentialsNeeded(is_stale=True)
    return field_login


def _basic(request: HttpRequest, credentials: str) -> FieldLogin:
    if not request.is_secure():
        raise TlsNeeded
    username, _colon, password = _decoded(credentials).partition(":")
    address = request.META.get("REMOTE_ADDR", "")
    use = Use(ProgramDoor.BRIEFCASE, writes=request.method not in ("GET", "HEAD"))
    field_login = log_in(username, password, address=address, counter="phone", use=use)
    match field_login:
        case Refusal.PAUSED:
            raise PasswordPause
        case Refusal.WRONG:
            raise CredentialsNeeded
    return field_login


def _decoded(credentials: str) -> str:
    """The decoded credentials; "" when they are no base64. Collect sends ISO-8859-1, other clients UTF-8."""
    try:
        return _text(base64.b64decode(credentials.strip(), validate=True))
    except (binascii.Error, ValueError):
        return ""


def _header_text(header: str) -> str:
    """WSGI decodes headers as ISO-8859-1; clients that know `charset` send UTF-8."""
    return _text(header.encode("iso-8859-1", errors="replace"))


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("iso-8859-1")
