"""Closing exceptions."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.ledgers.models import LedgerException
from server.ledgers.problems import AlreadyDone, NotYours, ReasonMissing


@transaction.atomic
def resolve_exception(
    *, exception: LedgerException, note: str, user: User, access: Access, at: datetime
) -> LedgerException:
    """Settle an exception with a word of reason; the same cause does not raise it again. Raises AlreadyDone, NotYours, ReasonMissing."""
    if not note.strip():
        raise ReasonMissing
    found = LedgerException.objects.select_for_update().get(pk=exception.pk)
    if not access.may(REVIEWERS, found.area_code):
        raise NotYours
    if found.resolved_at is not None:
        raise AlreadyDone
    found.resolved_at, found.resolved_by_id = at, user.pk
    found.resolution = note.strip()
    found.save(update_fields=["resolved_at", "resolved_by", "resolution"])
    return found
