"""What forms say of list entries (`meta/entity`), judged when they arrive (openrosa.md §12, decision 0151).

A form never changes an entity by itself: its answers reach the ledgers by
`bind::ruhu:saveto`, and the fold decides. What is judged here is whether the person who
filled it in knew the present state. Nothing is refused, and a judgement is made once: a
second pass over the same version finds it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from server.core.sealing import unseal_document
from server.forms.entity_forms import EntityForm
from server.forms.selectors import entity_forms
from server.ledgers import storage
from server.ledgers.entity_lists.versions import LISTS, Known, digest, known, raise_to_branches
from server.ledgers.intake.contribute import Source
from server.ledgers.storage.database import dumps, query
from server.submissions.entity_blocks import EntityBlock, entity_blocks

HARD, SOFT = "hard", "soft"
UNKNOWN_ID, UNKNOWN_LIST = "unknown_id", "unknown_list"
FAMILIES: Final = {"households": "household", "cases": "case", "employers": "employer"}
COMPUTED: Final = {
    "households": frozenset({"label", "hh_no", "assisted", "last_visit", "due_on"}),
    "cases": frozenset({"label", "categories", "state", "last_visit", "next_due", "offers"}),
    "employers": frozenset({"vacancies", "last_visit"}),
}
"""Properties no form answers: that they moved on is no disagreement between people."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One block of one received version, not judged yet."""

    source: Source
    ordinal: int
    block: EntityBlock
    values: Mapping[str, str]  # property → what the form says

    @property
    def entity(self) -> str:
        return str(self.block.entity)

    @property
    def may_disagree(self) -> bool:
        return self.block.update and not self.block.fault and self.block.dataset in LISTS


def new_claims(sources: Iterable[Source]) -> dict[int, list[Claim]]:
    """Submission → the claims of its version that were not judged before."""
    read = {
        source: blocks
        for source in sources
        if (blocks := entity_blocks(unseal_document(source.document)))
    }
    if not read:
        return {}
    judged = {
        version
        for (version,) in query(
            "select distinct version_id from ledgers_entityclaim where version_id = any(%s::bigint[])",
            ([source.version_id for source in read],),
        )
    }
    fresh = {source: found for source, found in read.items() if source.version_id not in judged}
    forms = entity_forms(source.form_version_id for source in fresh)
    return {
        source.submission_id: [
            Claim(source, number, block, _values(block, forms[source.form_version_id]))
            for number, block in enumerate(blocks)
        ]
        for source, blocks in fresh.items()
    }


def _values(block: EntityBlock, form: EntityForm) -> dict[str, str]:
    said = {
        form.properties[path]: value
        for path, value in block.values.items()
        if path in form.properties
    }
    return {**said, "label": block.label} if block.label else said


def turns(
    sources: Sequence[Source], claims: Mapping[int, list[Claim]]
) -> Iterator[tuple[list[Source], list[Claim]]]:
    """The batch in turns: first what updates nothing, then one update of each entry at a time.

    So each update finds the version that those received before it made.
    """
    later: list[tuple[list[Source], list[Claim], set[tuple[str, str]]]] = []
    first: tuple[list[Source], list[Claim]] = ([], [])
    for source in sorted(sources, key=lambda one: (one.version_received_at, one.version_id)):
        mine = claims.get(source.submission_id, [])
        touched = {(one.block.dataset, one.entity) for one in mine if one.may_disagree}
        if not touched:
            first[0].append(source)
            first[1].extend(mine)
            continue
        # Never before an earlier update of the same entry.
        at = 1 + max((n for n, turn in enumerate(later) if turn[2] & touched), default=-1)
        if at == len(later):
            later.append(([], [], set()))
        later[at][0].append(source)
        later[at][1].extend(mine)
        later[at][2].update(touched)
    yield first
    for turn in later:
        yield turn[0], turn[1]


class ClaimJudgement:
    """Takes down what phones knew before a turn is merged, and judges its claims afterwards."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self.claims = claims
        self.before = self._told()

    def judge(self) -> None:
        """Record every claim with its verdict and the version it made; versions follow branches. The turn has been merged."""
        if not self.claims:
            return
        after, own = self._told(), self._own_versions()
        rows = [self._judged(claim, after, own) for claim in self.claims]
        query(
            "insert into ledgers_entityclaim"
            " select * from json_populate_recordset(null::ledgers_entityclaim, %s::json)"
            " on conflict do nothing",
            (dumps(rows),),
        )
        raise_to_branches({one.entity for one in self.claims if one.block.entity is not None})

    def _told(self) -> dict[tuple[str, str], Known]:
        """(list, entity) → what phones were told, an entry that was merged away by its survivor."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for claim in self.claims:
            if claim.block.entity is not None and claim.block.dataset in LISTS:
                wanted[claim.block.dataset].add(claim.entity)
        found = {}
        for name, entities in wanted.items():
            entries = storage.resolved_keys(entities)
            present = {one: entries.get((FAMILIES[name], one), one) for one in entities}
            told = known(name, present.values())
            found.update({(name, one): told[to] for one, to in present.items() if to in told})
        return found

    def _own_versions(self) -> dict[tuple[int, int], set[int]]:
        """Claim → versions made by its own branch, with the creation it grew from, or by earlier versions of its submission."""
        rows = query(
            "select list, entity::text, branch_id, submission_id, made_version,"
            "       branch_id = '' and base_version is null"
            "  from ledgers_entityclaim where made_version is not null"
            "   and entity = any(%s::uuid[])",
            ([one.entity for one in self.claims if one.block.entity is not None],),
        )
        own: dict[tuple[int, int], set[int]] = defaultdict(set)
        for claim in self.claims:
            mine = claim.block
            is_of_its_making = mine.branch_id != "" and mine.trunk_version is None
            for name, entity, branch, submission, made, is_creation in rows:
                is_own = (
                    submission == claim.source.submission_id
                    or (branch != "" and branch == mine.branch_id)
                    or (is_creation and is_of_its_making)
                )
                if is_own and (name, entity) == (claim.block.dataset, claim.entity):
                    own[claim.source.version_id, claim.ordinal].add(made)
        return own

    def _judged(
        self,
        claim: Claim,
        after: Mapping[tuple[str, str], Known],
        own: Mapping[tuple[int, int], set[int]],
    ) -> dict[str, Any]:
        block, place = claim.block, (claim.block.dataset, claim.entity)
        was, now = self.before.get(place), after.get(place)
        verdict: str = block.fault
        columns: list[str] = []
        if not verdict and block.dataset not in LISTS:
            verdict = UNKNOWN_LIST
        elif not verdict and (now is None or now.left_as == "removed"):
            verdict = UNKNOWN_ID
        elif not verdict and block.update and was is not None:
            mine = own.get((claim.source.version_id, claim.ordinal), set())
            verdict, columns = disagreement(block, claim.values, was, mine)
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
    block: EntityBlock, values: Mapping[str, str], was: Known, own: set[int]
) -> tuple[str, list[str]]:
    """Whether others changed the entry since the state the form was filled in from. Pure.

    A branch grows offline from the version the phone last got from the server
    (`trunkVersion`; the creation, when there was none), so what counts is what others did
    since then. In whatever order a branch arrives, its own steps never disagree.
    """
    base = (block.trunk_version or 1) if block.branch_id else block.base_version
    if base is None:
        return "", []
    foreign = sorted(
        name
        for name, version in was.changed.items()
        if version > base and version not in own and name not in COMPUTED[block.dataset]
    )
    hard = [
        name for name in foreign if name in values and digest(values[name]) != was.seen.get(name)
    ]
    if hard:
        return HARD, hard
    return (SOFT, foreign) if foreign else ("", [])
