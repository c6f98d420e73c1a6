"""`Endpoint`, the view of every address of /v1: authentication, methods, errors in Central's format.

People log in with a password at `POST /v1/sessions` and send the token as Bearer, or send the
password with each request by HTTP Basic, which needs https as at Central. Phones' tokens are
not accepted.
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

from server.accounts import scripts, tokens
from server.accounts.access import Access, access_of
from server.accounts.models import ProgramDoor, User
from server.accounts.passwords import Refusal, log_in
from server.accounts.selectors import FieldLogin
from server.accounts.selectors import user as user_named
from server.accounts.tokens import Use
from server.central.not_offered import not_offered
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
    TakesTooLong,
    UnknownAddress,
    UnreadableRequest,
    UnsupportedMethod,
)
from server.core.segments import as_sent
from server.core.statements import DATABASE_AWAY, is_storable, is_time_out

_BASIC: Final = 'Basic realm="Ruhu", charset="UTF-8"'
_log = structlog.get_logger("server.central")


@dataclass
class Call:
    """A request, with the user who sends it, their access, and the time of its arrival."""

    request: HttpRequest
    use: Use
    now: Any = field(default_factory=clock.now)

    @cached_property
    def user(self) -> User:
        """The authenticated user. Raises CredentialsRefused."""
        return _user(self.request, self.use)

    @cached_property
    def access(self) -> Access:
        """The user's access; from here on the request reads by it."""
        access = access_of(self.user)
        access.reads()
        return access

    @property
    def is_extended(self) -> bool:
        """Whether the client wants Central's extended metadata."""
        return self.request.headers.get("X-Extended-Metadata", "").lower() == "true"


Handler: TypeAlias = Callable[..., Any]


class Endpoint:
    """The view of an address, with one handler for each method.

    Users must have logged in unless `is_open`. A program's token must be for the `door`, and for
    changes where the method is not GET, unless the address `only_reads`. What a handler returns is rendered as JSON
    unless it is a response already.
    """

    csrf_exempt = True  # cookies are not used here

    def __init__(
        self,
        *,
        headers: Mapping[str, str] | None = None,
        is_open: bool = False,
        door: ProgramDoor = ProgramDoor.CENTRAL,
        only_reads: bool = False,
        **handlers: Handler,
    ) -> None:
        self.handlers: Mapping[str, Handler] = handlers
        self.headers, self.is_open = headers or {}, is_open
        self.door, self.only_reads = door, only_reads

    def __call__(self, request: HttpRequest, **names: str) -> HttpResponseBase:
        response = self._answer(request, {key: as_sent(text) for key, text in names.items()})
        for name, text in self.headers.items():
            response.headers[name] = text
        return response if request.method != "HEAD" else _headers_of(response)

    def _answer(self, request: HttpRequest, names: Mapping[str, str]) -> HttpResponseBase:
        method = "GET" if request.method == "HEAD" else request.method or ""
        try:
            handler = self.handlers.get(method)
            if handler is None:
                raise _not_offered(request) or UnsupportedMethod(method=method[:20])
            if not all(is_storable(name) for name in names.values()):
                raise NothingHere
            writes = method != "GET" and not self.only_reads
            call = Call(request, Use(self.door, writes))
            if not self.is_open:
                call.user  # noqa: B018 authenticate before the handler runs
            result = handler(call, **names)
            if isinstance(result, HttpResponseBase):
                return result
            return JsonResponse(result, safe=False, json_dumps_params={"ensure_ascii": False})
        except Problem as problem:
            return self._refusal(request, problem)
        except RequestDataTooBig:
            return self._refusal(request, RequestTooLarge())
        except (SuspiciousOperation, UnreadablePostError):
            return self._refusal(request, UnreadableRequest())
        except DATABASE_AWAY as error:
            if is_time_out(error):
                return self._refusal(request, TakesTooLong())
            _log.error("database away", method=request.method, error=type(error).__name__)
            return _unavailable()

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


def _unknown(call: Call) -> None:
    raise _not_offered(call.request) or UnknownAddress


def _not_offered(request: HttpRequest) -> Problem | None:
    return not_offered(request.method or "", request.path_info.removeprefix("/v1/").rstrip("/"))


class UnknownEndpoint(Endpoint):
    """The view of every other address below /v1: refuses all methods with a problem."""

    def __init__(self) -> None:
        methods = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
        super().__init__(is_open=True)
        self.handlers = dict.fromkeys(methods, _unknown)


def log_in_person(
    request: HttpRequest,
    username: str,
    password: str,
    use: Use,
    *,
    begins_session: bool = False,
) -> FieldLogin:
    """The login of the user with this name and password. Raises CredentialsRefused, LogInPause, TokenTooNarrow."""
    result = log_in(
        username,
        password,
        address=request.META.get("REMOTE_ADDR", ""),
        begins_session=begins_session,
        use=use,
    )
    match result:
        case Refusal.PAUSED:
            raise LogInPause
        case Refusal.WRONG:
            raise CredentialsRefused
    return result


def _user(request: HttpRequest, use: Use) -> User:
    scheme, _space, credentials = request.headers.get("Authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            token = credentials.strip()
            opened = tokens.user_of if tokens.is_token(token) else scripts.user_of
            user = opened(token, use)
            if user is None:
                raise CredentialsRefused
            return user
        case "basic":
            if not request.is_secure():
                raise HttpsOnly
            username, _colon, password = _decoded(credentials).partition(":")
            login = log_in_person(request, username, password, use)
            return user_named(login.worker.user_id)
    raise LogInFirst


def _decoded(credentials: str) -> str:
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _unavailable() -> HttpResponse:
    """503 while the database is down; clients may repeat the request."""
    body = {
        "message": _("The server is just starting again. Try again in a minute."),
        "code": 503.1,
    }
    response = JsonResponse(body, status=503)
    response.headers["Retry-After"] = "10"
    return response


def _headers_of(response: HttpResponseBase) -> HttpResponse:
    """The response without its body, for HEAD; what the body held open is closed with it."""
    bare = HttpResponse(status=response.status_code, headers=dict(response.items()))
    bare._resource_closers = response._resource_closers  # type: ignore[attr-defined]
    return bare
