"""Submissions: their documents, files, comments and review states; and sending new ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _

from server.accounts.access import SENDERS, Access, common_prefix
from server.accounts.selectors import history_of
from server.audit.services import record_list
from server.central import bodies, shapes
from server.central.conditions import REVIEW_STATES
from server.central.endpoint import Call
from server.central.problems import AnotherFileHere, NoDeprecatedId, OtherForm
from server.central.reading import REASON, published_form
from server.central.service import as_json, json_list
from server.core import blobs
from server.core.problems import Problem
from server.core.request_problems import InvalidRequest, NotAllowed, NothingHere
from server.core.statements import is_storable
from server.disclosure.models import ExportPermit
from server.disclosure.selectors import areas_of, open_permits
from server.disclosure.services import let_out
from server.ledgers.reading.files import file_as_received
from server.ledgers.reading.redaction import document_for
from server.quarantine.services import receive_or_quarantine
from server.submissions import envelope as envelopes
from server.submissions import selectors
from server.submissions.deletions import deletions
from server.submissions.encrypted import keys_awaited
from server.submissions.models import REASON_FOLLOWS, Attachment, Submission, SubmissionVersion
from server.submissions.redacted import refuse_redacted
from server.submissions.services import (
    NEEDS_REASON,
    IncomingFile,
    Sender,
    comment,
    review,
)
from server.submissions.services import delete as delete_submission
from server.submissions.services import restore as restore_submission

JUST_BEFORE: Final = timedelta(hours=1)
"""The age up to which a comment counts as the reason of a decision."""
LONGEST: Final = 2000  # characters of a reason or comment


def submissions(call: Call, form: str) -> StreamingHttpResponse:
    """All submissions of the form without their answers, newest first; takes `limit` and `offset`."""
    published_form(call, form)
    heavy = ("current_version__document", "current_version__encrypted__document")
    rows = selectors.records(call.access, form).order_by("-pk").defer(*heavy)
    offset, limit = _number(call, "offset"), _number(call, "limit")
    if offset is not None or limit is not None:
        start = offset or 0
        rows = rows[start:] if limit is None else rows[start : start + limit]
    n_rows = rows.count()
    record_list(
        actor=call.user,
        of="submission",
        area=common_prefix(call.access.areas()),
        rows=n_rows,
        last_row=(offset or 0) + n_rows,
        facts={"form_id": form},
    )
    return StreamingHttpResponse(_listed(call, rows), content_type="application/json")


def _listed(call: Call, rows: QuerySet[Submission]) -> Iterator[str]:
    """The list as JSON, read a thousand rows at a time."""
    return json_list(as_json(_submission(call, row)) for row in rows.iterator(1000))


def submission(call: Call, form: str, instance: str) -> dict[str, Any]:
    """A submission without its answers."""
    return _submission(call, selectors.record(call.access, form, instance))


def document(call: Call, form: str, instance: str) -> HttpResponse:
    """The XML as it was received; recorded as a disclosure.

    Where a mask would hide something, while an export permit is open: it is refused rather
    than masked, since sent back as an edit it would put asterisks in the place of the
    answers. Restricted facts are left out for those who lack the role.
    """
    row = selectors.record(call.access, form, instance)
    return document_of_version(call, row, _version(row))


def document_of_version(call: Call, row: Submission, version: SubmissionVersion) -> HttpResponse:
    """The XML of a version of the submission, under the same rules. Raises NothingHere when it is erased."""
    if version.erased_at is not None:
        raise NothingHere
    row.current_version = (
        version  # not saved: whether a mask hides anything is judged by what is given
    )
    _record_disclosure(call, row)
    return HttpResponse(
        document_for(call.access, row.area_code, version),
        content_type="application/xml; charset=utf-8",
    )


def attachments(call: Call, form: str, instance: str) -> list[dict[str, Any]]:
    """The files of the current version, and those that its answers name and that have not arrived."""
    row = selectors.record(call.access, form, instance)
    is_whole = row.area_code.startswith(
        areas_of(open_permits(call.access, ExportPermit.Kind.FORM, form))
    )
    files = list(selectors.files_of(row.current_version_id))
    missing = selectors.missing_files_of(row.current_version, files, selectors.Instances())
    named = [(file.name, True) for file in files] + [(name, False) for name in missing]
    return [shapes.attachment(name, is_here=is_here, is_whole=is_whole) for name, is_here in named]


def attachment(call: Call, form: str, instance: str, name: str) -> FileResponse:
    """A file of the current version, while an export permit is open or no mask would hide anything; recorded as a disclosure."""
    row = selectors.record(call.access, form, instance)
    file = file_as_received(call.access, row, name)
    if file is None:
        raise NothingHere
    _record_disclosure(call, row, file)
    return FileResponse(
        blobs.open_blob(file.sha256),
        as_attachment=True,
        filename=file.name,
        content_type="application/octet-stream",
    )


def keys(call: Call, form: str) -> list[dict[str, Any]]:
    """The encryption keys of submissions that are still encrypted; ruODK asks before every export."""
    published_form(call, form)
    return [shapes.key(key) for key in keys_awaited(call.access, form)]


def audits(call: Call, form: str, instance: str) -> list[dict[str, Any]]:
    """The versions of the submission and the decisions about it, newest first."""
    row = selectors.record(call.access, form, instance)
    versions = selectors.versions_of(row).select_related("submitter").defer("document")
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
        (
            "submission.update",
            decision.user,
            decision.at,
            {"reviewState": REVIEW_STATES[decision.state]},
            decision.reason,
        )
        for decision in row.decisions.select_related("user")
    ]
    return [
        shapes.audit(row, *act, is_extended=call.is_extended)
        for act in sorted(acts, key=lambda act: act[2], reverse=True)
    ]


def comments(call: Call, form: str, instance: str) -> list[dict[str, Any]]:
    """The comments and the reasons of decisions, newest first."""
    row = selectors.record(call.access, form, instance)
    return [shapes.comment(comment) for comment in selectors.comments_of(row)]


def add_comment(call: Call, form: str, instance: str) -> dict[str, Any]:
    """Add a comment, at most LONGEST characters; it is the reason of the same person's decision that has none yet."""
    row = selectors.record(call.access, form, instance)
    body = bodies.text_member(bodies.read_json(call.request), "body")[:LONGEST]
    added = comment(submission=row, body=body, author=call.user, access=call.access, at=call.now)
    decision = selectors.decision_without_reason(row, call.user.pk, call.now - JUST_BEFORE)
    if decision is not None:
        review(
            submission=row,
            state=decision.state,
            reason=added.body,
            reviewer=call.user,
            access=call.access,
            at=call.now,
        )
    return shapes.comment(added)


def create(call: Call, form: str) -> dict[str, Any]:
    """Receive a new submission, as from a phone; sending the same bytes again is no error."""
    document = bodies.read_whole(call.request)
    _check_form(document, form)
    return _receive(call, document)


def edit(call: Call, form: str, instance: str) -> dict[str, Any]:
    """Receive an edit, which names in deprecatedID the version it replaces. Raises NoDeprecatedId, OtherForm."""
    row = selectors.record(call.access, form, instance)
    document = bodies.read_whole(call.request)
    _check_form(document, form)
    replaced = envelopes.parse(document).deprecated_id
    if not replaced or not selectors.versions_of(row).filter(instance_id=replaced).exists():
        raise NoDeprecatedId
    return _receive(call, document)


def delete(call: Call, form: str, instance: str) -> dict[str, bool]:
    """Take the submission out of lists and ledgers, with the reason from the header X-Action-Notes; nothing purges it."""
    row = selectors.record(call.access, form, instance)
    notes = unquote(call.request.headers.get("X-Action-Notes", "")).strip()
    if not is_storable(notes):
        raise InvalidRequest(errors=[{"pointer": "#/X-Action-Notes"}])
    reason = notes[:LONGEST] or _("by a client of ODK Central that gives no reason")
    delete_submission(
        submission=row, reason=reason, user=call.user, access=call.access, at=call.now
    )
    return {"success": True}


def restore(call: Call, form: str, instance: str) -> dict[str, bool]:
    """Let a deleted submission stand in lists and ledgers again. Raises NothingHere."""
    rows = deletions(call.access).filter(submission__form__form_id=form)
    deletion = rows.filter(submission__versions__instance_id=instance).first()
    if deletion is None:
        raise NothingHere
    restore_submission(deletion=deletion, user=call.user, access=call.access, at=call.now)
    return {"success": True}


def decide(call: Call, form: str, instance: str) -> dict[str, Any]:
    """Set the `reviewState`, with the reason from `reason`, the header X-Action-Notes, or a comment just before or after.

    Raises InvalidRequest.
    """
    row = selectors.record(call.access, form, instance)
    body = bodies.read_json(call.request)
    own_states = {central: own for own, central in REVIEW_STATES.items()}
    name = body.get("reviewState", "")
    state = own_states.get(name) if name is None or isinstance(name, str) else None
    if state is None or name == "edited":
        raise InvalidRequest(errors=[{"pointer": "#/reviewState"}])
    notes = unquote(call.request.headers.get("X-Action-Notes", ""))
    reason = bodies.text_member(body, "reason") or notes.strip()
    if not is_storable(reason):
        raise InvalidRequest(errors=[{"pointer": "#/reason"}])
    if not reason and state in NEEDS_REASON:
        reason = selectors.comment_as_reason(row, call.user.pk, call.now - JUST_BEFORE)
        reason = reason or REASON_FOLLOWS
    review(
        submission=row,
        state=state,
        reason=reason[:LONGEST],
        reviewer=call.user,
        access=call.access,
        at=call.now,
    )
    return _submission(call, selectors.record(call.access, form, instance))


def attach(call: Call, form: str, instance: str, name: str) -> dict[str, Any]:
    """Receive a file of the submission, as from a phone that sends it later. Raises AnotherFileHere."""
    row = selectors.record(call.access, form, instance)
    kind, sha256 = call.request.headers.get("Content-Type", ""), hashlib.sha256()

    def chunks() -> Iterator[bytes]:
        for chunk in bodies.chunks(call.request):
            sha256.update(chunk)
            yield chunk

    _receive(call, selectors.document_of(_version(row)), IncomingFile(name, kind, chunks))
    kept = {bytes(file.sha256) for file in selectors.files_of(row.current_version_id)}
    if sha256.digest() not in kept:  # the first content under a name is kept (decision 0042)
        raise AnotherFileHere
    return {"success": True}


def _submission(call: Call, row: Submission) -> dict[str, Any]:
    body = shapes.submission(row)
    return {**body, **shapes.submission_extended(row)} if call.is_extended else body


def _version(row: Submission) -> SubmissionVersion:
    assert row.current_version is not None  # noqa: S101 inserted by the same statement
    return row.current_version


def _record_disclosure(call: Call, row: Submission, file: Attachment | None = None) -> None:
    let_out(
        row,
        user=call.user,
        access=call.access,
        file=file,
        reason=REASON,
        permit_only=True,
    )


def _check_form(document: bytes, form: str) -> None:
    """Raises OtherForm, AnswersLeftOut. A document that cannot be parsed is left to `receive_or_quarantine`."""
    refuse_redacted(document)
    try:
        form_id = envelopes.parse(document).form_id
    except Problem:
        return
    if form_id != form:
        raise OtherForm(form_id=form_id[:250])


def _receive(call: Call, document: bytes, *files: IncomingFile) -> dict[str, Any]:
    access: Access = call.access
    if not access.areas(SENDERS):
        raise NotAllowed
    sender = Sender(
        user_id=call.user.pk,
        field_account_id=None,
        areas=access.sends_from(),
        history=history_of(call.user.pk),
        device_id=call.request.GET.get("deviceID", ""),
        user_agent=call.request.headers.get("User-Agent", ""),
    )
    receipt = receive_or_quarantine(
        document=document, files=files, sender=sender, received_at=call.now
    )
    row = selectors.record_taken(access, receipt.submission_id)
    return _submission(call, row or _as_sent(call, document, sender))


def _as_sent(call: Call, document: bytes, sender: Sender) -> Submission:
    """An unsaved row that says what its sender knows, of a record that another area's office has or decides about."""
    envelope = envelopes.parse(document)
    version = SubmissionVersion(
        instance_id=envelope.instance_id,
        deprecated_id=envelope.deprecated_id,
        device_id=sender.device_id[:200],
        user_agent=sender.user_agent[:200],
        submitter=call.user,
        received_at=call.now,
    )
    row = Submission(
        instance_id=envelope.instance_id,
        submitter=call.user,
        received_at=call.now,
        current_version=version,
    )
    row.updated_at = None  # type: ignore[attr-defined]
    return row


def _number(call: Call, name: str) -> int | None:
    text = call.request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise InvalidRequest(errors=[{"pointer": f"#/{name}"}])
    return int(text[:9])
