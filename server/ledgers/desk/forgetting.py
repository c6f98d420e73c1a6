"""Removes what office staff decided about a person whose records were erased (decision 0286)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from server.core.clock import office_day
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.models import (
    DeskAct,
    EntryLink,
    IdentityKey,
    KeptKey,
    LedgerException,
    WithdrawnKey,
)
from server.ledgers.refolding.refold import replace_contributions
from server.ledgers.storage.contributions import contributions_with_ids
from server.ledgers.storage.desk_acts import contribution_id_of_act
from server.ledgers.storage.locks import take_merge_lock


def forget_withdrawn(submissions: Collection[int]) -> None:
    """Forget by which keys submissions, of which something was erased, were in the ledgers before."""
    WithdrawnKey.objects.filter(submission__in=submissions).delete()


def forget_person(person: UUID, *, at: datetime) -> None:
    """Delete the desk acts about a person, with their values and reasons, and the person's exceptions, keys and links.

    The entry leaves the ledger unless another record contributes to it. Takes the merge
    lock. Part of the caller's transaction.
    """
    take_merge_lock()
    acts = DeskAct.objects.filter(Q(entry=person) | Q(other=person), family=Family.PERSON)
    contributions = contributions_with_ids(contribution_id_of_act(act) for act in acts)
    replace_contributions(contributions, [], office_day(at))
    acts.delete()
    LedgerException.objects.filter(Q(entry=person) | Q(other=person), family=Family.PERSON).delete()
    keys = IdentityKey.objects.filter(family=Family.PERSON, entry=person)
    KeptKey.objects.filter(key__in=keys.values("key")).delete()
    WithdrawnKey.objects.filter(key__in=keys.values("key")).delete()
    keys.delete()
    EntryLink.objects.filter(Q(entry=person) | Q(other_entry=person), family=Family.PERSON).delete()
