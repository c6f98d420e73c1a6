"""Answers the OpenRosa addresses before the middlewares for sessions, CSRF and pages run.

Phones have no cookies, and hundreds of them send at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

import structlog
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

from server.core.problems import Problem
from server.core.statements import DATABASE_AWAY
from server.openrosa import responses
from server.openrosa.authentication import challenges
from server.openrosa.draining import drain
from server.openrosa.problems import CredentialsNeeded, MethodNotAllowed, NoSuchAddress

PREFIXES = ("/key/", "/odk/", "/v1/test/")

_log = structlog.get_logger("server.openrosa")


class OpenRosaDoor:
    """Routes to the OpenRosa views, and renders every Problem as an OpenRosa message.

    The web server adds the Date header, which OpenRosa requires.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIXES):
            return self.get_response(request)
        return _sized(request, self._answer(request))

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            match = _route(request.path_info)
            request.resolver_match = match
            if _names_nul(match):
                raise NoSuchAddress
            return match.func(request, *match.args, **match.kwargs)
        except Problem as problem:
            return self._refuse(request, problem)
        except SuspiciousOperation:  # Django answers 400
            raise
        except DATABASE_AWAY as error:
            # PostgreSQL is restarting: a traceback for each phone would add nothing.
            _log.error("database away", method=request.method, error=type(error).__name__)
            return responses.come_again()
        except Exception as error:
            # Not left to Django, which would log the URL, and with it the token.
            _log.exception("unforeseen", method=request.method, error=type(error).__name__)
            response = responses.unforeseen()
            response._has_been_logged = True  # type: ignore[attr-defined]
            return response

    @staticmethod
    def _refuse(request: HttpRequest, problem: Problem) -> HttpResponseBase:
        response = responses.problem_message(request, problem)
        if isinstance(problem, CredentialsNeeded):
            is_stale = bool(problem.data.get("is_stale"))
            response = responses.Challenge(response, challenges(request, is_stale=is_stale))
        drain(request)
        if isinstance(problem, MethodNotAllowed):
            response.headers["Allow"] = problem.data["methods"]
        return response


def _sized(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Set Content-Length, and drop the body for HEAD."""
    if isinstance(response, HttpResponse) and response.status_code not in (204, 304):
        response.headers.setdefault("Content-Length", str(len(response.content)))
        if request.method == "HEAD":
            response.content = b""
    return response


def _names_nul(match: ResolverMatch) -> bool:
    """Whether a name in the path holds NUL, which PostgreSQL refuses even in a query."""
    named = [text for name, text in match.kwargs.items() if name != "token"]
    return any("\0" in unquote(text) for text in named)


@lru_cache(maxsize=4096)
def _route(path: str) -> ResolverMatch:
    """Resolve a path; cached, because phones use the same few paths again and again. Raises NoSuchAddress."""
    try:
        return resolve(path)
    except Resolver404:
        raise NoSuchAddress from None
