"""Who is asking: log-in by HTTP Basic or a browser's session, and the caller's access."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import unquote

from django.http import HttpRequest
from rest_framework.authentication import BasicAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from server.accounts.access import RESTRICTED, Access, access_of
from server.accounts.lockout import PAUSE
from server.accounts.models import User
from server.accounts.passwords import Refusal, log_in
from server.api.problems import ReasonRequired, TooManyRequests


class PasswordLogin(BasicAuthentication):
    """HTTP Basic with a person's user name and password; too many wrong ones make one wait."""

    www_authenticate_realm = "Ruhu"

    def authenticate_credentials(
        self, userid: str, password: str, request: HttpRequest | None = None
    ) -> tuple[User, None]:
        address = request.META.get("REMOTE_ADDR", "") if request else ""
        found = log_in(userid, password, address=address)
        match found:
            case Refusal.PAUSED:
                raise TooManyRequests(wait=PAUSE.total_seconds())
            case Refusal.WRONG:
                raise AuthenticationFailed
        return User.objects.get(pk=found.worker.user_id), None


def user_of(request: Request) -> User:
    """Who asks. Views are reached by people who have logged in only."""
    return cast(User, request.user)


def access(request: Request) -> Access:
    """The caller's access, loaded once a request."""
    found: Access | None = getattr(request, "_access", None)
    if found is None:
        found = access_of(user_of(request))
        request._access = found  # type: ignore[attr-defined]
    return found


def restricted_areas(request: Request) -> tuple[str, ...]:
    """Where the caller may see restricted columns."""
    return access(request).areas(RESTRICTED)


def reason(request: Request) -> str:
    """Why the caller wants what is protected: `?reason=`, or `X-Reason` (percent-encoded UTF-8)."""
    given = request.query_params.get("reason") or unquote(request.headers.get("X-Reason", ""))
    if not given.strip():
        raise ReasonRequired
    return given.strip()


def context(request: Request) -> dict[str, Any]:
    """What the serializers need to know of the caller."""
    return {"request": request, "restricted_areas": restricted_areas(request)}
