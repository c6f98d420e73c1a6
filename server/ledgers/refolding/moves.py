"""Bringing links and ledgers in step with what desks state about links, and with the days on which silence agrees."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import F

from server.audit.models import Act
from server.audit.services import record
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.vocabulary import LinkState
from server.ledgers.models import DeskAct, EntryLink
from server.ledgers.refolding.links import contributions_of_moves, reconcile_links
from server.ledgers.refolding.refold import replace_contributions
from server.ledgers.storage.contributions import contributions_with_ids
from server.ledgers.storage.links import acts_on_links, identities_of_links, links_due
from server.ledgers.storage.locks import take_merge_lock


def settle_links(links: Iterable[str], as_of: date) -> None:
    """Make the stored links and the rows that moves concern what the acts on these links say.

    In the caller's transaction, under the merge lock.
    """
    wanted = list(links)
    reconcile_links(identities_of_links(wanted), as_of)
    acts = [act.id for of_link in acts_on_links(wanted).values() for act in of_link]
    replace_contributions(
        contributions_with_ids(-act for act in acts), moves_of_links(wanted, as_of), as_of
    )


def moves_of_links(links: Iterable[str], as_of: date) -> list[Contribution]:
    """What the agreed moves among these links contribute."""
    wanted = list(links)
    families = dict(
        DeskAct.objects.filter(link__in=wanted).order_by().values_list("link", "family").distinct()
    )
    return contributions_of_moves(
        acts_on_links(wanted), {str(link): family for link, family in families.items()}, as_of
    )


@transaction.atomic
def settle_due_links(*, as_of: date) -> int:
    """Complete and record the moves to which silence has agreed by this day; how many. Takes the merge lock."""
    take_merge_lock()
    due = links_due(as_of)
    if due:
        settle_links(due, as_of)
    gave_away = EntryLink.objects.filter(link__in=due, state=LinkState.MOVED).exclude(
        moved_to=F("area_code")
    )
    for side in gave_away.order_by("pk"):
        record(
            Act.DESK_ACT,
            actor=None,
            object_type=side.family,
            object_id=side.entry,
            area=side.area_code,
            facts={"kind": "silence", "link": str(side.pk)},
        )
    return len(due)
