"""What becomes of a quarantined document: accepted, dismissed, or the dismissal taken back (decision 0130)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core.problems import ReasonMissing
from server.core.row_security import Crossing, across_areas
from server.quarantine.models import Quarantined, Reopening
from server.quarantine.problems import AlreadyResolved
from server.submissions.problems import MayNotReview
from server.submissions.services.accepting import note_accepted
from server.submissions.services.holding import dismiss_held, reopen_held


def check_open(item: Quarantined, access: Access | None) -> None:
    """Check that this person (None: the programme itself) may decide about the item, and that nobody has.

    Raises MayNotReview, AlreadyResolved.
    """
    _check_role(item, access)
    if item.resolved_at is not None:
        raise AlreadyResolved


@transaction.atomic
def mark_accepted(item: Quarantined, *, version_id: int, user: User | None, at: datetime) -> None:
    """Record as which version the item was accepted, so that its phone is answered as received before."""
    if _resolve(item, user=user, at=at, version_id=version_id):
        row = Quarantined.objects.only("sha256", "instance_id").get(pk=item.pk)
        note_accepted(sha256=bytes(row.sha256), instance_id=row.instance_id, version_id=version_id)
        record_about(Act.QUARANTINE_REPLAYED, item, user, version=version_id)


@across_areas(Crossing.QUARANTINE)
@transaction.atomic
def dismiss(*, item: Quarantined, reason: str, user: User, access: Access, at: datetime) -> None:
    """Decide that the item is not accepted, as when the first of two contents is right. The copy stays.

    Raises MayNotReview, AlreadyResolved, ReasonMissing.
    """
    check_open(item, access)
    reason = reason_in(reason)
    if item.verdict is not None:
        dismiss_held(verdict=item.verdict, user=user, access=access, at=at)
    if _resolve(item, user=user, at=at, note=reason):
        record_about(Act.QUARANTINE_DISMISSED, item, user, reason=reason)


@across_areas(Crossing.QUARANTINE)
@transaction.atomic
def reopen(*, item: Quarantined, reason: str, user: User, access: Access, at: datetime) -> None:
    """Take a dismissal back, so that the item waits for a decision again; a Reopening keeps who had dismissed it and why.

    An item that waits already stays as it is. Locks the item. Raises MayNotReview,
    ReasonMissing, and AlreadyResolved for one that was accepted: that is a record by now.
    """
    _check_role(item, access)
    reason = reason_in(reason)
    locked = Quarantined.objects.select_for_update().defer("document").get(pk=item.pk)
    if locked.is_accepted:
        raise AlreadyResolved
    if locked.resolved_at is None or locked.resolved_by is None:
        return
    if locked.verdict is not None:
        reopen_held(verdict=locked.verdict, access=access)
    Reopening.objects.create(
        item=locked,
        dismissed_at=locked.resolved_at,
        dismissed_by=locked.resolved_by,
        dismissed_note=locked.resolved_note,
        reason=reason,
        user=user,
        at=at,
    )
    locked.resolved_at, locked.resolved_by, locked.resolved_note = None, None, ""
    locked.save(update_fields=["resolved_at", "resolved_by", "resolved_note"])
    record_about(Act.QUARANTINE_REOPENED, locked, user, reason=reason)


def record_about(
    act: Act, item: Quarantined, user: User | None, *, reason: str = "", **facts: object
) -> None:
    """Record an act about a quarantined item; `user` None is a command or the programme itself."""
    record(
        act,
        actor=user,
        object_type="quarantine",
        object_id=item.pk,
        area=item.area,
        reason=reason,
        facts=facts,
    )


def reason_in(text: str) -> str:
    """The reason that a person gave, without blanks around it. Raises ReasonMissing."""
    if not text.strip():
        raise ReasonMissing
    return text.strip()


def _resolve(
    item: Quarantined,
    *,
    user: User | None,
    at: datetime,
    version_id: int | None = None,
    note: str = "",
) -> bool:
    """Write the resolution, unless another request wrote one before; whether it was written."""
    n_updated = Quarantined.objects.filter(pk=item.pk, resolved_at=None).update(
        resolved_at=at, resolved_by=user, accepted_as=version_id, resolved_note=note
    )
    return n_updated > 0


def _check_role(item: Quarantined, access: Access | None) -> None:
    if access is not None and not access.may(REVIEWERS, item.area):
        raise MayNotReview
