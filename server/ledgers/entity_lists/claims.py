"""What forms claim of list entries (`meta/entity`), judged when they arrive (openrosa.md, Entities in forms; decision 0151).

A form never changes an entity by itself: its answers reach the ledgers by
`bind::ruhu:saveto`, and the fold decides. A claim is judged by whether the person who
filled in the form knew the entry's present state. Nothing is refused, and a claim is
judged once: merging the same submission version again leaves its verdicts alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from server.core.sealing import unseal_document
from server.datasets.selectors import own_lists_among
from server.forms.entity_forms import EntityForm
from server.forms.selectors import entity_forms
from server.ledgers.definitions.vocabulary import LIST_FAMILIES, ClaimVerdict, EntityList
from server.ledgers.entity_lists.lists import LISTS
from server.ledgers.entity_lists.versions import digest, raise_versions_to_branches
from server.ledgers.intake.contribute import Source
from server.ledgers.models import ListedEntity
from server.ledgers.storage.entity_claims import (
    ClaimRow,
    insert_claims,
    judged_versions,
    made_versions,
)
from server.ledgers.storage.entity_versions import EntityVersion, entity_versions
from server.ledgers.storage.identity_keys import resolved_keys
from server.submissions.entity_blocks import EntityBlock, entity_blocks

COMPUTED: Final = {
    EntityList.HOUSEHOLDS: frozenset({"label", "hh_no", "assisted", "last_visit", "due_on"}),
    EntityList.CASES: frozenset(
        {"label", "categories", "state", "last_visit", "next_due", "offers"}
    ),
    EntityList.EMPLOYERS: frozenset({"vacancies", "last_visit"}),
    EntityList.PERSONS: frozenset(
        {
            "label",
            "household",
            "building",
            "room",
            "confirmed_on",
            "offer",
            "job",
            "training",
            "course",
            "transfer",
            "floating",
            "flexible",
        }
    ),
    EntityList.VACANCIES: frozenset({"label", "employer_name", "n_left", "n_filled"}),
    EntityList.RETIREES: frozenset(
        {"label", "person", "person_name", "sex", "birth_year", "building", "room"}
    ),
}
"""Properties that no form answers: that they changed is no disagreement between people."""

Entity: TypeAlias = tuple[str, str]
"""An entity by the names a form uses: (list, uuid)."""

KnownVersions: TypeAlias = dict[Entity, EntityVersion]
"""What phones know of entities; an entity merged into another has that other's version."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One entity block of one received version, not judged yet."""

    source: Source
    ordinal: int  # in the document, from 0
    block: EntityBlock
    values: Mapping[str, str]  # property → the form's answer

    @property
    def entity(self) -> Entity:
        return self.block.dataset, str(self.block.entity)

    @property
    def is_about_a_list(self) -> bool:
        """Whether it names an entity of a list that has versions."""
        return self.block.entity is not None and self.block.dataset in LISTS

    @property
    def can_conflict(self) -> bool:
        """Whether others may have changed the entry since the form was filled in."""
        return self.block.update and not self.block.fault and self.block.dataset in LISTS


@dataclass(slots=True)
class SubBatch:
    """Submissions that are merged together, with their claims."""

    sources: list[Source] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    updated: set[Entity] = field(default_factory=set)


def unjudged_claims(sources: Iterable[Source]) -> dict[int, list[Claim]]:
    """Submission → the claims of its version, of those versions that were not judged before. Three queries at most.

    Blocks about lists of the office's own are no claims: the datasets room applies them.
    """
    blocks_of = {
        source: blocks
        for source in sources
        if (blocks := list(enumerate(entity_blocks(unseal_document(source.document)))))
    }
    own = own_lists_among(
        block.dataset
        for blocks in blocks_of.values()
        for _ordinal, block in blocks
        if block.dataset not in LISTS
    )
    blocks_of = {
        source: about
        for source, blocks in blocks_of.items()
        if (about := [pair for pair in blocks if pair[1].dataset not in own])
    }
    if not blocks_of:
        return {}
    judged = judged_versions(source.version_id for source in blocks_of)
    unjudged = {
        source: blocks for source, blocks in blocks_of.items() if source.version_id not in judged
    }
    forms = entity_forms(source.form_version_id for source in unjudged)
    return {
        source.submission_id: [
            Claim(source, ordinal, block, _values(block, forms[source.form_version_id]))
            for ordinal, block in blocks
        ]
        for source, blocks in unjudged.items()
    }


def _values(block: EntityBlock, form: EntityForm) -> dict[str, str]:
    values = {
        form.properties[path]: value
        for path, value in block.values.items()
        if path in form.properties
    }
    return {**values, "label": block.label} if block.label else values


def sub_batches(sources: Sequence[Source], claims: Mapping[int, list[Claim]]) -> Iterator[SubBatch]:
    """The batch in sub-batches: first what updates no entry, then at most one update of each entry in each.

    So each update is judged by the version that those received before it made. `claims` is
    by submission.
    """
    first, later = SubBatch(), list[SubBatch]()
    for source in sorted(sources, key=lambda item: (item.version_received_at, item.version_id)):
        own_claims = claims.get(source.submission_id, [])
        updated = {claim.entity for claim in own_claims if claim.can_conflict}
        if updated:
            # Never before an earlier update of the same entry.
            at = 1 + max(
                (n for n, batch in enumerate(later) if batch.updated & updated), default=-1
            )
            if at == len(later):
                later.append(SubBatch())
            sub_batch = later[at]
        else:
            sub_batch = first
        sub_batch.sources.append(source)
        sub_batch.claims.extend(own_claims)
        sub_batch.updated |= updated
    yield first
    yield from later


def known_versions(claims: Iterable[Claim]) -> KnownVersions:
    """What phones know of the entities that these claims are about. Two queries for each list."""
    uuids: dict[EntityList, set[str]] = defaultdict(set)
    for claim in claims:
        if claim.is_about_a_list:
            uuids[EntityList(claim.block.dataset)].add(str(claim.block.entity))
    known: KnownVersions = {}
    for name, entities in uuids.items():
        entries = _entries(name, entities)
        versions = entity_versions(name, entries.values())
        known.update(
            ((name, entity), versions[entry])
            for entity, entry in entries.items()
            if entry in versions
        )
    return known


def _entries(name: EntityList, entities: Iterable[str]) -> dict[str, str]:
    """Entity → the entry that it resolves to, itself when it resolves to none."""
    family = LIST_FAMILIES.get(name)
    if family is None:
        return {entity: entity for entity in entities}
    entries = resolved_keys(entities)
    return {entity: entries.get((family, entity), entity) for entity in entities}


def judge_claims(claims: Sequence[Claim], before: KnownVersions) -> None:
    """Store each claim with its verdict and the version it made, and raise versions to branches.

    `before` is what phones knew before the claims' submissions were merged; they are
    merged by now. Runs in the caller's transaction, under the merge lock.
    """
    if not claims:
        return
    after, own_versions = known_versions(claims), _own_versions(claims)
    insert_claims([_judged(claim, before, after, own_versions) for claim in claims])
    raise_versions_to_branches(
        {str(claim.block.entity) for claim in claims if claim.block.entity is not None}
    )


def _own_versions(claims: Sequence[Claim]) -> dict[tuple[int, int], set[int]]:
    """(version id, ordinal) of a claim → entity versions that are no news to whoever filled in the form.

    Those made by its own branch, by the creation that its branch began with, or by earlier
    versions of its submission.
    """
    made = made_versions(
        str(claim.block.entity) for claim in claims if claim.block.entity is not None
    )
    own: dict[tuple[int, int], set[int]] = defaultdict(set)
    for claim in claims:
        block = claim.block
        began_with_creation = block.branch_id != "" and block.trunk_version is None
        for earlier in made:
            is_own = (
                earlier.submission_id == claim.source.submission_id
                or (earlier.branch_id != "" and earlier.branch_id == block.branch_id)
                or (earlier.is_creation and began_with_creation)
            )
            if is_own and (earlier.list, earlier.entity) == claim.entity:
                own[claim.source.version_id, claim.ordinal].add(earlier.made_version)
    return own


def _judged(
    claim: Claim,
    before: KnownVersions,
    after: KnownVersions,
    own_versions: Mapping[tuple[int, int], set[int]],
) -> ClaimRow:
    block = claim.block
    was, now = before.get(claim.entity), after.get(claim.entity)
    verdict: str = block.fault
    columns: list[str] = []
    if not verdict and block.dataset not in LISTS:
        verdict = ClaimVerdict.UNKNOWN_LIST
    elif not verdict and (now is None or now.left_as == ListedEntity.Left.REMOVED):
        verdict = ClaimVerdict.UNKNOWN_ID
    elif not verdict and block.update and was is not None:
        own = own_versions.get((claim.source.version_id, claim.ordinal), set())
        verdict, columns = disagreement(block, claim.values, was, own)
    made = now.version if now and (was is None or now.version > was.version) else None
    return {
        "version_id": claim.source.version_id,
        "ordinal": claim.ordinal,
        "submission_id": claim.source.submission_id,
        "list": block.dataset[:100],
        "entity": str(block.entity) if block.entity else None,
        "branch_id": block.branch_id,
        "base_version": block.base_version,
        "trunk_version": block.trunk_version,
        "made_version": made,
        "verdict": verdict,
        "columns": columns,
    }


def disagreement(
    block: EntityBlock, values: Mapping[str, str], known: EntityVersion, own: set[int]
) -> tuple[ClaimVerdict, list[str]]:
    """Whether others changed the entry since the state the form was filled in from, and in which properties. Pure.

    A branch grows offline from the version the phone last got from the server
    (`trunkVersion`; the creation, when there was none), so what counts is what others did
    since then. `own` are versions that do not count as others'. In whatever order a branch
    arrives, its own steps never disagree.
    """
    base = (block.trunk_version or 1) if block.branch_id else block.base_version
    if base is None:
        return ClaimVerdict.OK, []
    computed = COMPUTED[EntityList(block.dataset)]
    foreign = sorted(
        name
        for name, version in known.changed.items()
        if version > base and version not in own and name not in computed
    )
    different = [
        name
        for name in foreign
        if name in values and digest(values[name]) != known.digests.get(name)
    ]
    if different:
        return ClaimVerdict.HARD, different
    return (ClaimVerdict.SOFT, foreign) if foreign else (ClaimVerdict.OK, [])
