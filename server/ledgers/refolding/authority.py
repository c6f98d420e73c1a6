"""Judging the entries that a submission names by uuid, before anything of it is merged (security.md, Authority on writes)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from server.accounts.authority import Outside, may_contribute
from server.core import clock
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.definitions.vocabulary import Family, Ledger
from server.ledgers.entity_lists.claims import Claim
from server.ledgers.intake.contribute import Contributed, Source
from server.ledgers.storage.areas import areas_of
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
    areas = areas_to_judge([source.version_id for source, _record in read])
    if not areas:
        return set()
    named = {
        source.version_id: record.named | _claimed(source, claims) | _replaced(source, before)
        for source, record in read
        if source.version_id in areas and record.is_readable
    }
    known = areas_of(key for keys in named.values() for key in keys)
    held: dict[int, Outside] = {}
    submissions: set[int] = set()
    for source, record in read:
        keys = named.get(source.version_id)
        if keys is None:
            continue
        places = [area for key in keys for area in known.get(key, ())]
        outside = may_contribute(areas[source.version_id], entries=places)
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


def _claimed(source: Source, claims: Iterable[Claim]) -> set[str]:
    return {
        str(claim.block.entity)
        for claim in claims
        if claim.source.version_id == source.version_id and claim.block.entity is not None
    }


def _replaced(source: Source, before: Iterable[Contribution]) -> set[str]:
    """The entries of the contributions that the version replaces, but for those recognised by a number (RECOGNISED)."""
    own = [item for item in before if item.submission_id == source.submission_id]
    numbered = {
        item.id for item in own if DEFINITIONS[Ledger(item.family)].strong_keys & item.values.keys()
    }
    has_known_employer = any(item.family == Family.EMPLOYER for item in own if item.id in numbered)
    return {
        item.entry
        for item in own
        if item.id not in numbered and not (item.family == Family.VACANCY and has_known_employer)
    }
