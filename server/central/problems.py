"""The problems of this door, Central's error code for every problem, and its JSON.

Central's clients look at `code`: the status, a dot, and a number of Central's catalogue
(`lib/util/problem.js`). A problem that Central does not have gets its status and `.1`.
"""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class CredentialsRefused(Problem):
    """The user name or password is wrong, or the session of the token has ended."""

    type, status = "credentials-refused", 401
    title = _("Log-in failed")
    template = _(
        "The user name or the password is wrong, or the session has ended. Log in again; phones' tokens are not accepted here."
    )


class LogInFirst(CredentialsRefused):
    """The request carries no log-in."""

    type, status = "log-in-first", 401
    title = _("Log-in required")
    template = _(
        "Log in with POST /v1/sessions and send the token as Bearer, or send user name and password by HTTP Basic over https."
    )


class LogInPause(CredentialsRefused):
    """Too many wrong passwords for this user name. Not 429, after which clients would repeat the request by themselves."""

    type, status = "log-in-pause", 401
    title = _("Too many wrong passwords")
    template = _("Too many wrong passwords for this user name. Try again in 15 minutes.")


class HttpsOnly(CredentialsRefused):
    """A password was sent by HTTP Basic without TLS."""

    type, status = "https-only", 401
    title = _("A secure connection is needed")
    template = _(
        "User name and password with each request are accepted over https only. Use https, or log in once with POST /v1/sessions."
    )


class AnotherFileHere(Problem):
    """The submission has a file of this name with other content, which is kept."""

    type, status = "another-file-here", 409
    title = _("The record has a different file of this name")
    template = _(
        "The record already has a file of this name with different content, which stays. Send an edited version of the record that names the new file."
    )


class ODataTooOld(Problem):
    """OData-MaxVersion of the request is below 4.0."""

    type, status = "odata-too-old", 400
    title = _("OData 4.0 only")
    template = _("This service speaks OData 4.0. Allow it in OData-MaxVersion.")


class BadOption(Problem):
    """A query option has a value of the wrong form."""

    type, status = "bad-option", 400
    title = _("Query not valid")
    template = _("The value of {option} is not valid. Expected: {expected}.")


class BadSkipToken(Problem):
    """$skiptoken was not issued by this server for this query."""

    type, status = "bad-skiptoken", 400
    title = _("The $skiptoken is not known")
    template = _(
        "$skiptoken was not issued by this server, or was issued for another query. Start again without it."
    )


class BadFilter(Problem):
    """$filter has a wrong syntax, or compares values of different kinds."""

    type, status = "bad-filter", 400
    title = _("The filter cannot be read")
    template = _("$filter cannot be read at character {at}. Check names, quotes and brackets.")


class UnknownProperty(Problem):
    """$select names a property that the table does not have."""

    type, status = "unknown-property", 400
    title = _("No such property")
    template = _("There is no property {property} in this table. $metadata lists them.")


class BelowARepeat(Problem):
    """$select names a property inside a repeat, which is a table of its own."""

    type, status = "below-a-repeat", 400
    title = _("The property is in another table")
    template = _("{property} belongs to a repeat. Query the table of that repeat.")


class OptionNotOffered(Problem):
    """The option is one of OData or Central that this server does not support."""

    type, status = "option-not-offered", 501
    title = _("Not supported")
    template = _("{feature} is not supported by this service. Leave it out.")


class NotAtThisDoor(Problem):
    """Central has this address, but Ruhu offers its function elsewhere or not at all."""

    type, status = "not-at-this-door", 501
    title = _("Not available through the ODK Central API")
    template = _("{feature} is not available through the ODK Central API. {instead}")


class FilterNotOffered(Problem):
    """$filter uses an operator or a function that is not supported."""

    type, status = "filter-not-offered", 501
    title = _("Not supported in a filter")
    template = _(
        "{text} is not supported in $filter. Use eq ne lt le gt ge and or not, now(), and year() to second()."
    )


class FieldNotOffered(Problem):
    """$filter or $orderby names a field other than the supported ones of __system."""

    type, status = "field-not-offered", 501
    title = _("Not supported for this field")
    template = _(
        "{field} is not supported in $filter and $orderby. Use these fields of __system: {fields}."
    )


class ExpandNotOffered(Problem):
    """$expand has a value other than *, or stands together with $select."""

    type, status = "expand-not-offered", 501
    title = _("Not supported")
    template = _("$expand accepts * only, and not together with $select.")


class OtherForm(Problem):
    """The submission names another form than the address does."""

    type, status = "other-form", 400
    title = _("The record belongs to another form")
    template = _("The record belongs to the form {form_id}. Send it to the address of that form.")


class NoDeprecatedId(Problem):
    """The deprecatedID of an edit names no version of this submission."""

    type, status = "no-deprecated-id", 400
    title = _("The edit does not say what it replaces")
    template = _(
        "An edit must name the version it replaces in deprecatedID, and that version must be one of this record. Get the record again and edit that."
    )


_CODES: Final = {
    "bad-xml": 400.1,
    "unreadable-request": 400.1,
    "no-instance-id": 400.2,
    "not-an-instance": 400.2,
    "reason-missing": 400.2,
    "comment-empty": 400.2,
    "invalid-request": 400.3,
    "other-form": 400.8,
    "other-form-id": 400.8,
    "bad-entity-name": 400.8,
    "entity-invalid": 400.31,
    "unknown-entity-property": 400.28,
    "bad-option": 400.11,
    "instance-id-too-long": 400.13,
    "faulty-workbook": 400.15,
    "not-a-workbook": 400.15,
    "not-an-xform": 400.15,
    "form-has-warnings": 400.16,
    "bad-filter": 400.18,
    "no-deprecated-id": 400.19,
    "unknown-property": 400.23,
    "below-a-repeat": 400.24,
    "bad-skiptoken": 400.35,
    "credentials-refused": 401.2,
    "log-in-first": 401.2,
    "log-in-pause": 401.2,
    "https-only": 401.3,
    "original-not-here": 404.5,
    "unknown-form-version": 404.6,
    "form-closed": 409.2,
    "form-exists": 409.3,
    "form-version-exists": 409.6,
    "entity-exists": 409.3,
    "entity-list-exists": 409.3,
    "entity-property-exists": 409.3,
    "edit-superseded": 409.9,
    "entity-changed": 409.15,
    "filter-not-offered": 501.4,
    "field-not-offered": 501.5,
    "expand-not-offered": 501.6,
}


def code_of(problem: Problem) -> float:
    """Central's error code of the problem; its integer part is the status."""
    return _CODES.get(problem.type, problem.status + 0.1)


def document(problem: Problem) -> dict[str, Any]:
    """The problem as Central's error JSON; `details` has the type and data of the problem."""
    data = {
        key: value for key, value in problem.data.items() if isinstance(value, (str, int, list))
    }
    details = {"problem": problem.type, **data}
    return {"message": problem.detail, "code": code_of(problem), "details": details}
