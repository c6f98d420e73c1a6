"""The versions by which phones know list entries: they rise with every change a phone can see, and never fall.

The fold writes and deletes rows, and a rebuild writes all of them again; what phones know
is history and is kept apart from it (decision 0150). Runs in the caller's transaction,
under the merge lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from server.ledgers.definitions.vocabulary import EntityList, Family
from server.ledgers.entity_lists.lists import LISTS
from server.ledgers.models import ListedEntity
from server.ledgers.storage import entity_versions as storage
from server.ledgers.storage.entity_versions import EntityVersion
from server.ledgers.storage.list_revisions import raise_revisions

CALENDAR_COLUMNS: Final = frozenset({"marker-color", "marker-symbol"})
"""Columns that follow the calendar, not the entry: the list's hash covers the day, versions do not."""

_NOT_COMPARED: Final = CALENDAR_COLUMNS | {"name", "__version"}
_CHUNK: Final = 5_000


def digest(value: Any) -> str:
    """The digest by which two values of a property are compared: of the text a phone sees."""
    text = "" if value is None else str(value)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def update_versions(name: EntityList, entries: Iterable[str]) -> None:
    """Bring the versions of these entries in step with the rows of their list, and raise the revisions of what changed.

    An entry listed for the first time gets 1. One whose label or properties changed, or
    that comes back, gets the next number. One that left the list keeps its number. Five
    queries for each 5,000 entries.
    """
    ordered = sorted(set(entries))
    for start in range(0, len(ordered), _CHUNK):
        _update_chunk(name, ordered[start : start + _CHUNK])


def raise_versions_to_branches(entities: Iterable[str]) -> None:
    """Raise the versions of these entities to what phones counted that changed them offline, and their lists' revisions.

    Such a phone numbers its own row with each change, keeps it while the list's number is
    lower, and would not see what others do next. Two queries at most.
    """
    raise_revisions(storage.raise_versions_to_branches(entities))


def update_versions_of(entries: Mapping[str, set[str]], cases: Iterable[str]) -> None:
    """Bring the versions of these entries (family → entries), of the cases they own, and of these cases in step."""
    people, households = entries[Family.PERSON], entries[Family.HOUSEHOLD]
    update_versions(EntityList.HOUSEHOLDS, households)
    update_versions(EntityList.CASES, {*cases, *storage.cases_of(people, households)})
    update_versions(EntityList.EMPLOYERS, entries[Family.EMPLOYER])
    residents = storage.residents_of(households)
    update_versions(EntityList.PERSONS, people | residents)
    vacancies = storage.vacancies_of(entries[Family.EMPLOYER])
    update_versions(EntityList.VACANCIES, entries[Family.VACANCY] | vacancies)
    retirees = storage.retirements_of(people | residents)
    update_versions(EntityList.RETIREES, entries[Family.RETIREE] | retirees)


def update_every_version() -> None:
    """Bring the versions of all entries that exist or were ever listed in step, after a rebuild was put in place."""
    for name in storage.LIST_TABLES:
        update_versions(name, storage.every_entry(name))


def _update_chunk(name: EntityList, entries: Sequence[str]) -> None:
    ledger_list = LISTS[name]
    known = storage.entity_versions(name, entries)
    visible = [column for column in ledger_list.columns if column not in _NOT_COMPARED]
    updated: dict[str, EntityVersion] = {}
    unlisted = set(entries)
    for row in ledger_list.rows_of(entries):
        entry = row["name"]
        unlisted.discard(entry)
        digests = {column: digest(row[column]) for column in visible}
        version = _next_version(known.get(entry), digests, row["community"])
        if version is not None:
            updated[entry] = version
    updated |= _left_versions(name, {entry: known[entry] for entry in unlisted if entry in known})
    changed = {
        (name, version.area_code)
        for entry in updated
        for version in (updated[entry], known.get(entry))
        if version is not None
    }
    storage.put_entity_versions(name, updated)
    raise_revisions(changed)


def _next_version(
    known: EntityVersion | None, digests: dict[str, str], area_code: str
) -> EntityVersion | None:
    """The version after what phones know; None when they know this state."""
    if known is None:
        return EntityVersion(1, area_code, digests, {}, "")
    differing = [column for column, value in digests.items() if known.digests.get(column) != value]
    if not differing and not known.left_as:
        return None
    version = known.version + 1
    changed = {**known.changed, **dict.fromkeys(differing, version)}
    return EntityVersion(version, area_code, digests, changed, "")


def _left_versions(
    name: EntityList, known: Mapping[str, EntityVersion]
) -> dict[str, EntityVersion]:
    """Of the entries that are not in the list, those that phones must learn so of, with the reason."""
    existing = storage.entries_in_ledger(name, known)
    reasons = {
        entry: ListedEntity.Left.CLOSED if entry in existing else ListedEntity.Left.REMOVED
        for entry in known
    }
    return {
        entry: replace(known[entry], left_as=str(reason))
        for entry, reason in reasons.items()
        if known[entry].left_as != reason
    }
