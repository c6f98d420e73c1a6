"""Reads of the quarantine; nobody sees more than their areas."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, QuerySet

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.quarantine.models import Quarantined, QuarantineRefusal
from server.quarantine.problems import UnknownQuarantined


def quarantined(access: Access) -> QuerySet[Quarantined]:
    """What could not be taken from senders of the user's desk, newest first; without the documents."""
    return (
        Quarantined.objects.filter(access.within("area", REVIEWERS))
        .select_related("submitter", "field_account", "resolved_by")
        .defer("document")
    )


def quarantined_item(access: Access, number: int) -> Quarantined:
    """One of them with its document. Raises UnknownQuarantined."""
    found = quarantined(access).defer(None).filter(pk=number).first()
    if found is None:
        raise UnknownQuarantined(number=number)
    return found


def refusals(access: Access) -> QuerySet[QuarantineRefusal]:
    """What limits kept out of the quarantine, by day and phone, newest first."""
    return QuarantineRefusal.objects.filter(access.within("area", REVIEWERS)).select_related(
        "submitter"
    )


def count_refused(people: Iterable[User]) -> None:
    """Give each phone that is let in `n_refused`: records set aside, which it still holds.

    A phone keeps what was refused, and sends it again until it is taken. What came with a
    password or a code that has ended counts for the person. One query.
    """
    people = list(people)
    waiting = Quarantined.objects.filter(submitter__in=people, resolved_at=None).order_by()
    rows = waiting.values_list("submitter", "field_account").annotate(count=Count("pk"))
    counts = {(user_id, account_id): count for user_id, account_id, count in rows}
    for person in people:
        for account in person.field_accounts.all():
            if account.revoked_at is None:
                found = counts.pop((person.pk, account.pk), 0)
                account.n_refused = found  # type: ignore[attr-defined]
        rest = [count for (user_id, _account), count in counts.items() if user_id == person.pk]
        person.n_refused = sum(rest)  # type: ignore[attr-defined]
