"""Repairs quarantined documents for replay; the received bytes stay beside the repair (decision 0130)."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Final

from django.db import transaction

from server.accounts.access import Access
from server.accounts.models import User
from server.audit.models import Act
from server.core.row_security import Crossing, across_areas
from server.core.sealing import seal_document
from server.forms.models import FormVersion
from server.quarantine import rewriting
from server.quarantine.models import Quarantined, Repair
from server.quarantine.problems import HeldAsReceived, NothingToCorrect
from server.quarantine.services.quarantining import named_in
from server.quarantine.services.replaying import document_to_replay
from server.quarantine.services.resolving import check_open, reason_in, record_about
from server.submissions.problems import UnknownFormVersion
from server.submissions.redacted import refuse_redacted
from server.submissions.services.accepting import original_of
from server.submissions.services.receiving import read_envelope

_IDS: Final = uuid.UUID("5d1c3a0e-6f4b-4b62-9a65-2f6f7c0a9d11")


@across_areas(Crossing.QUARANTINE)
@transaction.atomic
def repair(
    *,
    item: Quarantined,
    act: str,
    reason: str,
    user: User,
    access: Access,
    at: datetime,
    document: bytes = b"",
    form_id: str = "",
    version: str = "",
) -> Repair:
    """Store a repaired document beside the received one; `replay` accepts the last repair.

    `corrected` takes a whole `document`; `form_version` a published version (of the same
    form unless `form_id` says another); `new_instance` and `as_edit` need nothing: the new
    instanceID is computed from the received bytes, so that repeating it gives the same record.
    A held record is accepted or dismissed as it came. Locks the item. Raises MayNotReview,
    AlreadyResolved, HeldAsReceived, ReasonMissing, NothingToCorrect,
    UnknownFormVersion, AnswersLeftOut, InstanceTooLarge, BadXml, NotAnInstance, NoInstanceId, InstanceIdTooLong.
    """
    locked = Quarantined.objects.select_for_update().get(pk=item.pk)
    check_open(locked, access)
    if locked.verdict_id is not None:
        raise HeldAsReceived
    reason = reason_in(reason)
    act_ = Repair.Act(act)
    match act_:
        case Repair.Act.CORRECTED:
            repaired = _corrected(locked, document)
        case Repair.Act.FORM_VERSION:
            repaired = _retargeted(locked, form_id or locked.form_id, version)
        case _:
            repaired = _renamed(locked, act_)
    stored = Repair.objects.create(
        item=locked,
        act=act_,
        sha256=hashlib.sha256(repaired).digest(),
        document=seal_document(repaired),
        size=len(repaired),
        reason=reason,
        user=user,
        at=at,
    )
    record_about(Act.QUARANTINE_REPAIRED, locked, user, reason=reason, repair=act_.value)
    return stored


def _corrected(item: Quarantined, document: bytes) -> bytes:
    """The corrected document; its IDs are stored on the item, if the received one could not be parsed."""
    refuse_redacted(document)
    envelope = read_envelope(document)
    if not item.form_id:
        Quarantined.objects.filter(pk=item.pk).update(**named_in(envelope))
    return document


def _retargeted(item: Quarantined, form_id: str, version: str) -> bytes:
    if not FormVersion.objects.filter(form__form_id=form_id, version=version).exists():
        raise UnknownFormVersion(form_id=form_id[:250], version=version[:250] or "—")
    return rewriting.retarget(document_to_replay(item), form_id=form_id, version=version)


def _renamed(item: Quarantined, act: Repair.Act) -> bytes:
    document = document_to_replay(item)
    instance_id = f"uuid:{uuid.uuid5(_IDS, f'{bytes(item.sha256).hex()} {act.value}')}"
    if act is Repair.Act.NEW_INSTANCE:
        return rewriting.rename(document, instance_id=instance_id)
    return rewriting.rename(
        document, instance_id=instance_id, deprecated_id=_current_instance(item)
    )


def _current_instance(item: Quarantined) -> str:
    """The instanceID of the current version of the record that the item is about. Raises NothingToCorrect."""
    version = original_of(item.form_id, item.instance_id)
    version = version or original_of(item.form_id, item.deprecated_id)
    current = version and version.submission.current_version
    if current is None:
        raise NothingToCorrect
    return current.instance_id
