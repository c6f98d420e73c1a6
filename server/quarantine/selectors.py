"""Reads of the quarantine; access limits them to the user's areas."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, QuerySet

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.quarantine.models import ELSEWHERE, Quarantined, QuarantineRefusal
from server.quarantine.problems import UnknownQuarantined


def quarantined(access: Access) -> QuerySet[Quarantined]:
    """The items from senders of the areas that the user reviews, newest first; without the documents."""
    return (
        Quarantined.objects.filter(access.within("area", REVIEWERS))
        .select_related("submitter", "field_account", "resolved_by")
        .defer("document")
    )


def waiting_elsewhere(access: Access) -> QuerySet[Quarantined]:
    """The open items from senders of the areas that the user reviews that another office decides about, newest first.

    The sender's office is told their number, reason and time of receipt, and nothing of what they say.
    """
    mine = access.within("sender_area", REVIEWERS)
    decided_here = access.within("area", REVIEWERS)
    return (
        Quarantined.objects.filter(mine, reason__in=ELSEWHERE, resolved_at=None)
        .exclude(decided_here)
        .only("pk", "reason", "received_at")
    )


def quarantined_item(access: Access, number: int) -> Quarantined:
    """One item with its document. Raises UnknownQuarantined."""
    item = quarantined(access).defer(None).filter(pk=number).first()
    if item is None:
        raise UnknownQuarantined(number=number)
    return item


def refusals(access: Access) -> QuerySet[QuarantineRefusal]:
    """What limits kept out of the quarantine, by day and phone, newest first."""
    return QuarantineRefusal.objects.filter(access.within("area", REVIEWERS)).select_related(
        "submitter"
    )


def count_refused(people: Iterable[User]) -> None:
    """Set `n_refused` on each person and each of their active phones: open items that it sent and still holds.

    Items that were sent with a password, or from a phone whose access was revoked, count
    for the person. One query, besides the people's field accounts.
    """
    people = list(people)
    waiting = Quarantined.objects.filter(submitter__in=people, resolved_at=None).order_by()
    waiting = waiting.exclude(reason__in=ELSEWHERE)  # those phones were answered as received
    rows = waiting.values_list("submitter", "field_account").annotate(count=Count("pk"))
    counts = {(user_id, account_id): count for user_id, account_id, count in rows}
    for person in people:
        for account in person.field_accounts.all():
            if account.revoked_at is None:
                account.n_refused = counts.pop((person.pk, account.pk), 0)  # type: ignore[attr-defined]
        rest = [count for (user_id, _account), count in counts.items() if user_id == person.pk]
        person.n_refused = sum(rest)  # type: ignore[attr-defined]
