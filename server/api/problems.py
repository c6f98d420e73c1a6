"""The problems of the REST door, and how every error under /api/ is rendered.

RFC 9457, `application/problem+json`: `type` (a URN that ends with the problem's slug),
`title` and `detail` in the caller's language, `status`, `instance` (the requested path),
and the problem's own data as further members. Refused fields and parameters are in `errors`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, UnreadablePostError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from server.core.problems import Problem
from server.core.request_problems import (
    InvalidRequest,
    NotAllowed,
    NothingHere,
    RequestTooLarge,
    TakesTooLong,
    UnreadableRequest,
    UnsupportedMethod,
)
from server.core.statements import is_time_out
from server.forms.problems import FaultyWorkbook

MEDIA_TYPE = "application/problem+json"


class LoginRequired(Problem):
    """The request has no credentials."""

    type, status = "login-required", 401
    title = _("Log-in required")
    template = _("Send user name and password by HTTP Basic, or use the session of a browser.")


class LoginFailed(Problem):
    """The user name or the password is wrong, or the user is switched off."""

    type, status = "login-failed", 401
    title = _("Log-in failed")
    template = _("The user name or the password is wrong, or the user is no longer active.")


class NotAcceptable(Problem):
    """The endpoint does not offer the format that was asked for."""

    type, status = "not-acceptable", 406
    title = _("Format not available")
    template = _("This address offers only: {formats}.")


class UnsupportedMediaType(Problem):
    """The endpoint does not accept a body of this content type."""

    type, status = "unsupported-media-type", 415
    title = _("Content type not supported")
    template = _(
        "This address does not accept a body of type {media_type}. /api/v1/schema/ lists the types it accepts."
    )


class InvalidQuery(Problem):
    """Query parameters are unknown or wrong; `errors` names each of them."""

    type, status = "invalid-query", 400
    title = _("Query not valid")
    template = _("Some query parameters are unknown or wrong. Correct those that errors lists.")


class TooManyRequests(Problem):
    """The caller sends too many requests; Retry-After says how long to wait."""

    type, status = "too-many-requests", 429
    title = _("Too many requests")
    template = _("Too many requests were sent. Wait before you send the next.")

    @property
    def retry_after(self) -> int | None:
        wait = self.data.get("wait")
        return None if wait is None else int(wait) + 1


class NotByLink(Problem):
    """Files are not given to the session of a browser, which follows any link, but to clients that send a password."""

    type, status = "not-by-link", 403
    title = _("Not in a browser")
    template = _(
        "Files are given here only to programs that send user name and password by HTTP Basic. In a browser, download the file on its page of the console."
    )


class AmbiguousSubmission(Problem):
    """Submissions of several forms have this instance ID, so the form must be named, too."""

    type, status = "ambiguous-submission", 409
    title = _("Several submissions have this instance ID")
    template = _(
        "Submissions of several forms have this instance ID: {forms}. Name the form: add ?form=FORM_ID."
    )


class ReasonRequired(Problem):
    """Protected data is given only for a stated reason, which is recorded."""

    type, status = "reason-required", 400
    title = _("Reason required")
    template = _(
        "State why you need this: add ?reason= or the header X-Reason. The reason is recorded."
    )


def render(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Django REST framework's EXCEPTION_HANDLER: the caller's errors as problem documents.

    None for any other exception: ops.middleware logs it and answers with the request id alone.
    """
    problem = _problem_of(exception, context)
    if problem is None:
        return None
    body = document(problem, context["request"].path)
    response = Response(body, status=problem.status, content_type=MEDIA_TYPE)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    if challenge := getattr(exception, "auth_header", None):
        response["WWW-Authenticate"] = str(challenge)
    return response


def document(problem: Problem, path: str) -> dict[str, Any]:
    """The members of the problem document; the problem's own data never replaces a standard member."""
    members = {key: value for key, value in problem.data.items() if _is_plain(value)}
    if isinstance(problem, FaultyWorkbook):
        members["faults"] = [asdict(fault) for fault in problem.faults]
    return {
        **members,
        "type": f"urn:ruhu:problem:{problem.type}",
        "title": str(problem.title),
        "status": problem.status,
        "detail": problem.detail,
        "instance": path,
    }


def _problem_of(exception: Exception, context: dict[str, Any]) -> Problem | None:
    match exception:
        case Problem():
            return exception
        case Http404() | exceptions.NotFound():
            return NothingHere()
        case exceptions.ValidationError():
            return InvalidRequest(errors=list(field_errors(exception.get_full_details())))
        case exceptions.MethodNotAllowed():
            return UnsupportedMethod(method=context["request"].method)
        case exceptions.NotAcceptable():
            formats = [renderer.media_type for renderer in context["view"].get_renderers()]
            return NotAcceptable(formats=", ".join(formats))
        case exceptions.UnsupportedMediaType():
            sent = (context["request"].content_type or "-").partition(";")[0]
            return UnsupportedMediaType(media_type=sent)
        case exceptions.Throttled():
            return TooManyRequests(wait=getattr(exception, "wait", None))
        case RequestDataTooBig():
            return RequestTooLarge()
        case SuspiciousOperation() | UnreadablePostError():
            return UnreadableRequest()
    if is_time_out(exception):
        return TakesTooLong()
    for kind, problem in _SIMPLE.items():
        if isinstance(exception, kind):
            return problem()
    return None


_SIMPLE: dict[type[Exception], type[Problem]] = {
    exceptions.NotAuthenticated: LoginRequired,
    exceptions.AuthenticationFailed: LoginFailed,
    exceptions.PermissionDenied: NotAllowed,
    PermissionDenied: NotAllowed,
    exceptions.ParseError: UnreadableRequest,
}


def field_errors(details: Any, pointer: str = "#") -> Iterator[dict[str, str]]:
    """DRF's nested error details as a flat list: one entry for each fault, with its JSON pointer."""
    if isinstance(details, dict) and isinstance(details.get("message"), (str, Promise)):
        yield {
            "pointer": pointer,
            "code": str(details["code"]),
            "detail": str(details["message"]),
        }
    elif isinstance(details, dict):
        for name, inner in details.items():
            below = pointer if name == "non_field_errors" else f"{pointer}/{_escaped(name)}"
            yield from field_errors(inner, below)
    else:
        for place, inner in enumerate(details):
            faulty_item = isinstance(inner, dict) and inner and "message" not in inner
            yield from field_errors(inner, f"{pointer}/{place}" if faulty_item else pointer)


def _escaped(name: object) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    return isinstance(value, (str, int, float, bool)) or value is None
