"""What becomes of a quarantined document: taken, dismissed, or the dismissal taken back (decision 0130)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.core.problems import ReasonMissing
from server.submissions.models import Quarantined, Reopening
from server.submissions.problems import MayNotReview, QuarantineSettled


def check(item: Quarantined, access: Access | None) -> None:
    """That this person (None: the programme itself) may decide, and that it is undecided.

    Raises MayNotReview, QuarantineSettled.
    """
    _check_role(item, access)
    if item.settled_at is not None:
        raise QuarantineSettled


def settle(
    item: Quarantined,
    *,
    user: User | None,
    at: datetime,
    taken_as: int | None = None,
    note: str = "",
) -> None:
    """Write down what became of it; who was first stays."""
    Quarantined.objects.filter(pk=item.pk, settled_at=None).update(
        settled_at=at, settled_by=user, taken_as=taken_as, settled_note=note
    )


def dismiss(*, item: Quarantined, reason: str, user: User, access: Access, at: datetime) -> None:
    """Decide that it is not taken, as when the first of two contents is right. It stays to be seen.

    Raises MayNotReview, QuarantineSettled, ReasonMissing.
    """
    check(item, access)
    settle(item, user=user, at=at, note=given(reason))


@transaction.atomic
def reopen(*, item: Quarantined, reason: str, user: User, access: Access, at: datetime) -> None:
    """Take a dismissal back: it waits for a decision again. Who had dismissed it and why stays told.

    What waits already, waits. Locks the item. Raises MayNotReview, ReasonMissing, and
    QuarantineSettled for what was taken: that is a record by now.
    """
    _check_role(item, access)
    told = given(reason)
    locked = Quarantined.objects.select_for_update().defer("document").get(pk=item.pk)
    if locked.is_taken:
        raise QuarantineSettled
    if locked.settled_at is None or locked.settled_by is None:
        return
    Reopening.objects.create(
        item=locked,
        dismissed_at=locked.settled_at,
        dismissed_by=locked.settled_by,
        dismissed_note=locked.settled_note,
        reason=told,
        user=user,
        at=at,
    )
    locked.settled_at, locked.settled_by, locked.settled_note = None, None, ""
    locked.save(update_fields=["settled_at", "settled_by", "settled_note"])


def given(reason: str) -> str:
    """The reason a person gave. Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()


def _check_role(item: Quarantined, access: Access | None) -> None:
    if access is not None and not access.may(REVIEWERS, item.area):
        raise MayNotReview
