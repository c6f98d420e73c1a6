"""Who may resolve an exception, and opening resolved ones again."""

from __future__ import annotations

from django.db.models import QuerySet

from server.accounts.access import REVIEWERS, Access
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
