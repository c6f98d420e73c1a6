"""Removes what office staff decided about a person whose records were erased (decision 0286)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from server.core.clock import office_day
from server.ledgers.definitions.ledgers import LEDGERS
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
from server.ledgers.storage.about_person import Keys
from server.ledgers.storage.contributions import contributions_with_ids
from server.ledgers.storage.desk_acts import contribution_id_of_act
from server.ledgers.storage.locks import take_merge_lock


def forget_withdrawn(submissions: Collection[int]) -> None:
    """Forget by which keys submissions, of which something was erased, were in the ledgers before."""
    WithdrawnKey.objects.filter(submission__in=submissions).delete()


def forget_person(person: UUID, about: Keys, *, at: datetime) -> None:
    """Delete the desk acts about a person, with their values and reasons, and the person's exceptions, keys and links.

    `about` (storage.about_person, read before the records were erased) adds the acts on the
    person's offers, certificates and other entries. An entry leaves its ledger unless another
    record contributes to it. Takes the merge lock. Part of the caller's transaction.
    """
    take_merge_lock()
    is_about = Q(entry=person, family=Family.PERSON) | Q(other=person, family=Family.PERSON)
    for family, keys in about.items():
        is_about |= Q(family=family) & (Q(entry__in=keys) | Q(other__in=keys))
    names = [str(key) for key in about.get(Family.PERSON, ())]
    acts = DeskAct.objects.filter(is_about | Q(links__person__in=names))
    contributions = contributions_with_ids(contribution_id_of_act(act) for act in acts)
    replace_contributions(contributions, [], office_day(at))
    acts.delete()
    LedgerException.objects.filter(Q(entry=person) | Q(other=person), family=Family.PERSON).delete()
    for family, keys in about.items():
        left = LEDGERS[family]._default_manager.filter(pk__in=keys).values("pk")
        LedgerException.objects.filter(family=family, entry__in=keys).exclude(
            entry__in=left
        ).delete()
    own = IdentityKey.objects.filter(family=Family.PERSON, entry=person)
    KeptKey.objects.filter(key__in=own.values("key")).delete()
    WithdrawnKey.objects.filter(key__in=own.values("key")).delete()
    own.delete()
    EntryLink.objects.filter(Q(entry=person) | Q(other_entry=person), family=Family.PERSON).delete()
