"""Problems of a request itself, which the doors for programs (REST and `/v1`) answer alike."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class InvalidRequest(Problem):
    """Fields of the body are missing or have a wrong value; `errors` lists them."""

    type, status = "invalid-request", 400
    title = _("Request not valid")
    template = _("Some values are missing or wrong. Correct those that errors lists.")


class UnreadableRequest(Problem):
    """The body is cut off, or is not of the content type that its header names."""

    type, status = "unreadable-request", 400
    title = _("Request not readable")
    template = _("The request could not be read. Check that the body is well formed and complete.")


class NotAllowed(Problem):
    """The caller has logged in, but has no role that allows this here."""

    type, status = "not-allowed", 403
    title = _("Not allowed")
    template = _("Your roles do not permit this. Ask an administrator of your area.")


class NothingHere(Problem):
    """The object does not exist, or lies outside the caller's areas; the answer is the same."""

    type, status = "not-found", 404
    title = _("Not found")
    template = _("There is no such record in your areas.")


class UnknownAddress(Problem):
    """No resource has this address."""

    type, status = "unknown-address", 404
    title = _("No such address")
    template = _(
        "Nothing answers at this address. Addresses below /api/ end with a slash; /api/v1/schema/ lists them all."
    )


class UnsupportedMethod(Problem):
    """The address exists, but not with this method."""

    type, status = "unsupported-method", 405
    title = _("Method not allowed")
    template = _("This address does not accept {method}.")


class RequestTooLarge(Problem):
    """The body is larger than the server accepts."""

    type, status = "request-too-large", 413
    title = _("Request too large")
    template = _("The request is larger than this server accepts. Send less at once.")


class TakesTooLong(Problem):
    """The database needs longer for this than a request may take."""

    type, status = "takes-too-long", 422
    title = _("This takes too long")
    template = _(
        "The search takes too long. Narrow it: a smaller area, fewer words, a shorter time."
    )
