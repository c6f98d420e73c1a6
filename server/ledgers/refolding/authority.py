"""Judging the entries that a submission names by uuid, before anything of it is merged (security.md, Authority on writes)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from server.accounts.authority import Outside
from server.core import clock
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.entity_lists.claims import Claim
from server.ledgers.intake.contribute import Contributed, Source
from server.ledgers.refolding.offices import office_of
from server.ledgers.storage.areas import areas_of
from server.submissions.judging import judge
from server.submissions.services.holding import areas_to_judge, hold, let_count


def judge_entries(
    read: Sequence[tuple[Source, Contributed]],
    claims: Iterable[Claim],
    before: Iterable[Contribution],
) -> set[int]:
    """Hold the versions that name an entry outside their sender's areas; the submissions that are held.

    `read` is what would be merged, in the order of receipt, `claims` the entity blocks of it,
    `before` the contributions that it would replace: taking something away from another area's
    entry changes it, too. An entry that nobody made before is the first claimant's. Under the
    merge lock.
    """
    considered = areas_to_judge([source.version_id for source, _record in read])
    if not considered:
        return set()
    named: dict[int, _Named] = {}
    for source, record in read:
        if source.version_id in considered and record.is_readable:
            freely, numbered = _replaced(source, before)
            named[source.version_id] = _Named(
                record.named | _claimed(source, claims) | freely, record.recognised | numbered
            )
    known = areas_of(key for names in named.values() for key in names.freely | names.recognised)
    held: dict[int, Outside] = {}
    areas: dict[int, tuple[str, ...]] = {}
    submissions: set[int] = set()
    for source, record in read:
        names = named.get(source.version_id)
        if names is None:
            continue
        office = office_of(source.area_code)
        places = [area for key in names.freely for area in known.get(key, ())]
        places += [
            area
            for key in names.recognised
            for area in known.get(key, ())
            if office_of(area) != office
        ]
        visited_at = source.observed_at or source.version_received_at
        outside, areas[source.version_id] = judge(
            considered[source.version_id],
            clock.office_day(visited_at),
            entries=places,
            stands_at=source.area_code,
        )
        if outside is None:
            for key in record.named:
                known.setdefault(key, {source.area_code})
        else:
            held[source.version_id] = outside
            submissions.add(source.submission_id)
    counting = {version: areas[version] for version in named if version not in held}
    let_count(counting, at=clock.now())
    if held:
        hold(held, areas, at=clock.now())
    return submissions


class _Named(NamedTuple):
    """How a version names entries."""

    freely: set[str]  # whose entry it is, the sender must be allowed to change
    recognised: set[str]  # its own office's entries, unless two offices agreed on one


def _claimed(source: Source, claims: Iterable[Claim]) -> set[str]:
    return {
        str(claim.block.entity)
        for claim in claims
        if claim.source.version_id == source.version_id and claim.block.entity is not None
    }


def _replaced(source: Source, before: Iterable[Contribution]) -> tuple[set[str], set[str]]:
    """The entries of the contributions that the version replaces: those named freely, and those recognised by a number."""
    own = [item for item in before if item.submission_id == source.submission_id]
    numbered = {
        item.id for item in own if DEFINITIONS[item.family].strong_keys & item.values.keys()
    }
    if any(item.family == Family.EMPLOYER for item in own if item.id in numbered):
        numbered |= {item.id for item in own if item.family == Family.VACANCY}
    return (
        {item.entry for item in own if item.id not in numbered},
        {item.entry for item in own if item.id in numbered},
    )
