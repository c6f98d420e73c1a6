"""Resolving exceptions."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.ledgers.definitions.resolutions import Resolution
from server.ledgers.models import LedgerException
from server.ledgers.problems import ActReasonMissing, AlreadyDone, NotYours


def open_to(exception: LedgerException, note: str, access: Access) -> LedgerException:
    """The exception, locked, for somebody who resolves it. Raises ActReasonMissing, NotYours, AlreadyDone."""
    if not note.strip():
        raise ActReasonMissing
    locked = LedgerException.objects.select_for_update().filter(pk=exception.pk).first()
    if locked is None:  # its cause is gone
        raise AlreadyDone
    if not access.may(REVIEWERS, locked.area_code):
        raise NotYours
    if locked.resolved_at is not None:
        raise AlreadyDone
    return locked


def reopen(rows: QuerySet[LedgerException]) -> None:
    """Take the resolution of these exceptions back; the next fold of their entries lets go of those without a cause."""
    rows.update(
        resolved_at=None, resolved_by=None, resolution="", resolved_as="", act=None, decision=None
    )


@transaction.atomic
def resolve_exception(
    *, exception: LedgerException, note: str, user: User, access: Access, at: datetime
) -> LedgerException:
    """Resolve an exception with a note; the same cause does not open it again.

    Locks the exception's row. Raises AlreadyDone, NotYours, ActReasonMissing.
    """
    exception = open_to(exception, note, access)
    exception.resolved_at, exception.resolved_by_id = at, user.pk
    exception.resolution, exception.resolved_as = note.strip(), Resolution.NOTE
    exception.save(update_fields=["resolved_at", "resolved_by", "resolution", "resolved_as"])
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
