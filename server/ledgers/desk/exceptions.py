"""Resolving exceptions."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.ledgers.models import LedgerException
from server.ledgers.problems import ActReasonMissing, AlreadyDone, NotYours


@transaction.atomic
def resolve_exception(
    *, exception: LedgerException, note: str, user: User, access: Access, at: datetime
) -> LedgerException:
    """Resolve an exception with a note; the same cause does not open it again.

    Locks the exception's row. Raises AlreadyDone, NotYours, ActReasonMissing.
    """
    if not note.strip():
        raise ActReasonMissing
    exception = LedgerException.objects.select_for_update().get(pk=exception.pk)
    if not access.may(REVIEWERS, exception.area_code):
        raise NotYours
    if exception.resolved_at is not None:
        raise AlreadyDone
    exception.resolved_at, exception.resolved_by_id = at, user.pk
    exception.resolution = note.strip()
    exception.save(update_fields=["resolved_at", "resolved_by", "resolution"])
    record(
        Act.EXCEPTION_RESOLVED,
        actor=access,
        object_type=exception.family,
        object_id=exception.entry,
        area=exception.area_code,
        reason=note,
        facts={"exception": exception.pk, "kind": exception.kind},
    )
    return exception
