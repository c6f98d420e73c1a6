"""Records: what came in, its files, what was decided; and sending new ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse, StreamingHttpResponse

from server.accounts.access import REVIEWERS, SENDERS, Access
from server.accounts.models import Disclosure
from server.central import bodies, shapes
from server.central.conditions import STATES
from server.central.door import Asked
from server.central.problems import AnotherFileHere, CommentFirst, NoDeprecatedId, OtherForm
from server.central.reading import REASON, form_named
from server.central.service import as_json, as_list
from server.core import blobs
from server.core.problems import Problem
from server.core.request_problems import InvalidRequest, NotAllowed, NothingHere
from server.core.statements import is_storable
from server.submissions import envelope as envelopes
from server.submissions import selectors
from server.submissions.models import Submission, SubmissionVersion
from server.submissions.services import (
    NEEDS_REASON,
    IncomingFile,
    Sender,
    comment,
    disclose_record,
    receive,
    review,
)

JUST_BEFORE: Final = timedelta(hours=1)
"""How old a comment may be that gives the reason of a decision."""
LONGEST: Final = 2000  # characters of a reason or comment


def submissions(asked: Asked, form: str) -> StreamingHttpResponse:
    """All records of the form without their answers, newest first; `limit` and `offset` are Central's."""
    form_named(asked, form)
    heavy = ("current_version__document", "current_version__encrypted__document")
    rows = selectors.records(asked.access, form).order_by("-pk").defer(*heavy)
    offset, limit = _number(asked, "offset"), _number(asked, "limit")
    if offset is not None or limit is not None:
        start = offset or 0
        rows = rows[start:] if limit is None else rows[start : start + limit]
    return StreamingHttpResponse(_listed(asked, rows), content_type="application/json")


def _listed(asked: Asked, rows: QuerySet[Submission]) -> Iterator[str]:
    """The list as JSON, a thousand at a time."""
    return as_list(as_json(_told(asked, row)) for row in rows.iterator(1000))


def submission(asked: Asked, form: str, instance: str) -> dict[str, Any]:
    return _told(asked, selectors.record(asked.access, form, instance))


def document(asked: Asked, form: str, instance: str) -> HttpResponse:
    """The instance as it was received; recorded as revealed."""
    row = selectors.record(asked.access, form, instance)
    selectors.check_raw(asked.access, row)
    _record(asked, row, Disclosure.Kind.REVEAL, "document")
    return HttpResponse(
        selectors.document_of(_version(row)), content_type="application/xml; charset=utf-8"
    )


def attachments(asked: Asked, form: str, instance: str) -> list[dict[str, Any]]:
    row = selectors.record(asked.access, form, instance)
    return [shapes.attachment(file) for file in selectors.files_of(row.current_version_id)]


def attachment(asked: Asked, form: str, instance: str, name: str) -> FileResponse:
    """A file of the current version; recorded as opened."""
    row = selectors.record(asked.access, form, instance)
    found = selectors.file_as_received(asked.access, row, name)
    if found is None:
        raise NothingHere
    _record(asked, row, Disclosure.Kind.MEDIA, found.name)
    return FileResponse(
        blobs.path_of(found.sha256).open("rb"),
        as_attachment=True,
        filename=found.name,
        content_type="application/octet-stream",
    )


def keys(asked: Asked, form: str) -> list[dict[str, Any]]:
    """The keys of records that are still sealed; ruODK asks before every export."""
    form_named(asked, form)
    return [shapes.key(key) for key in selectors.keys_awaited(asked.access, form)]


def audits(asked: Asked, form: str, instance: str) -> list[dict[str, Any]]:
    """What was done to the record, newest first: its versions, and the decisions about it."""
    row = selectors.record(asked.access, form, instance)
    versions = row.versions.select_related("submitter").defer("document").order_by("pk")
    acts = [
        (
            "submission.update.version" if number else "submission.create",
            version.submitter,
            version.received_at,
            {"submissionDefId": version.pk},
            "",
        )
        for number, version in enumerate(versions)
    ] + [
        ("submission.update", one.user, one.at, {"reviewState": STATES[one.state]}, one.reason)
        for one in row.decisions.select_related("user")
    ]
    return [
        shapes.audit(row, *act, is_extended=asked.is_extended)
        for act in sorted(acts, key=lambda act: act[2], reverse=True)
    ]


def comments(asked: Asked, form: str, instance: str) -> list[dict[str, Any]]:
    """Comments and the reasons of decisions, newest first."""
    row = selectors.record(asked.access, form, instance)
    return [shapes.comment(one) for one in selectors.comments_of(row)]


def add_comment(asked: Asked, form: str, instance: str) -> dict[str, Any]:
    row = selectors.record(asked.access, form, instance)
    body = bodies.text(bodies.read_json(asked.request), "body")[:LONGEST]
    said = comment(submission=row, body=body, author=asked.user, access=asked.access, at=asked.now)
    return shapes.comment(said)


def create(asked: Asked, form: str) -> dict[str, Any]:
    """A new record, taken as one from a phone; the same bytes once more are no error."""
    document = bodies.whole(asked.request)
    _check_form(document, form)
    return _receive(asked, document)


def edit(asked: Asked, form: str, instance: str) -> dict[str, Any]:
    """A correction of the record, which names in deprecatedID the version it replaces."""
    row = selectors.record(asked.access, form, instance)
    document = bodies.whole(asked.request)
    _check_form(document, form)
    replaced = envelopes.parse(document).deprecated_id
    if not replaced or not row.versions.filter(instance_id=replaced).exists():
        raise NoDeprecatedId
    return _receive(asked, document)


def decide(asked: Asked, form: str, instance: str) -> dict[str, Any]:
    """`reviewState`, with the reason in `reason`, in the header X-Action-Notes, or in a comment just before."""
    row = selectors.record(asked.access, form, instance)
    body = bodies.read_json(asked.request)
    ours = {theirs: our for our, theirs in STATES.items()}
    named = body.get("reviewState", "")
    state = ours.get(named) if named is None or isinstance(named, str) else None
    if state is None or named == "edited":
        raise InvalidRequest(errors=[{"pointer": "#/reviewState"}])
    notes = unquote(asked.request.headers.get("X-Action-Notes", ""))
    reason = bodies.text(body, "reason") or notes.strip()
    if not is_storable(reason):
        raise InvalidRequest(errors=[{"pointer": "#/reason"}])
    if not reason and state in NEEDS_REASON:
        reason = selectors.comment_as_reason(row, asked.user.pk, asked.now - JUST_BEFORE)
        if not reason and asked.access.may(REVIEWERS, row.area_code):
            raise CommentFirst
    review(
        submission=row,
        state=state,
        reason=reason[:LONGEST],
        reviewer=asked.user,
        access=asked.access,
        at=asked.now,
    )
    return _told(asked, selectors.record(asked.access, form, instance))


def attach(asked: Asked, form: str, instance: str, name: str) -> dict[str, Any]:
    """A file of the record, as a phone sends one later. Raises AnotherFileHere."""
    row = selectors.record(asked.access, form, instance)
    kind, sent = asked.request.headers.get("Content-Type", ""), hashlib.sha256()

    def chunks() -> Iterator[bytes]:
        for chunk in bodies.chunks(asked.request):
            sent.update(chunk)
            yield chunk

    _receive(asked, selectors.document_of(_version(row)), IncomingFile(name, kind, chunks))
    kept = {bytes(file.sha256) for file in selectors.files_of(row.current_version_id)}
    if sent.digest() not in kept:  # the first bytes under a name stay (decision 0042)
        raise AnotherFileHere
    return {"success": True}


def _told(asked: Asked, row: Submission) -> dict[str, Any]:
    told = shapes.record(row)
    return {**told, **shapes.record_extended(row)} if asked.is_extended else told


def _version(row: Submission) -> SubmissionVersion:
    assert row.current_version is not None  # noqa: S101 written in the same statement
    return row.current_version


def _record(asked: Asked, row: Submission, kind: str, column: str) -> None:
    disclose_record(row, user=asked.user, kind=kind, column=column, reason=REASON)


def _check_form(document: bytes, form: str) -> None:
    """What cannot be read at all is for the room to refuse, which keeps it. Raises OtherForm."""
    try:
        named = envelopes.parse(document).form_id
    except Problem:
        return
    if named != form:
        raise OtherForm(form_id=named[:250])


def _receive(asked: Asked, document: bytes, *files: IncomingFile) -> dict[str, Any]:
    access: Access = asked.access
    if not access.areas(SENDERS):
        raise NotAllowed
    sender = Sender(
        user_id=asked.user.pk,
        field_account_id=None,
        areas=access.sends_from(),
        device_id=asked.request.GET.get("deviceID", ""),
        user_agent=asked.request.headers.get("User-Agent", ""),
    )
    receipt = receive(document=document, files=files, sender=sender, received_at=asked.now)
    return _told(asked, selectors.record_taken(receipt.submission_id))


def _number(asked: Asked, name: str) -> int | None:
    text = asked.request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise InvalidRequest(errors=[{"pointer": f"#/{name}"}])
    return int(text[:9])
