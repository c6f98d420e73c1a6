"""From changed contributions to changed rows: identity, scope, fold, write (design §5.5).

Everything here runs in the caller's transaction, under the one merge lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from server.ledgers import storage
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import LINKS
from server.ledgers.entity_lists.claim_exceptions import follow
from server.ledgers.entity_lists.versions import stamp_touched
from server.ledgers.folding.derive.cases import VisitFact
from server.ledgers.folding.derive.households import HouseholdFacts
from server.ledgers.folding.derive.rules import rules
from server.ledgers.folding.fold import FoldInput, FoldResult, fold
from server.ledgers.folding.rosters import Membership
from server.ledgers.folding.row import Row
from server.ledgers.identity.components import components
from server.ledgers.refolding.exceptions import settle, settle_duplicates
from server.ledgers.storage.database import query
from server.ledgers.storage.tables import MEMBERSHIPS, TABLES, Changed

_LOCK = 0x52756875  # "Ruhu"
FAMILIES = ("person", "household", "employer", "vacancy", "visit")
Entries = dict[str, set[str]]


def lock() -> None:
    """Hold the merge lock to the end of the transaction: one batch folds at a time (decision 0052)."""
    query("select pg_advisory_xact_lock(%s)", (_LOCK,))


@dataclass(slots=True)
class Dirty:
    """Entries whose contributions changed, and entries that are no more."""

    entries: Entries = field(default_factory=lambda: defaultdict(set))
    dead: Entries = field(default_factory=lambda: defaultdict(set))
    # What is in memory already, so that it is not read again:
    store: dict[int, Contribution] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)  # entries all of whose contributions are here
    submissions: set[int] = field(default_factory=set)  # and submissions
    keys: dict[tuple[str, str], str] = field(default_factory=dict)

    def all_of(self, family: str) -> set[str]:
        return self.entries[family] | self.dead[family]


def replace(old: Sequence[Contribution], new: Sequence[Contribution], as_of: date) -> None:
    """Take contributions out, put others in, and fold what that touches.

    `old` and `new` are all contributions of the same sources before and after; those
    that did not change are left alone.
    """
    dirty = _replace_contributions(old, new)
    if dirty is not None:
        refold(dirty, as_of)


def refold(dirty: Dirty, as_of: date) -> None:
    """Fold the entries and whatever depends on them, and write what changed."""
    scope = _Scope(dirty)
    scope.close()
    world = scope.world(as_of)
    folded = fold(world)
    cases = _write(folded, world.scope, dirty, scope.outside)
    stamp_touched(scope.shown(), cases)


def _replace_contributions(
    old: Sequence[Contribution], new: Sequence[Contribution]
) -> Dirty | None:
    before, after = {one.id: one for one in old}, {one.id: one for one in new}
    for one in after.values():
        known = before.get(one.id)
        if known is not None:
            one.entry = known.entry
    removed = [one for one in old if after.get(one.id) != one]
    added = [one for one in new if before.get(one.id) != one]
    if not removed and not added:
        return None
    keys = {key for one in (*removed, *added) for key in one.keys}
    touched = set(storage.resolved_keys(keys).values())
    out = {one.id for one in removed}
    staying = [one for one in storage.contributions_of_entries(touched) if one.id not in out]
    found = components([*staying, *added])
    dirty = Dirty()
    moved: dict[int, str] = {}
    renamed: set[str] = set()
    for one in staying:
        entry = found[one.family, one.keys[0]]
        if entry != one.entry:
            moved[one.id] = entry
            renamed |= {entry, one.entry}
            one.entry = entry
    for one in added:
        one.entry = found[one.family, one.keys[0]]
        dirty.entries[one.family].add(one.entry)
    living = set(found.values())
    for one in removed:
        (dirty.entries if one.entry in living else dirty.dead)[one.family].add(one.entry)
    storage.delete_contributions(out)
    storage.insert_contributions(added)
    storage.move_contributions(moved)
    _write_identity(found, touched, dirty)
    if moved:
        follow(touched)
    for one in (*new, *staying, *added):
        dirty.store[one.id] = one
    dirty.loaded = living | touched
    dirty.submissions = {one.submission_id for one in new if one.submission_id is not None}
    dirty.keys = found
    _spread(staying, moved, renamed, dirty)
    return dirty


def _write_identity(
    found: Mapping[tuple[str, str], str], touched: Iterable[str], dirty: Dirty
) -> None:
    known = storage.keys_of_entries(touched)
    put = {node: entry for node, entry in found.items() if known.get(node) != entry}
    living = set(found.values())
    for (family, _key), entry in known.items():
        if entry not in living:
            dirty.dead[family].add(entry)
    storage.write_identity(put, known.keys() - found.keys())


def _spread(
    staying: Sequence[Contribution], moved: Mapping[int, str], renamed: set[str], dirty: Dirty
) -> None:
    """Where an entry's name changed, everything said together with it is folded again: it may link there."""
    submissions = {
        one.submission_id
        for one in staying
        if one.submission_id is not None and (one.id in moved or one.entry in renamed)
    }
    for one in staying:
        if one.id in moved:
            dirty.entries[one.family].add(one.entry)
    for one in storage.contributions_of_submissions(submissions):
        dirty.store.setdefault(one.id, one)
        dirty.entries[one.family].add(one.entry)


class _Scope:
    """Grows the dirty entries to all that their change can reach, and loads what folding that needs.

    Touched persons → their households → those households' members. Visits, cases and
    spells follow their persons and households. Every link leads to a contribution of the
    same submission, so what depends on an entry is found through its submissions.
    """

    def __init__(self, dirty: Dirty) -> None:
        self.dirty = dirty
        self.store = dict(dirty.store)
        self.loaded = set(dirty.loaded)
        self.keys = dict(dirty.keys)
        self.entries: Entries = {family: set(dirty.entries[family]) for family in FAMILIES}
        self.outside: set[str] = set()  # households just outside

    def close(self) -> None:
        people, households = self.entries["person"], self.entries["household"]
        for family in FAMILIES:
            self._load_entries(self.entries[family])
        households |= self._households_of(people)
        households |= self._known("household_id", "person_id", self.dirty.all_of("person"))
        self._load_entries(households)
        self._load_submissions(households, "household")
        households -= self.dirty.dead["household"]
        self._resolve_links()
        people |= {
            one.entry
            for one in self.store.values()
            if one.family == "person" and self._home(one) in households
        }
        people |= self._known(
            "person_id", "household_id", households | self.dirty.dead["household"]
        )
        people -= self.dirty.dead["person"]
        self._load_entries(people)
        self._load_submissions(people, "person", family="visit")
        self._load_places_of_lone_visits(people)
        self.outside = self._households_of(people) - households
        self.entries["visit"] |= {
            one.entry
            for one in self.store.values()
            if one.family == "visit" and self._is_within(one, households, people)
        }

    def _is_within(self, visit: Contribution, households: set[str], people: set[str]) -> bool:
        """Whether all that a visit's row depends on is loaded."""
        if key := visit.links.get("household"):
            return self.keys.get(("household", key), key) in households
        key = visit.links.get("person", "")
        return self.keys.get(("person", key), key) in people

    def shown(self) -> Entries:
        """All whose entries in the phones' lists the fold can have changed: its own, and what they belong to."""
        found = defaultdict(
            set, {one: self.entries[one] | self.dirty.dead[one] for one in FAMILIES}
        )
        found["household"] |= self.outside
        for said in self.store.values():
            for name, key in said.links.items():
                found[LINKS[name]].add(self.keys.get((LINKS[name], key), key))
        return found

    def world(self, as_of: date) -> FoldInput:
        self._resolve_links()
        outside = self._outside_memberships()
        self.outside |= {one.household for one in outside}
        return FoldInput(
            contributions=list(self.store.values()),
            entries=self.keys,
            scope=self.entries,
            as_of=as_of,
            rules=rules(),
            outside_households=self._outside_households(),
            outside_visits=self._outside_visits(),
            outside_memberships=outside,
        )

    def _load_entries(self, entries: Iterable[str]) -> None:
        wanted = set(entries) - self.loaded
        self.loaded |= wanted
        self.store.update((one.id, one) for one in storage.contributions_of_entries(wanted))

    def _load_submissions(self, entries: set[str], of: str, *, family: str | None = None) -> None:
        submissions = {
            one.submission_id
            for one in self.store.values()
            if one.family == of and one.entry in entries and one.submission_id is not None
        } - self.dirty.submissions
        found = storage.contributions_of_submissions(submissions, family=family)
        for one in found:
            self.store.setdefault(one.id, one)

    def _load_places_of_lone_visits(self, people: set[str]) -> None:
        """A visit to a person alone is measured from where the person lives, maybe outside the scope."""
        self._resolve_links()
        alone = {
            self.keys.get(("person", key), key)
            for one in self.store.values()
            if one.family == "visit" and "household" not in one.links
            for name, key in one.links.items()
            if name == "person"
        } & people
        if alone:
            homes = self._households_of(alone) | self._known("household_id", "person_id", alone)
            self._load_entries(homes)

    def _resolve_links(self) -> None:
        known = {key for _, key in self.keys}
        wanted = {key for one in self.store.values() for key in one.links.values()} - known
        self.keys.update(storage.resolved_keys(wanted))

    def _home(self, one: Contribution) -> str | None:
        key = one.links.get("member_of")
        return None if key is None else self.keys.get(("household", key), key)

    def _households_of(self, people: set[str]) -> set[str]:
        self._resolve_links()
        return {
            home
            for one in self.store.values()
            if one.family == "person"
            and one.entry in people
            and (home := self._home(one)) is not None
        }

    def _known(self, wanted: str, by: str, entries: Iterable[str]) -> set[str]:
        uuids = list(entries)
        if not uuids:
            return set()
        rows = query(
            f"select distinct {wanted}::text from ledgers_membership where {by} = any(%s::uuid[])",  # noqa: S608
            (uuids,),
        )
        return {entry for (entry,) in rows}

    def _outside_memberships(self) -> list[Membership]:
        if not self.entries["person"]:
            return []
        rows = query(
            "select id::text, household_id::text, person_id::text, role, relation, from_on, to_on,"
            "       contribution from ledgers_membership"
            " where person_id = any(%s::uuid[]) and not household_id = any(%s::uuid[])",
            (
                list(self.entries["person"]),
                list(self.entries["household"] | self.dirty.dead["household"]),
            ),
        )
        return [Membership(*row) for row in rows]

    def _outside_households(self) -> dict[str, HouseholdFacts]:
        if not self.outside:
            return {}
        rows = query(
            "select id::text, area_code,"
            "       nullif(concat(address, building, room), ''), dibao_status,"
            "       dibao_no is not null, poor_rural, land_lost_share, zero_emp_state,"
            "       last_confirmed_on from ledgers_household where id = any(%s::uuid[])",
            (list(self.outside),),
        )
        return {row[0]: HouseholdFacts(*row) for row in rows}

    def _outside_visits(self) -> dict[str, list[VisitFact]]:
        found: dict[str, list[VisitFact]] = defaultdict(list)
        if self.outside:
            rows = query(
                "select household_id::text, id::text,"
                "       (observed_at at time zone 'Asia/Shanghai')::date, outcome,"
                "       coalesce(services, '{}'), next_visit_on, recorded_by_id"
                "  from ledgers_visit where household_id = any(%s::uuid[]) and person_id is null",
                (list(self.outside),),
            )
            for household, entry, day, outcome, services, promised, worker in rows:
                fact = VisitFact(entry, day, outcome, tuple(services), promised, worker)
                found[household].append(fact)
        return found


def _write(
    folded: FoldResult, scope: Mapping[str, set[str]], dirty: Dirty, outside: set[str]
) -> set[str]:
    """Write what was folded; the cases that were changed, made or deleted."""
    areas = {row["id"]: row["area_code"] for rows in folded.rows.values() for row in rows}
    checked: set[str] = set()
    for family in FAMILIES:
        rows = folded.rows.get(family, [])
        made = {row["id"] for row in rows}
        within = dirty.all_of(family) if family == "visit" else scope[family] | dirty.dead[family]
        TABLES[family].delete(within - made)
        TABLES[family].put(rows)
        checked |= within | made
    people = scope["person"] | dirty.dead["person"]
    households = scope["household"] | dirty.dead["household"]
    _put_owned("spell", folded.rows.get("spell", []), {"person_id": people})
    cases = _put_owned(
        "case",
        folded.rows.get("case", []),
        {"subject_person_id": people, "subject_household_id": households},
    )
    members = storage.membership_rows(folded.memberships)
    MEMBERSHIPS.keep("household_id", households, [row["id"] for row in members])
    MEMBERSHIPS.put(members)
    settle(folded.raised, checked, areas)
    settle_duplicates(people)
    _assist(households | outside)
    return {case.id for case in cases}


def _put_owned(ledger: str, rows: list[Row], owners: Mapping[str, set[str]]) -> list[Changed]:
    """Make the rows these owners have exactly the given ones."""
    table, ids = TABLES[ledger], [row["id"] for row in rows]
    found: list[Changed] = []
    for column, entries in owners.items():
        found += table.keep(column, entries, ids)
    return found + table.put(rows)


def _assist(households: Iterable[str]) -> None:
    """Bring the categories of open cases to the households the cases belong to: what the map shows."""
    wanted = list(households)
    if not wanted:
        return
    query(
        """
        with assisted as (
            select house.id, array(
                select distinct unnest(found.category) from (
                    select category from ledgers_assistancecase
                     where subject_household_id = house.id and state <> '9'
                    union all
                    select category from ledgers_assistancecase
                     where state <> '9' and subject_person_id in (
                           select id from ledgers_person where household_id = house.id)
                ) found order by 1)::varchar(10)[] as categories
              from ledgers_household house where house.id = any(%s::uuid[])
        )
        update ledgers_household house
           set assisted_categories = assisted.categories, row_version = row_version + 1
          from assisted
         where assisted.id = house.id and house.assisted_categories <> assisted.categories
        """,
        (wanted,),
    )
