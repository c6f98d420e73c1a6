"""Writes of test records: what a phone sends to try a draft, and letting go of that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now

from server.core.problems import Problem
from server.core.sealing import seal_document
from server.forms.drafts_tried import draft_of_token
from server.forms.models import FormDraft
from server.submissions.envelope import Envelope
from server.submissions.problems import InstanceConflict
from server.submissions.services import IncomingFile, Outcome
from server.submissions.services.files import KeptFile, as_dict, column, completes, discard, keep
from server.submissions.services.receiving import read_envelope
from server.trials.models import TrialRecord
from server.trials.problems import DraftGone, DraftHasEnough, NotOfThisDraft

MOST_RECORDS: Final = 500
"""The test records of one draft, so that whoever has its code cannot fill the disk with them."""


def receive(
    *,
    form_id: str,
    token: str,
    document: bytes,
    files: Sequence[IncomingFile],
    device_id: str,
    received_at: datetime,
) -> Outcome:
    """Store a record that tries the draft with this token, or add files to one that was sent before.

    Safe to repeat: the same bytes again are a resend. An edit is a record of its own. Locks
    the draft, so that it cannot be replaced meanwhile. Raises DraftGone, NotOfThisDraft,
    DraftHasEnough, InstanceConflict, BadXml, NotAnInstance, NoInstanceId, InstanceIdTooLong,
    InstanceTooLarge; then nothing is kept.
    """
    envelope = read_envelope(document)
    kept = keep(files)
    try:
        with transaction.atomic(durable=True):
            draft = draft_of_token(form_id, token, FormDraft.objects.select_for_update())
            if draft is None:
                raise DraftGone
            _check_form(envelope, draft)
            sha256 = hashlib.sha256(document).digest()
            earlier = TrialRecord.objects.filter(
                draft=draft, instance_id=envelope.instance_id
            ).first()
            if earlier is not None:
                return _receive_again(earlier, sha256, kept)
            if draft.records.count() >= MOST_RECORDS:
                raise DraftHasEnough(limit=MOST_RECORDS)
            TrialRecord.objects.create(
                draft=draft,
                instance_id=envelope.instance_id,
                document=seal_document(document),
                sha256=sha256,
                files=[as_dict(file) for file in kept],
                device_id=column(device_id),
                received_at=received_at,
            )
            return Outcome.NEW
    except Problem:
        discard(kept)
        raise


def _check_form(envelope: Envelope, draft: FormDraft) -> None:
    if (envelope.form_id, envelope.version) != (draft.form_id, draft.version):
        raise NotOfThisDraft(
            form_id=envelope.form_id[:100],
            version=envelope.version[:100] or "—",
            draft_form_id=draft.form_id,
            draft_version=draft.version or "—",
        )


def _receive_again(record: TrialRecord, sha256: bytes, kept: Iterable[KeptFile]) -> Outcome:
    """Answer an instanceID that is stored: the same bytes are a resend, others are refused."""
    if bytes(record.sha256) != sha256:
        raise InstanceConflict
    held: dict[str, dict[str, Any]] = {file["name"]: file for file in record.files}
    more = {}
    for file in kept:
        earlier = held.get(file.name)
        if earlier is None or completes(file, bytes.fromhex(earlier["sha256"]), earlier["size"]):
            more[file.name] = as_dict(file)
    if not more:
        return Outcome.RESEND
    record.files = list((held | more).values())
    record.save(update_fields=["files"])
    return Outcome.ATTACHMENTS


def forget(draft: FormDraft) -> None:
    """Let go of all test records of a draft: what was answered is gone at once, the files an hour later.

    Part of the caller's transaction, which locks the draft. The act of the caller is recorded.
    """
    draft.records.update(
        draft=None, gone_at=Now(), document=b"", sha256=b"", instance_id="", device_id=""
    )
