"""One upload, from bytes to an acknowledged record (design §5; api_docs/decisions/0040, 0042).

An upload is exactly one of: a new record, the same bytes again, more files for a record
that is here, an edit of one, or something that cannot be taken, which is quarantined.
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
    UnknownForm,
    UnknownFormVersion,
)
from server.submissions.services.arriving import Arrival, Outcome, Receipt, Sender
from server.submissions.services.attaching import add_later
from server.submissions.services.editing import store_edit
from server.submissions.services.files import IncomingFile, as_json, column, keep
from server.submissions.services.quarantine import Refused, set_aside, settled_version
from server.submissions.services.queueing import QUEUE_DRAIN

MAX_DOCUMENT_MB = 20
LOCK_TIMEOUT = "10s"
"""How long an upload waits for others at the same record before the phone is asked to come again."""


def receive(
    *,
    document: bytes,
    files: Sequence[IncomingFile] = (),
    sender: Sender,
    received_at: datetime,
) -> Receipt:
    """Take one upload; what is returned is on disk and survives a power cut.

    Safe to repeat at any time and in parallel: the unique key on (form, instanceID)
    decides who is first, everybody else is answered as a resend. Files are stored before
    the row that names them. What cannot be taken is kept in the quarantine and its
    Problem raised: BadXml, NotAnInstance, NoInstanceId, InstanceIdTooLong, UnknownForm,
    UnknownFormVersion, FormClosed, InstanceConflict, OriginalNotHere, EditSuperseded,
    InstanceTooLarge. NotKept: it could not be taken, and a limit of the quarantine kept it
    out, too. InstanceBusy asks to come again. What was settled out of the quarantine is
    answered as received before.
    """
    kept = keep(files) if files else ()
    sha256 = hashlib.sha256(document).digest()
    envelope = None
    try:
        if len(document) > MAX_DOCUMENT_MB * 1024 * 1024:
            raise InstanceTooLarge(limit_mb=MAX_DOCUMENT_MB)
        envelope = envelopes.parse(document)
        first = sender.first_received(envelope, received_at) or received_at
        arrival = Arrival(document, sha256, sender, first, envelope, kept)
        return take(arrival)
    except InstanceBusy:
        raise
    except Problem as problem:
        refused = Refused(problem, document, sha256, kept, envelope, sender, received_at)
        settled = settled_version(sha256)
        if settled is not None:
            with transaction.atomic():
                return add_later(kept, settled, received_at)
        set_aside(refused)
        raise


def take(arrival: Arrival) -> Receipt:
    """Take a record as data, whether it comes from a phone or out of the quarantine.

    Raises what `receive` raises, and keeps nothing of what it refuses.
    """
    if not arrival.envelope.deprecated_id:
        receipt = store_new(arrival)
        if receipt is not None:
            return receipt
    return _settle(arrival)


_STORE_NEW = f"""
with version as (
    insert into submissions_submissionversion
           (submission_id, form_id, form_version_id, instance_id, deprecated_id, sha256, document,
            size, received_at, field_account_id, submitter_id, device_id, user_agent)
    select nextval('submissions_submission_id_seq'), form.id, edition.id, %(instance_id)s, '',
           %(sha256)s, %(document)s, %(size)s, %(received_at)s, %(field_account_id)s::bigint,
           %(submitter_id)s, %(device_id)s, %(user_agent)s
      from forms_form form
      join forms_formversion edition on edition.form_id = form.id and edition.version = %(version)s
     where form.form_id = %(form_id)s and form.state <> '{Form.State.CLOSED}'
       and not exists (select from submissions_quarantined settled
                        where settled.sha256 = %(sha256)s and settled.taken_as_id is not null)
    on conflict (form_id, instance_id) do nothing
    returning id, submission_id, form_id
), submission as (
    insert into submissions_submission
           (id, form_id, instance_id, current_version_id, review_state, submitter_id, received_at,
            area_code, title, located_area, flags)
    select submission_id, form_id, %(instance_id)s, id, '{ReviewState.RECEIVED}', %(submitter_id)s,
           %(received_at)s, '', '', '', '[]'
      from version
), attachment as (
    insert into submissions_attachment
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
"""Everything a new record needs, in one statement that commits by itself.

Rows come only out of `version`, so that a known instanceID, an unknown form or a closed
one, and bytes that a person took already as something else, leave nothing at all. Two copies at once: the second waits for the first's commit on
the unique key, then finds nothing to do.
"""


def store_new(arrival: Arrival) -> Receipt | None:
    """Store a record never seen before; None when there is more to it."""
    envelope, sender = arrival.envelope, arrival.sender
    row = run(
        _STORE_NEW,
        {
            "form_id": envelope.form_id,
            "version": envelope.version,
            "instance_id": envelope.instance_id,
            "sha256": arrival.sha256,
            "document": seal_document(arrival.document),
            "size": Int8(len(arrival.document)),
            "received_at": arrival.received_at,
            "field_account_id": _int8(sender.field_account_id),
            "submitter_id": Int8(sender.user_id),
            "device_id": column(sender.device_id),
            "user_agent": column(sender.user_agent),
            "files": as_json(arrival.files) if arrival.files else "[]",
        },
    )
    return None if row is None else Receipt(Outcome.NEW, *row)


def _settle(arrival: Arrival) -> Receipt:
    """Everything that is not plainly new, in a transaction that locks the record."""
    try:
        with transaction.atomic(durable=True), waiting_at_most(LOCK_TIMEOUT, InstanceBusy):
            known = _known(arrival)
            if known is None or bytes(known.sha256) != arrival.sha256:
                settled = settled_version(arrival.sha256)
                if settled is not None:
                    return add_later(arrival.files, settled, arrival.received_at)
            if known is not None:
                return _receive_again(arrival, known)
            edition = _edition(arrival.envelope)
            is_edit = arrival.envelope.deprecated_id != ""
            receipt = store_edit(arrival, edition) if is_edit else store_new(arrival)
            return receipt or _receive_again(arrival, _known(arrival))
    except IntegrityError:  # the same instanceID arrived this moment as something else
        raise InstanceBusy from None


def _known(arrival: Arrival) -> SubmissionVersion | None:
    return SubmissionVersion.objects.filter(
        form__form_id=arrival.envelope.form_id, instance_id=arrival.envelope.instance_id
    ).first()


def _edition(envelope: Envelope) -> FormVersion:
    """The version of a form that still takes records. Raises what is wrong with it."""
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


def _receive_again(arrival: Arrival, known: SubmissionVersion | None) -> Receipt:
    """An instanceID that is here: the same bytes are a resend, others are refused."""
    if known is None:  # vanished between two reads: only a transaction that rolled back does that
        raise InstanceBusy
    if bytes(known.sha256) != arrival.sha256:
        raise InstanceConflict
    if not arrival.files:
        return repeat_upload(known)
    return add_later(arrival.files, known, arrival.received_at)


def repeat_upload(known: SubmissionVersion) -> Receipt:
    """The same record again, as after a lost answer: nothing changes."""
    return Receipt(Outcome.RESEND, known.submission_id, known.pk)


def _int8(number: int | None) -> Int8 | None:
    return None if number is None else Int8(number)
