"""Entries that may be the same as one that somebody looks at, with what there is to each (rules.md, Candidates)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from server.accounts.access import Access
from server.ledgers.definitions.vocabulary import ExceptionKind
from server.ledgers.identity.likeness import SHOWN, Reason
from server.ledgers.models.base import LedgerEntry
from server.ledgers.reading.entries import exceptions, in_reach
from server.ledgers.storage.duplicates import likenesses

_MOST = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that may be the same."""

    entry: UUID
    score: int
    reasons: tuple[Reason, ...]  # the weightiest first
    is_proposed: bool
    exception: int | None  # that proposes it and that nobody resolved


def candidates(access: Access, entry: LedgerEntry) -> list[Candidate]:
    """The entries of its office that are most like an entry which a selector gave, as far as the reader sees them; the likest first.

    None that office staff called another. Three queries.
    """
    family, key = entry.ledger.name, str(entry.pk)
    alike = {
        UUID(item.other if item.entry == key else item.entry): item
        for item in likenesses(family, [key], widely=True)
        if item.score >= SHOWN
    }
    seen = in_reach(access, {family: list(alike)})
    proposals = {
        row.other if row.entry == entry.pk else row.entry: row.pk
        for row in exceptions(access).filter(
            kind=ExceptionKind.POSSIBLE_DUPLICATE,
            family=family,
            resolved_at=None,
            entry__in=[entry.pk, *seen],
            other__in=[entry.pk, *seen],
        )
        if entry.pk in (row.entry, row.other)
    }
    return [
        Candidate(other, item.score, item.reasons, item.is_proposed, proposals.get(other))
        for other, item in alike.items()
        if other in seen
    ][:_MOST]
