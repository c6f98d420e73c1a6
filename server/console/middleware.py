"""Problems rendered as pages."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from server.core.problems import Problem
from server.core.request_problems import TakesTooLong
from server.core.statements import is_time_out


class Problems:
    """Answers a Problem raised in a console view with a page, or with a notice when htmx asked.

    The other doors render their own problems before they come here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not _is_console(request):
            return None
        if is_time_out(exception):
            exception = TakesTooLong()
        return problem_page(request, exception) if isinstance(exception, Problem) else None


def problem_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem's page, or for htmx its notice: title, detail, what to do next."""
    partial = bool(getattr(request, "htmx", False))
    name = "console/_problem.html" if partial else "console/problem.html"
    response = render(request, name, {"problem": problem}, status=problem.status)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _is_console(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None:
        return False
    return "console" in match.namespaces or str(match.url_name).startswith(("account_", "mfa_"))
