"""Keeping the links between offices in step with identity keys and desk acts, and moves in step with both (decision 0251)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import Any

from server.core import clock
from server.ledgers.definitions.contribution import DESK, Contribution
from server.ledgers.definitions.vocabulary import Family, Level, PersonStatus
from server.ledgers.folding.derive.rules import rules
from server.ledgers.folding.rosters import MOVED_AWAY
from server.ledgers.identity.links import LinkAct, LinkStatus, link_uuid, side_uuid, status_of
from server.ledgers.storage.links import (
    KnownAt,
    acts_on_links,
    entries_of_identities,
    linked_identities,
    put_links,
)

_AT_ONCE = 5_000


def silence_days(office: str, day: date) -> int:
    """After how many days an office's silence agrees to a move."""
    return rules().number("move_silence_days", office, day)


def reconcile_links(identities: Iterable[str], as_of: date) -> int:
    """Make the stored links of these identities what keys and acts say; how many rows that changes.

    In the caller's transaction, under the merge lock.
    """
    wanted = sorted(identities)
    changed = 0
    for start in range(0, len(wanted), _AT_ONCE):
        batch = wanted[start : start + _AT_ONCE]
        pairs = _pairs(entries_of_identities(batch))
        acts = acts_on_links(pairs) if pairs else {}
        rows = [
            row
            for link, (first, second) in pairs.items()
            for row in _sides(
                link, first, second, status_of(acts.get(link, ()), as_of, silence_days)
            )
        ]
        changed += put_links(batch, rows, clock.now())
    return changed


def reconcile_every_link(as_of: date) -> int:
    """The same for every identity that several offices know or that a stored link has."""
    return reconcile_links(linked_identities(), as_of)


def _pairs(known: Iterable[KnownAt]) -> dict[str, tuple[KnownAt, KnownAt]]:
    """Link → what it links, of entries in the order of their offices."""
    by_identity: dict[str, list[KnownAt]] = defaultdict(list)
    for item in known:
        by_identity[item.identity].append(item)
    return {
        link_uuid(identity, first.office, second.office): (first, second)
        for identity, offices in by_identity.items()
        for first, second in combinations(offices, 2)
        if first.office != second.office and first.entry != second.entry
    }


def _sides(
    link: str, first: KnownAt, second: KnownAt, status: LinkStatus
) -> Iterable[dict[str, Any]]:
    asked = status.asked
    for own, other in ((first, second), (second, first)):
        yield {
            "id": side_uuid(link, own.office),
            "link": link,
            "family": own.family,
            "kind": own.identity.partition(":")[0],
            "identity": own.identity,
            "area_code": own.office,
            "other_office": other.office,
            "entry": own.entry,
            "other_entry": other.entry,
            "state": status.state,
            "moved_to": status.moved_to,
            "asked": asked.act.kind if asked else "",
            "asked_by": asked.act.office if asked else "",
            "agreed_on": asked.agreed_on if asked else None,
            "awaits_us": bool(asked and asked.act.office != own.office),
            "needs_county": bool(asked and asked.act.needs_county),
        }


def contributions_of_moves(
    acts: Mapping[str, Sequence[LinkAct]], families: Mapping[str, str], as_of: date
) -> list[Contribution]:
    """What agreed moves contribute: the person has left the office that gave the row away; link → acts, link → family.

    An employer's row has no such state, so a move of one contributes nothing.
    """
    contributions = []
    for link, of_link in acts.items():
        move = status_of(of_link, as_of, silence_days).move
        if move is None or families[link] != Family.PERSON:
            continue
        contributions.append(
            Contribution(
                id=-move.act,
                family=Family.PERSON,
                keys=(move.entry,),
                submission_id=None,
                form_version_id=None,
                path="",
                observed_at=move.at,
                received_at=move.at,
                instance_id=f"{DESK}{move.act}",
                worker_id=move.user_id,
                level=Level.REVIEWED,
                area_code="",
                values={"person_status": PersonStatus.MOVED_OUT, MOVED_AWAY: True},
            )
        )
    return contributions
