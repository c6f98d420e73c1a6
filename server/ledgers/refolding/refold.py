"""From changed contributions to changed ledger rows: group by identity, widen the scope, fold, write (fold.md, Scope).

Everything here runs in the caller's transaction, under the merge lock (storage/locks.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import FAMILIES, LINKS
from server.ledgers.definitions.vocabulary import LINKS_OF_ACTS, Family, Ledger
from server.ledgers.entity_lists.versions import update_versions_of
from server.ledgers.folding.fold import FoldResult, fold
from server.ledgers.folding.row import Row
from server.ledgers.identity.components import components
from server.ledgers.refolding.exceptions import reconcile_exceptions
from server.ledgers.refolding.links import reconcile_links
from server.ledgers.refolding.offices import office_of
from server.ledgers.refolding.scope import ChangedEntries, Scope
from server.ledgers.storage.changes import mark_changed
from server.ledgers.storage.claim_exceptions import move_entity_conflicts
from server.ledgers.storage.contributions import (
    contributions_of_entries,
    contributions_of_submissions,
    delete_contributions,
    desk_acts_naming,
    insert_contributions,
    move_contributions,
    note_withdrawn_keys,
)
from server.ledgers.storage.duplicates import reconcile_duplicates
from server.ledgers.storage.households import update_assisted_categories
from server.ledgers.storage.identity_keys import (
    KeyRow,
    keys_of_entries,
    resolved_keys,
    write_identity_keys,
)
from server.ledgers.storage.memberships import membership_rows
from server.ledgers.storage.tables import MEMBERSHIPS, TABLES

_SUGGESTED: Final = frozenset(LINKS[link] for link in LINKS_OF_ACTS)
"""The families whose entries desk acts name when they make an entry."""


def replace_contributions(
    old: Sequence[Contribution], new: Sequence[Contribution], as_of: date
) -> None:
    """Replace contributions by others, and fold everything that this changes.

    `old` and `new` are all contributions of the same sources, before and after; those
    that are equal are left alone. Sets `entry` on the new ones.
    """
    changed = _store_contributions(old, new)
    if changed is not None:
        refold(changed, as_of)
        reconcile_links(changed.identities, as_of)


def refold(changed: ChangedEntries, as_of: date) -> None:
    """Fold these entries and everything that depends on them, and write the rows that differ."""
    scope = Scope(changed)
    scope.widen()
    cases = _write(fold(scope.fold_input(as_of)), scope)
    update_versions_of(scope.listed_entries(), cases)


def _store_contributions(
    old: Sequence[Contribution], new: Sequence[Contribution]
) -> ChangedEntries | None:
    """Write the contributions that differ and the keys they change; None when none differs."""
    before = {contribution.id: contribution for contribution in old}
    after = {contribution.id: contribution for contribution in new}
    for contribution in after.values():
        if (stored := before.get(contribution.id)) is not None:
            contribution.entry = stored.entry
    removed = [contribution for contribution in old if after.get(contribution.id) != contribution]
    added = [contribution for contribution in new if before.get(contribution.id) != contribution]
    if not removed and not added:
        return None
    keys = {key for contribution in (*removed, *added) for key in contribution.keys}
    known = resolved_keys(keys)
    touched = set(known.values())
    removed_ids = {contribution.id for contribution in removed}
    staying = [
        contribution
        for contribution in contributions_of_entries(touched)
        if contribution.id not in removed_ids
    ]
    entries = components([*staying, *added])  # (family, key) → entry
    living = set(entries.values())
    changed = ChangedEntries(
        loaded_entries=living | touched,
        loaded_submissions={
            contribution.submission_id
            for contribution in new
            if contribution.submission_id is not None
        },
        keys=entries,
    )
    first_days = _first_days([*staying, *removed])
    moved, renamed = _regroup(staying, entries)
    for contribution in added:
        contribution.entry = entries[contribution.family, contribution.keys[0]]
        changed.entries[contribution.family].add(contribution.entry)
    for contribution in removed:
        group = changed.entries if contribution.entry in living else changed.removed
        group[contribution.family].add(contribution.entry)
    note_withdrawn_keys(removed)
    delete_contributions(removed_ids)
    insert_contributions(added)
    move_contributions(moved)
    _write_keys(_key_rows(entries, [*staying, *added]), touched, changed)
    if moved:
        move_entity_conflicts(touched)
    for family, entry in dict(first_days ^ _first_days([*staying, *added])):
        changed.first_days[family].add(entry)
    for contribution in (*new, *staying, *added):
        changed.contributions[contribution.id] = contribution
    _add_neighbours(staying, moved, renamed, changed)
    new_keys = {key for (family, key) in entries.keys() - known.keys() if family in _SUGGESTED}
    _add_suggestions(new_keys, removed, renamed, changed)
    return changed


def _first_days(
    contributions: Iterable[Contribution],
) -> set[tuple[tuple[str, str], datetime]]:
    """Each entry, with its family, and the instant of the first contribution to it."""
    first: dict[tuple[str, str], datetime] = {}
    for contribution in contributions:
        entry = contribution.family, contribution.entry
        first[entry] = min(first.get(entry, contribution.observed_at), contribution.observed_at)
    return set(first.items())


def _regroup(
    staying: Sequence[Contribution], entries: Mapping[tuple[str, str], str]
) -> tuple[dict[int, str], set[str]]:
    """Set the entry of each staying contribution: id → entry of those it changed for, and the entries concerned."""
    moved: dict[int, str] = {}
    renamed: set[str] = set()
    for contribution in staying:
        entry = entries[contribution.family, contribution.keys[0]]
        if entry != contribution.entry:
            moved[contribution.id] = entry
            renamed |= {entry, contribution.entry}
            contribution.entry = entry
    return moved, renamed


def _key_rows(
    entries: Mapping[tuple[str, str], str], contributions: Iterable[Contribution]
) -> dict[tuple[str, str], KeyRow]:
    rows = {key: KeyRow(entry) for key, entry in entries.items()}
    for contribution in contributions:
        for key, identity in contribution.identities.items():
            of_family = (contribution.family, key)
            office = office_of(contribution.area_code)
            rows[of_family] = KeyRow(entries[of_family], identity, office)
    return rows


def _write_keys(
    rows: Mapping[tuple[str, str], KeyRow], touched: Iterable[str], changed: ChangedEntries
) -> None:
    stored = keys_of_entries(touched)
    living = {row.entry for row in rows.values()}
    for (family, _key), row in stored.items():
        if row.entry not in living:
            changed.removed[family].add(row.entry)
    changed.identities = {
        row.identity
        for keys in (rows, stored)
        for key, row in keys.items()
        if row.identity and rows.get(key) != stored.get(key)
    }
    write_identity_keys(
        {key: row for key, row in rows.items() if stored.get(key) != row},
        unused=stored.keys() - rows.keys(),
    )


def _add_neighbours(
    staying: Sequence[Contribution],
    moved: Mapping[int, str],
    renamed: set[str],
    changed: ChangedEntries,
) -> None:
    """Where an entry's uuid changed, add every entry of the same submissions: one may link to it."""
    submissions = {
        contribution.submission_id
        for contribution in staying
        if contribution.submission_id is not None
        and (contribution.id in moved or contribution.entry in renamed)
    }
    for contribution in staying:
        if contribution.id in moved:
            changed.entries[contribution.family].add(contribution.entry)
    for contribution in contributions_of_submissions(submissions):
        changed.contributions.setdefault(contribution.id, contribution)
        changed.entries[contribution.family].add(contribution.entry)


def _add_suggestions(
    new_keys: set[str],
    removed: Sequence[Contribution],
    renamed: set[str],
    changed: ChangedEntries,
) -> None:
    """Add what desk acts made that name an entry by a key which came, went or names another entry now, and what an undone act named."""
    gone = {
        key
        for contribution in removed
        if contribution.family in _SUGGESTED
        for key in contribution.keys
        if (contribution.family, key) not in changed.keys
    }
    moved = {key for (_family, key), entry in changed.keys.items() if entry in renamed}
    for contribution in desk_acts_naming(keys=new_keys | gone | moved):
        changed.contributions.setdefault(contribution.id, contribution)
        changed.entries[contribution.family].add(contribution.entry)
    undone = [item for item in removed if item.is_desk_act and item.links]
    named = resolved_keys(key for item in undone for key in item.links.values())
    for (family, _key), entry in named.items():
        changed.entries[family].add(entry)


def _write(folded: FoldResult, scope: Scope) -> set[str]:
    """Write the folded rows and exceptions, and mark the entries that differ; the cases that were inserted, changed or deleted."""
    changed = scope.changed
    areas = {row["id"]: row["area_code"] for rows in folded.rows.values() for row in rows}
    checked: set[str] = set()
    marks: dict[str, set[str]] = defaultdict(set)
    for family in FAMILIES:
        rows = folded.rows.get(family, [])
        present = {row["id"] for row in rows}
        entries = (
            changed.all_of(family)
            if family == Family.VISIT
            else scope.entries[family] | changed.removed[family]
        )
        TABLES[family].delete(entries - present)
        marks[family] = (entries - present).union(TABLES[family].put(rows))
        checked |= entries | present
    people = scope.entries[Family.PERSON] | changed.removed[Family.PERSON]
    households = scope.entries[Family.HOUSEHOLD] | changed.removed[Family.HOUSEHOLD]
    spells = _put_owned(Ledger.SPELL, folded.rows.get(Ledger.SPELL, []), {"person_id": people})
    cases = _put_owned(
        Ledger.CASE,
        folded.rows.get(Ledger.CASE, []),
        {"subject_person_id": people, "subject_household_id": households},
    )
    members = membership_rows(folded.memberships)
    left = MEMBERSHIPS.delete_owned(
        "household_id", households, [row["id"] for row in members], also="person_id"
    )
    written = set(MEMBERSHIPS.put(members))
    joined = [(row["household_id"], row["person_id"]) for row in members if row["id"] in written]
    for household, person in (*left.values(), *joined):
        marks[Family.HOUSEHOLD].add(household)
        marks[Family.PERSON].add(person)
    marks[Family.PERSON] |= {*spells.values(), *cases.values()} - households
    marks[Family.HOUSEHOLD] |= households.intersection(cases.values())
    for family, entries in changed.first_days.items():
        marks[family] |= entries
    mark_changed(marks)
    reconcile_exceptions(folded.raised, checked, areas)
    employers = scope.entries[Family.EMPLOYER] | changed.removed[Family.EMPLOYER]
    reconcile_duplicates(
        {Family.PERSON: people, Family.HOUSEHOLD: households, Family.EMPLOYER: employers}
    )
    update_assisted_categories(households | scope.outside_households)
    return set(cases)


def _put_owned(ledger: Ledger, rows: list[Row], owners: Mapping[str, set[str]]) -> dict[str, str]:
    """Make the rows of these owners (column → entries) exactly the given ones; the ids that changed → their owner."""
    table = TABLES[ledger]
    ids = [row["id"] for row in rows]
    changed: dict[str, str] = {}
    for column, entries in owners.items():
        deleted = table.delete_owned(column, entries, ids)
        changed |= {row: owner for row, (owner,) in deleted.items()}
    owner_of = {row["id"]: owner for row in rows for column in owners if (owner := row.get(column))}
    return changed | {written: owner_of[written] for written in table.put(rows)}
