"""Receives one upload, from bytes to a stored version (architecture.md, One submission's way; decisions 0040 and 0042).

An upload is exactly one of: a new submission, the same bytes again, more files of a
submission, an edit of one, or refused with a Problem.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from psycopg.types.numeric import Int8

from server.core.problems import Problem
from server.core.sealing import seal_document
from server.core.statements import run, waiting_at_most
from server.forms.models import Form, FormVersion
from server.submissions import envelope as envelopes
from server.submissions.envelope import Envelope
from server.submissions.models import ReviewState, SubmissionVersion
from server.submissions.problems import (
    FormClosed,
    InstanceBusy,
    InstanceConflict,
    InstanceTooLarge,
    RecordErased,
    UnknownForm,
    UnknownFormVersion,
)
from server.submissions.services.accepting import accepted_version
from server.submissions.services.attaching import add_later
from server.submissions.services.editing import store_edit
from server.submissions.services.erasing import check_not_erased
from server.submissions.services.files import IncomingFile, as_json, column, keep
from server.submissions.services.queueing import QUEUE_DRAIN
from server.submissions.services.uploads import Outcome, ParsedUpload, Receipt, Sender, Upload

MAX_DOCUMENT_MB = 20
LOCK_TIMEOUT = "10s"
"""How long an upload waits for a submission that others lock, before InstanceBusy."""


def store_files(
    *, document: bytes, files: Sequence[IncomingFile], sender: Sender, received_at: datetime
) -> Upload:
    """Store the upload's files as blobs, before any row names them."""
    kept = keep(files) if files else ()
    return Upload(document, hashlib.sha256(document).digest(), kept, sender, received_at)


def receive(upload: Upload) -> Receipt:
    """Store one upload; when this returns, it is committed and survives a power cut.

    Safe to repeat at any time and in parallel: the unique key on (form, instanceID)
    decides which request is first, and the others are answered as a resend. A document that was
    accepted out of the quarantine is answered as received before.
    Raises BadXml, NotAnInstance, NoInstanceId, InstanceIdTooLong, InstanceTooLarge,
    UnknownForm, UnknownFormVersion, FormClosed, InstanceConflict, OriginalNotHere,
    OriginalOutside, OriginalDeleted, EditSuperseded, RecordErased; then no row was written, and the files are the caller's to keep or to
    discard. InstanceBusy: the same request succeeds later.
    """
    try:
        envelope = read_envelope(upload.document)
        sender, received_at = upload.sender, upload.received_at
        first = sender.first_received(envelope, received_at) or received_at
        return accept(
            ParsedUpload(upload.document, upload.sha256, upload.files, sender, first, envelope)
        )
    except (InstanceBusy, RecordErased):
        raise
    except Problem:
        version = accepted_version(upload.sha256)
        if version is None:
            raise
        with transaction.atomic():
            return add_later(upload.files, version, upload.received_at)


def read_envelope(document: bytes) -> Envelope:
    """The envelope of a document that is not too large to be parsed. Raises InstanceTooLarge, and as `envelope.parse`."""
    if len(document) > MAX_DOCUMENT_MB * 1024 * 1024:
        raise InstanceTooLarge(limit_mb=MAX_DOCUMENT_MB)
    return envelopes.parse(document)


def accept(upload: ParsedUpload) -> Receipt:
    """Store an instance as a version, whether it comes from a phone or out of the quarantine.

    Raises what `receive` raises, and writes nothing of what it refuses.
    """
    if not upload.envelope.deprecated_id:
        receipt = store_new(upload)
        if receipt is not None:
            return receipt
    return _accept_locked(upload)


_STORE_NEW = f"""
with version as (
    insert into submissions_arriving_version
           (submission_id, form_id, form_version_id, instance_id, deprecated_id, sha256, document,
            size, received_at, field_account_id, submitter_id, device_id, user_agent, sender_areas,
            sender_history)
    select nextval('submissions_submission_id_seq'), form.id, edition.id, %(instance_id)s, '',
           %(sha256)s, %(document)s, %(size)s, %(received_at)s, %(field_account_id)s::bigint,
           %(submitter_id)s, %(device_id)s, %(user_agent)s, %(sender_areas)s::text[],
           %(sender_history)s::text[]
      from forms_form form
      join forms_formversion edition on edition.form_id = form.id and edition.version = %(version)s
     where form.form_id = %(form_id)s and form.state <> '{Form.State.CLOSED}'
       and not exists (select from submissions_accepteddocument accepted
                        where accepted.sha256 = %(sha256)s)
    on conflict (form_id, instance_id) do nothing
    returning id, submission_id, form_id
), submission as (
    insert into submissions_arriving
           (id, form_id, instance_id, current_version_id, review_state, submitter_id, received_at,
            area_code, title, located_area, flags)
    select submission_id, form_id, %(instance_id)s, id, '{ReviewState.RECEIVED}', %(submitter_id)s,
           %(received_at)s, '', '', '', '[]'
      from version
), attachment as (
    insert into submissions_arriving_file
           (version_id, name, sha256, md5, size, content_type, received_at)
    select version.id, file.name, decode(file.sha256, 'hex'), file.md5, file.size,
           file.content_type, %(received_at)s
      from version,
           jsonb_to_recordset(%(files)s::jsonb)
           as file (name text, sha256 text, md5 text, size bigint, content_type text)
), waiting as (
    insert into submissions_waiting (submission_id, queued_at)
    select submission_id, %(received_at)s from version
), job as ({QUEUE_DRAIN.format(source="version")})
select submission_id, id from version
"""  # noqa: S608 the only part put in is our own
"""All rows of a new submission, in one statement that commits by itself.

All come from `version`, so that a known instanceID, an unknown or closed form, and bytes
that were accepted as another version write no row. Of two copies at once the second waits
on the unique key for the first's commit, and writes no row. It writes through views
(server/ops/row_policies.py), because a record is new or not whatever area holds its instanceID.
"""


def store_new(upload: ParsedUpload) -> Receipt | None:
    """Store a new submission; None when it is not one, or the form does not take it."""
    envelope, sender = upload.envelope, upload.sender
    row = run(
        _STORE_NEW,
        {
            "form_id": envelope.form_id,
            "version": envelope.version,
            "instance_id": envelope.instance_id,
            "sha256": upload.sha256,
            "document": seal_document(upload.document),
            "size": Int8(len(upload.document)),
            "received_at": upload.received_at,
            "field_account_id": _int8(sender.field_account_id),
            "submitter_id": Int8(sender.user_id),
            "device_id": column(sender.device_id),
            "user_agent": column(sender.user_agent),
            "sender_areas": list(sender.areas),
            "sender_history": list(sender.history),
            "files": as_json(upload.files) if upload.files else "[]",
        },
        without_areas=True,
    )
    return None if row is None else Receipt(Outcome.NEW, *row)


def _accept_locked(upload: ParsedUpload) -> Receipt:
    """Accept what `store_new` did not store, in a transaction that locks the submission."""
    try:
        with transaction.atomic(durable=True), waiting_at_most(LOCK_TIMEOUT, InstanceBusy):
            version = _version(upload)
            if version is None or bytes(version.sha256) != upload.sha256:
                accepted = accepted_version(upload.sha256)
                if accepted is not None:
                    return add_later(upload.files, accepted, upload.received_at)
            if version is not None:
                return _receive_again(upload, version)
            edition = _edition(upload.envelope)
            is_edit = upload.envelope.deprecated_id != ""
            receipt = store_edit(upload, edition) if is_edit else store_new(upload)
            return receipt or _receive_again(upload, _version(upload))
    except IntegrityError:  # another upload with this instanceID committed meanwhile
        raise InstanceBusy from None


def _version(upload: ParsedUpload) -> SubmissionVersion | None:
    """The version that has the upload's instanceID."""
    return SubmissionVersion.objects.filter(
        form__form_id=upload.envelope.form_id, instance_id=upload.envelope.instance_id
    ).first()


def _edition(envelope: Envelope) -> FormVersion:
    """The form version that the envelope names. Raises UnknownForm, UnknownFormVersion, FormClosed."""
    edition = (
        FormVersion.objects.select_related("form")
        .filter(form__form_id=envelope.form_id, version=envelope.version)
        .first()
    )
    if edition is None:
        form_id = envelope.form_id[:250]
        if Form.objects.filter(form_id=envelope.form_id).exists():
            raise UnknownFormVersion(form_id=form_id, version=envelope.version[:250] or "—")
        raise UnknownForm(form_id=form_id)
    if edition.form.state == Form.State.CLOSED:
        raise FormClosed(form_id=envelope.form_id[:250])
    return edition


def _receive_again(upload: ParsedUpload, version: SubmissionVersion | None) -> Receipt:
    """Answer an instanceID that is stored: the same bytes are a resend, others are refused."""
    if version is None:  # the transaction that held the unique key was rolled back
        raise InstanceBusy
    check_not_erased(version)
    if bytes(version.sha256) != upload.sha256:
        raise InstanceConflict
    if not upload.files:
        return repeat_upload(version)
    return add_later(upload.files, version, upload.received_at)


def repeat_upload(version: SubmissionVersion) -> Receipt:
    """Answer the same bytes again, as after a lost response: nothing changes."""
    return Receipt(Outcome.RESEND, version.submission_id, version.pk)


def _int8(number: int | None) -> Int8 | None:
    return None if number is None else Int8(number)
