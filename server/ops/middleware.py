"""The client's address behind a proxy, the request log, and the response to an unforeseen exception."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    MiddlewareNotUsed,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.signals import got_request_exception
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    UnreadablePostError,
)
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from server.audit import origin
from server.audit.origin import Door, Origin
from server.core import row_security
from server.core.problems import Problem
from server.ops.logs import mask

_SLOW_MS = 1000
_FORESEEN = (
    BadRequest,
    Http404,
    MultiPartParserError,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
"""Exceptions that Django itself answers with a 4xx status."""

_DOORS = {
    "/api/": Door.REST,
    "/v1/test/": Door.OPENROSA,
    "/v1/": Door.CENTRAL,
    "/key/": Door.OPENROSA,
    "/odk/": Door.OPENROSA,
}
"""Beginning of the path → door; every other address is the console's."""

_log = structlog.get_logger("server.request")
_levels = logging.getLogger("server.request")


class Forwarded:
    """Sets REMOTE_ADDR to the client's address as the proxy reports it; only with RUHU_BEHIND_TLS_PROXY.

    Where the proxy has a secret (RUHU_PROXY_TOKEN, as `./ruhu up --tls-name` gives it), what
    anybody else claims in `X-Forwarded-…` is thrown away.

    Otherwise every client would have the proxy's address, and a stranger's wrong passwords would
    lock a user name for everybody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.RUHU_BEHIND_TLS_PROXY:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        claimed = request.META.pop("HTTP_X_RUHU_PROXY", "")
        if settings.RUHU_PROXY_TOKEN and not constant_time_compare(
            claimed, settings.RUHU_PROXY_TOKEN
        ):
            for name in [name for name in request.META if name.startswith("HTTP_X_FORWARDED_")]:
                del request.META[name]
        # The proxy appends the address it sees; what stands before the last comma, the client sent.
        address = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        if address:
            request.META["REMOTE_ADDR"] = address
        return self.get_response(request)


class ActsOrigin:
    """Tells the audit log where what a request does comes from; costs a request that does nothing two assignments."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with origin.entered(lambda: _origin(request)):
            return self.get_response(request)


def _origin(request: HttpRequest) -> Origin:
    door = next(
        (door for prefix, door in _DOORS.items() if request.path_info.startswith(prefix)),
        Door.CONSOLE,
    )
    device = f"{request.GET.get('deviceID', '')} {request.META.get('HTTP_USER_AGENT', '')}"
    return Origin(door, request.META.get("REMOTE_ADDR", ""), device.strip())


class RowSecurity:
    """Begins each request as nobody, who sees no row of any area, and ends it as nobody; the door says who reads.

    What an answer reads while it is sent, it reads as its reader.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with row_security.entered():
            response = self.get_response(request)
            if response.streaming and not isinstance(response, FileResponse):
                body: Any = response
                body.streaming_content = row_security.carried(body.streaming_content)
            return response


class RequestLog:
    """Gives each request an id: in the header X-Request-ID and as `request_id` in its log lines.

    Logs one line a request, without the query string and with tokens masked: at INFO when the
    status is not 2xx or the request took a second or more, else at DEBUG. An unforeseen exception
    is logged with its traceback; the client gets only the request id.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # The letter keeps an id that is all digits from being masked as a personal number.
        request_id = f"r{random.getrandbits(60):015x}"
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        start = time.perf_counter()
        response = self.get_response(request)
        ms = (time.perf_counter() - start) * 1000
        response.headers["X-Request-ID"] = request_id
        ordinary = 200 <= response.status_code < 300 and ms < _SLOW_MS
        ordinary = ordinary or request.path == "/healthz"  # polled, also while starting
        level = logging.DEBUG if ordinary else logging.INFO
        if _levels.isEnabledFor(level):
            _log.log(
                level,
                "request",
                method=request.method,
                path=mask(request.path),
                status=response.status_code,
                ms=round(ms, 1),
            )
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Django calls this after the doors' middleware, which have rendered their problems by then."""
        if isinstance(exception, UnreadablePostError):  # the connection broke during the upload
            return HttpResponse(status=400)
        if isinstance(exception, (*_FORESEEN, Problem)):
            return None
        got_request_exception.send(sender=type(self), request=request)
        return unforeseen(request)


def unforeseen(request: HttpRequest) -> HttpResponse:
    """Log the exception being handled; returns status 500 with the request id and no other detail.

    Also the URLconf's handler500, for exceptions raised outside the views.
    """
    _log.error("unforeseen", path=mask(request.path), exc_info=True)
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    title = _("Something went wrong in the server.")
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "title": title, "status": 500, "request_id": request_id}
        return JsonResponse(body, status=500, content_type="application/problem+json")
    if request.path.startswith("/v1/"):  # an error as ODK Central writes it
        details = {"request_id": request_id}
        return JsonResponse({"message": title, "code": 500.1, "details": details}, status=500)
    advice = _("Tell the administrator this number: {request_id}").format(request_id=request_id)
    return HttpResponse(
        f"{title}\n{advice}\n", status=500, content_type="text/plain; charset=utf-8"
    )
