"""The links between a reader's entries and other offices', and counting each identity only once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from server.accounts.access import Access
from server.ledgers.definitions.vocabulary import LinkState
from server.ledgers.models import DeskAct, EntryLink


def links(access: Access) -> QuerySet[EntryLink]:
    """The sides of links that belong to offices of the reader's areas.

    Somebody of one community reads none of them here: the office is the street (`links_on`).
    """
    return EntryLink.objects.filter(access.within())


def links_on(family: str, entry: UUID) -> QuerySet[EntryLink]:
    """The links of an entry that the reader has been found to see, this office's side alone."""
    return EntryLink.objects.filter(family=family, entry=entry)


def acts_on_link(access: Access, link: EntryLink) -> QuerySet[DeskAct]:
    """What the desk of this side stated about a link, the latest first; nothing of the other desk's."""
    return DeskAct.objects.filter(
        access.within(), link=link.link, area_code=link.area_code
    ).order_by("-at", "-id")


def counted_once(rows: QuerySet[Any], access: Access) -> QuerySet[Any]:
    """The rows of persons or employers without those whose identity another row in the reader's areas counts for.

    Of rows that moved the receiving office's counts, of others the one with the smaller uuid. Within
    one office each identity has one row. Desks that say "different" are counted apart.
    """
    elsewhere = EntryLink.objects.filter(
        access.within("other_office"), entry=OuterRef("pk")
    ).exclude(state=LinkState.DIFFERENT)
    counts_instead = Q(state=LinkState.MOVED, moved_to=F("other_office")) | (
        ~Q(state=LinkState.MOVED) & Q(other_entry__lt=OuterRef("pk"))
    )
    return rows.filter(~Exists(elsewhere.filter(counts_instead)))
