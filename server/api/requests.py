"""The caller of a request: log-in by HTTP Basic or session, access, and the stated reason."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import unquote

from django.http import HttpRequest
from rest_framework.authentication import (
    BaseAuthentication,
    BasicAuthentication,
    SessionAuthentication,
)
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from server.accounts import tokens
from server.accounts.access import RESTRICTED, Access, access_of
from server.accounts.lockout import PAUSE
from server.accounts.models import ProgramDoor, User
from server.accounts.passwords import Refusal, log_in
from server.accounts.problems import FactorNeeded, PasswordHandedOut
from server.accounts.second_factors import Duty, duty_of
from server.accounts.tokens import Use
from server.api.problems import ReasonRequired, TooManyRequests


class PasswordLogin(BasicAuthentication):
    """HTTP Basic with a person's user name and password; after too many wrong ones the caller must wait."""

    www_authenticate_realm = "Ruhu"

    def authenticate_credentials(
        self, userid: str, password: str, request: HttpRequest | None = None
    ) -> tuple[User, None]:
        address = request.META.get("REMOTE_ADDR", "") if request else ""
        use = use_of(request) if request else None
        login = log_in(userid, password, address=address, use=use)
        match login:
            case Refusal.PAUSED:
                raise TooManyRequests(wait=PAUSE.total_seconds())
            case Refusal.WRONG:
                raise AuthenticationFailed
        return User.objects.get(pk=login.worker.user_id), None


class TokenLogin(BaseAuthentication):
    """A program's token as Bearer. Without a `WWW-Authenticate` of its own: the first class's is sent."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        user = tokens.user_of(token.strip(), use_of(request))
        if user is None:
            raise AuthenticationFailed
        return user, None


class SessionLogin(SessionAuthentication):
    """The console's session, once its owner has done what must be done first. Raises PasswordHandedOut, FactorNeeded."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        login: tuple[User, None] | None = super().authenticate(request)
        if login is None:
            return None
        match duty_of(login[0], request.session):
            case Duty.PASSWORD:
                raise PasswordHandedOut
            case Duty.FACTOR:
                raise FactorNeeded
        return login


def use_of(request: HttpRequest | Request) -> Use:
    """What a program's token would be used for: whatever is not GET or HEAD may change something, or reveal."""
    return Use(ProgramDoor.REST, writes=request.method not in ("GET", "HEAD"))


def user_of(request: Request) -> User:
    """The person who sent the request; views are reached only after log-in."""
    return cast(User, request.user)


def access(request: Request) -> Access:
    """The caller's access, loaded once a request."""
    loaded: Access | None = getattr(request, "_access", None)
    if loaded is None:
        loaded = access_of(user_of(request))
        loaded.reads()
        request._access = loaded  # type: ignore[attr-defined]
    return loaded


def restricted_areas(request: Request) -> tuple[str, ...]:
    """The area prefixes in which the caller may see restricted columns."""
    return access(request).areas(RESTRICTED)


def reason(request: Request) -> str:
    """The stated reason: `?reason=`, or the header `X-Reason` (percent-encoded UTF-8). Raises ReasonRequired."""
    given = request.query_params.get("reason") or unquote(request.headers.get("X-Reason", ""))
    if not given.strip():
        raise ReasonRequired
    return given.strip()


def context(request: Request) -> dict[str, Any]:
    """The serializer context: the request, and where the caller may see restricted columns."""
    return {
        "request": request,
        "access": access(request),
        "restricted_areas": restricted_areas(request),
        "whole_areas": (),  # a view with export permits names theirs
    }
