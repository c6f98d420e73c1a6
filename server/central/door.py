"""Who asks, which method, and every error in Central's shape: what all addresses of /v1 share.

Phones' tokens open nothing here. Passwords come by `POST /v1/sessions`, or with each request by
HTTP Basic, which needs https as at Central.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeAlias

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from server.accounts import scripts
from server.accounts.access import Access, access_of
from server.accounts.models import User
from server.accounts.passwords import Refusal, log_in
from server.accounts.selectors import user as user_named
from server.central.elsewhere import elsewhere
from server.central.problems import (
    CredentialsRefused,
    HttpsOnly,
    LogInFirst,
    LogInPause,
    document,
)
from server.core import clock
from server.core.problems import Problem
from server.core.request_problems import (
    NothingHere,
    RequestTooLarge,
    UnknownAddress,
    UnreadableRequest,
    UnsupportedMethod,
)
from server.core.statements import DATABASE_AWAY, is_storable

_BASIC: Final = 'Basic realm="Ruhu", charset="UTF-8"'
_log = structlog.get_logger("server.central")


@dataclass
class Asked:
    """A request, with who sends it."""

    request: HttpRequest
    now: Any = field(default_factory=clock.now)

    @cached_property
    def user(self) -> User:
        """Raises CredentialsRefused."""
        return _user(self.request)

    @cached_property
    def access(self) -> Access:
        return access_of(self.user)

    @property
    def is_extended(self) -> bool:
        return self.request.headers.get("X-Extended-Metadata", "").lower() == "true"


Handler: TypeAlias = Callable[..., Any]


class Door:
    """An address: a handler a method, for people who have logged in. What it returns is JSON unless it is a response."""

    csrf_exempt = True  # no cookie logs anybody in here

    def __init__(
        self,
        *,
        headers: Mapping[str, str] | None = None,
        is_open: bool = False,
        **handlers: Handler,
    ) -> None:
        self.handlers: Mapping[str, Handler] = handlers
        self.headers, self.is_open = headers or {}, is_open

    def __call__(self, request: HttpRequest, **names: str) -> HttpResponseBase:
        response = self._answer(request, names)
        for name, text in self.headers.items():
            response.headers[name] = text
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response if request.method != "HEAD" else _headers_of(response)

    def _answer(self, request: HttpRequest, names: Mapping[str, str]) -> HttpResponseBase:
        method = "GET" if request.method == "HEAD" else request.method or ""
        try:
            handler = self.handlers.get(method)
            if handler is None:
                raise _elsewhere(request) or UnsupportedMethod(method=method[:20])
            if not all(is_storable(name) for name in names.values()):
                raise NothingHere
            asked = Asked(request)
            if not self.is_open:
                asked.user  # noqa: B018 who it is comes before what is asked
            found = handler(asked, **names)
            if isinstance(found, HttpResponseBase):
                return found
            return JsonResponse(found, safe=False, json_dumps_params={"ensure_ascii": False})
        except Problem as problem:
            return self._refusal(request, problem)
        except RequestDataTooBig:
            return self._refusal(request, RequestTooLarge())
        except (SuspiciousOperation, UnreadablePostError):
            return self._refusal(request, UnreadableRequest())
        except DATABASE_AWAY as error:
            _log.error("database away", method=request.method, error=type(error).__name__)
            return _come_again()

    def _refusal(self, request: HttpRequest, problem: Problem) -> HttpResponse:
        response = JsonResponse(
            document(problem), status=problem.status, json_dumps_params={"ensure_ascii": False}
        )
        if isinstance(problem, CredentialsRefused) and request.is_secure():
            response.headers["WWW-Authenticate"] = _BASIC
        if isinstance(problem, UnsupportedMethod):
            response.headers["Allow"] = ", ".join(self.handlers)
        if problem.retry_after is not None:
            response.headers["Retry-After"] = str(problem.retry_after)
        return response


def nowhere(asked: Asked) -> None:
    """Every other address below /v1."""
    raise _elsewhere(asked.request) or UnknownAddress


def _elsewhere(request: HttpRequest) -> Problem | None:
    return elsewhere(request.method or "", request.path_info.removeprefix("/v1/").rstrip("/"))


class Nowhere(Door):
    """Takes any method, to say that nothing is there."""

    def __init__(self) -> None:
        methods = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
        super().__init__(is_open=True)
        self.handlers = dict.fromkeys(methods, nowhere)


def person(request: HttpRequest, username: str, password: str) -> User:
    """The person with this password. Raises CredentialsRefused, LogInPause."""
    found = log_in(username, password, address=request.META.get("REMOTE_ADDR", ""))
    match found:
        case Refusal.PAUSED:
            raise LogInPause
        case Refusal.WRONG:
            raise CredentialsRefused
    return user_named(found.worker.user_id)


def _user(request: HttpRequest) -> User:
    scheme, _space, credentials = request.headers.get("Authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            user = scripts.user_of(credentials.strip())
            if user is None:
                raise CredentialsRefused
            return user
        case "basic":
            if not request.is_secure():
                raise HttpsOnly
            username, _colon, password = _decoded(credentials).partition(":")
            return person(request, username, password)
    raise LogInFirst


def _decoded(credentials: str) -> str:
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _come_again() -> HttpResponse:
    """503 while the database is away: here a repetition helps."""
    told = {
        "message": _("The server is just starting again. Try again in a minute."),
        "code": 503.1,
    }
    response = JsonResponse(told, status=503)
    response.headers["Retry-After"] = "10"
    return response


def _headers_of(response: HttpResponseBase) -> HttpResponse:
    """The same answer without its body."""
    bare = HttpResponse(status=response.status_code, headers=dict(response.items()))
    response.close()
    return bare
