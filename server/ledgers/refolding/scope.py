"""What has to be folded again when contributions change, and everything that folding it needs to read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import FAMILIES, LINKS, TIES, Tie
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.folding.fold import FoldInput
from server.ledgers.storage.contributions import (
    contributions_of_entries,
    contributions_of_submissions,
    desk_acts_naming,
)
from server.ledgers.storage.households import household_facts
from server.ledgers.storage.identity_keys import resolved_keys
from server.ledgers.storage.memberships import (
    households_with_members,
    members_of_households,
    memberships_elsewhere,
)
from server.ledgers.storage.rules import standing_rules
from server.ledgers.storage.visits import visits_to_households

_OF_PERSONS = (Family.VISIT, *(tie.of for tie in TIES if tie.family == Family.PERSON))
"""The families of which a person's row, spells or cases take something."""

Entries = dict[str, set[str]]
"""Family → entries."""


@dataclass(slots=True)
class ChangedEntries:
    """The entries whose contributions changed, and what is already in memory of their surroundings."""

    entries: Entries = field(default_factory=lambda: defaultdict(set))
    removed: Entries = field(default_factory=lambda: defaultdict(set))  # no contribution is left
    # Read already, and not read again:
    contributions: dict[int, Contribution] = field(default_factory=dict)  # by id
    loaded_entries: set[str] = field(default_factory=set)  # with all their contributions
    loaded_submissions: set[int] = field(default_factory=set)  # likewise
    keys: dict[tuple[str, str], str] = field(default_factory=dict)  # (family, key) → entry
    identities: set[str] = field(default_factory=set)
    """Identities of the keys that came, went or name another entry now."""
    first_days: Entries = field(default_factory=lambda: defaultdict(set))
    """Entries that the ledgers know since another day now; their rows may be as they were."""

    def all_of(self, family: str) -> set[str]:
        """The family's entries, changed or removed."""
        return self.entries[family] | self.removed[family]


class Scope:
    """Widens changed entries to everything that their change can reach, and loads it (fold.md, Scope).

    The changed persons, the households these belong to, the members of those households;
    visits, cases and spells follow their persons and households. Every link of a
    contribution points at an entry that has a contribution of the same submission, so
    whatever depends on an entry is found through the entry's submissions; only what a desk
    act made is found by its links.
    """

    def __init__(self, changed: ChangedEntries) -> None:
        self.changed = changed
        self.contributions = dict(changed.contributions)
        self.loaded_entries = set(changed.loaded_entries)
        self.keys = dict(changed.keys)
        self.entries: Entries = {family: set(changed.entries[family]) for family in FAMILIES}
        self.outside_households: set[str] = set()
        """Households of members in scope that are not folded again."""

    def widen(self) -> None:
        """Add the entries that depend on the changed ones, and load their contributions."""
        people, households = self.entries[Family.PERSON], self.entries[Family.HOUSEHOLD]
        removed_people = self.changed.removed[Family.PERSON]
        removed_households = self.changed.removed[Family.HOUSEHOLD]
        for family in FAMILIES:
            self._load_entries(self.entries[family])
        self._add_what_counts()
        households |= self._linked_households(people)
        households |= households_with_members(self.changed.all_of(Family.PERSON))
        self._load_entries(households)
        self._load_submissions(Family.HOUSEHOLD, households)
        households -= removed_households
        self._resolve_links()
        people |= {
            contribution.entry
            for contribution in self._contributions(Family.PERSON)
            if self._linked_household(contribution) in households
        }
        people |= members_of_households(households | removed_households)
        people -= removed_people
        self._load_entries(people)
        self._load_submissions(Family.PERSON, people, only=_OF_PERSONS)
        self._load_homes_of_lone_visits(people)
        self.outside_households = self._linked_households(people) - households
        self.entries[Family.VISIT] |= {
            contribution.entry
            for contribution in self._contributions(Family.VISIT)
            if self._is_loaded(contribution, households, people)
        }
        self._load_suggestions(people | self.entries[Family.VACANCY])
        self._load_what_is_counted()

    def _add_what_counts(self) -> None:
        """Add the entries that count changed ones, with their contributions."""
        if not any(self.entries[tie.of] for tie in TIES):
            return
        self._resolve_links()
        for tie in TIES:
            self.entries[tie.family] |= (
                self._named(tie, self.entries[tie.of]) - (self.changed.removed[tie.family])
            )
            self._load_entries(self.entries[tie.family])

    def _load_what_is_counted(self) -> None:
        """Load the entries that those in scope count; what a person's cases count is folded again with them."""
        for tie in TIES:
            if tie.family != Family.PERSON:
                self._load_submissions(tie.family, self.entries[tie.family], only=(tie.of,))
        self._resolve_links()
        for tie in TIES:
            counting = self.entries[tie.family]
            counted = {
                item.entry
                for item in self._contributions(tie.of)
                if tie.by in item.links
                and self._entry_of(tie.family, item.links[tie.by]) in counting
            }
            self._load_entries(counted)
            if tie.family == Family.PERSON:
                self.entries[tie.of] |= counted
        self._resolve_links()

    def _named(self, tie: Tie, entries: set[str]) -> set[str]:
        """The entries that these name by the link of a tie."""
        return {
            self._entry_of(tie.family, item.links[tie.by])
            for item in self._contributions(tie.of)
            if item.entry in entries and tie.by in item.links
        }

    def fold_input(self, as_of: date) -> FoldInput:
        """The scope as the fold takes it, with what is stored of the households just outside."""
        self._resolve_links()
        memberships = memberships_elsewhere(
            self.entries[Family.PERSON],
            self.entries[Family.HOUSEHOLD] | self.changed.removed[Family.HOUSEHOLD],
        )
        self.outside_households |= {membership.household for membership in memberships}
        return FoldInput(
            contributions=list(self.contributions.values()),
            entries=self.keys,
            scope=self.entries,
            as_of=as_of,
            rules=standing_rules(),
            outside_households=household_facts(self.outside_households),
            outside_visits=visits_to_households(self.outside_households),
            outside_memberships=memberships,
        )

    def listed_entries(self) -> Entries:
        """The entries whose rows in phones' entity lists the fold can have changed: its own, and those they link to."""
        entries = {
            family: self.entries[family] | self.changed.removed[family] for family in FAMILIES
        }
        entries[Family.HOUSEHOLD] |= self.outside_households
        for contribution in self.contributions.values():
            for name, key in contribution.links.items():
                entries[LINKS[name]].add(self._entry_of(LINKS[name], key))
        return entries

    def _contributions(self, family: str) -> Iterable[Contribution]:
        return (item for item in self.contributions.values() if item.family == family)

    def _entry_of(self, family: str, key: str) -> str:
        """The entry a key resolves to; an unknown key stands for itself."""
        return self.keys.get((family, key), key)

    def _is_loaded(self, visit: Contribution, households: set[str], people: set[str]) -> bool:
        """Whether everything that a visit's row depends on is loaded."""
        if key := visit.links.get("household"):
            return self._entry_of(Family.HOUSEHOLD, key) in households
        return self._entry_of(Family.PERSON, visit.links.get("person", "")) in people

    def _load_entries(self, entries: Iterable[str]) -> None:
        missing = set(entries) - self.loaded_entries
        self.loaded_entries |= missing
        for contribution in contributions_of_entries(missing):
            self.contributions[contribution.id] = contribution

    def _load_submissions(
        self, family: str, entries: set[str], *, only: Collection[str] = ()
    ) -> None:
        """Load the contributions of all submissions that speak of these entries, or those of some families of them."""
        submissions = {
            contribution.submission_id
            for contribution in self._contributions(family)
            if contribution.entry in entries and contribution.submission_id is not None
        } - self.changed.loaded_submissions
        for contribution in contributions_of_submissions(submissions, families=only):
            self.contributions.setdefault(contribution.id, contribution)

    def _load_suggestions(self, entries: set[str]) -> None:
        """Load the contributions of desk acts that name these entries: no submission leads to them."""
        for contribution in desk_acts_naming(entries=entries):
            self.contributions.setdefault(contribution.id, contribution)

    def _load_homes_of_lone_visits(self, people: set[str]) -> None:
        """Load the households of persons visited alone: a visit's distance is measured from there."""
        self._resolve_links()
        alone = {
            self._entry_of(Family.PERSON, visit.links["person"])
            for visit in self._contributions(Family.VISIT)
            if "person" in visit.links and "household" not in visit.links
        } & people
        if alone:
            self._load_entries(self._linked_households(alone) | households_with_members(alone))

    def _resolve_links(self) -> None:
        resolved = {key for _family, key in self.keys}
        linked = {key for item in self.contributions.values() for key in item.links.values()}
        self.keys.update(resolved_keys(linked - resolved))

    def _linked_household(self, roster_line: Contribution) -> str | None:
        key = roster_line.links.get("member_of")
        return None if key is None else self._entry_of(Family.HOUSEHOLD, key)

    def _linked_households(self, people: set[str]) -> set[str]:
        """The households in whose rosters the loaded contributions of these persons stand."""
        self._resolve_links()
        return {
            household
            for contribution in self._contributions(Family.PERSON)
            if contribution.entry in people
            and (household := self._linked_household(contribution)) is not None
        }
