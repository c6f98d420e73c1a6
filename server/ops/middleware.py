"""The request log, and the answer to what nobody foresaw."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable

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
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _

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
"""What Django answers with a 4xx of its own."""

_log = structlog.get_logger("server.request")
_levels = logging.getLogger("server.request")


class Forwarded:
    """Behind the proxy of RUHU_BEHIND_TLS_PROXY the client's address is the one that the proxy saw.

    Else all clients had the proxy's, and wrong passwords of a stranger would lock a name for everybody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.RUHU_BEHIND_TLS_PROXY:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # What stands before the last comma came from the client.
        seen = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        if seen:
            request.META["REMOTE_ADDR"] = seen
        return self.get_response(request)


class RequestLog:
    """Gives each request an id (header X-Request-ID, `request_id` in every log line of it).

    One line a request, without the query string and with tokens masked: at INFO when it
    failed or took over a second, at DEBUG otherwise. An unforeseen exception is logged
    whole; the caller sees only the request id.
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
        """Called last of all middlewares: the doors have rendered their problems by then."""
        if isinstance(exception, UnreadablePostError):  # the phone lost its signal
            return HttpResponse(status=400)
        if isinstance(exception, (*_FORESEEN, Problem)):
            return None
        got_request_exception.send(sender=type(self), request=request)
        return unforeseen(request)


def unforeseen(request: HttpRequest) -> HttpResponse:
    """Log the exception being handled; 500 that shows the request id and nothing else.

    Also the URLconf's handler500, for what goes wrong outside the views.
    """
    _log.error("unforeseen", path=mask(request.path), exc_info=True)
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    title = _("Something went wrong in the server.")
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "title": title, "status": 500, "request_id": request_id}
        return JsonResponse(body, status=500, content_type="application/problem+json")
    if request.path.startswith("/v1/"):  # as ODK Central words it
        details = {"request_id": request_id}
        return JsonResponse({"message": title, "code": 500.1, "details": details}, status=500)
    told = _("Tell the administrator this number: {request_id}").format(request_id=request_id)
    return HttpResponse(f"{title}\n{told}\n", status=500, content_type="text/plain; charset=utf-8")
