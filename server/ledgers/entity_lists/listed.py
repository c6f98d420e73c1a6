"""The entity lists for people at a desk: whole, of their areas; phones get theirs from `ledgers.entities`.

The rows are those that phones see, in the order of their uuids, which never change: who
reads a list a piece at a time misses none and sees none twice, whatever is merged
meanwhile. What the fold knows of an entry as a whole (first and last record, conflicts)
stands beside them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from server.accounts.access import REVEALERS, Access, Worker
from server.accounts.models import Role, User
from server.ledgers.definitions.vocabulary import ExceptionKind
from server.ledgers.entity_lists.lists import LedgerList, Within, communities
from server.ledgers.entity_lists.versions import LISTS, TABLES
from server.ledgers.reading.entries import exceptions
from server.ledgers.storage.database import query
from server.ledgers.storage.identity_keys import resolved_keys

NAMES: Final = ("communities", *LISTS)
BATCH: Final = 1000
_TELLERS: Final = REVEALERS | {Role.WORKER}
"""Who reads the digits of an ID number by which a label tells people apart: as on their phone, or in full anyway."""
_APART: Final = frozenset({"name", "label", "__version"})
_FAMILIES: Final = {"households": "household", "employers": "employer"}


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of a list, with what phones see of it."""

    entity: str
    label: str
    version: int
    values: Mapping[str, str]  # property → text
    created_at: (
        datetime | None
    )  # the first record that speaks of it was received; None: not from records
    updated_at: datetime | None  # the last one was; None: there is no other
    creator_id: int  # who sent the first; 0: nobody
    creator: str
    conflict: str  # hard, soft, or "": as long as the exception is open


def list_properties(name: str) -> tuple[str, ...]:
    """What a list tells of its entries, besides the label."""
    return tuple(column for column in _list(name).columns if column not in _APART)


def list_size(access: Access, name: str) -> int:
    """How many entries of the list lie in the reader's areas."""
    if name == "communities":
        return sum(1 for _row in _community_rows(access))
    return int(query(f"select count(*) from {_from(name, access)}")[0][0])  # noqa: S608 digits only


def list_digest(access: Access, name: str) -> str:
    """Hex digits that change with anything that the reader's phone would see of the list."""
    areas, telling = access.areas(), access.areas(_TELLERS)
    seen = _list(name).hash(Worker(access.user_id, areas))
    return hashlib.md5(f"{seen} {telling}".encode(), usedforsecurity=False).hexdigest()


def listed_entries(access: Access, name: str, *, after: str = "") -> Iterator[list[Listed]]:
    """The entries of the reader's areas behind the uuid, a batch at a time, ascending by uuid."""
    if name == "communities":
        rows = [row for row in _community_rows(access) if row[0] > after]
        yield [_listed(communities, row, None, None, {}) for row in rows]
        return
    while True:
        wanted = [
            entry
            for (entry,) in query(
                f"select id::text from {_from(name, access)}"  # noqa: S608 digits only
                " and id > %s::uuid order by id limit %s",
                (after or "00000000-0000-0000-0000-000000000000", BATCH),
            )
        ]
        yield _told(access, name, wanted)
        if len(wanted) < BATCH:
            return
        after = wanted[-1]


def listed_entity(access: Access, name: str, entity: str) -> Listed | None:
    """One entry, under any uuid it ever had; None where the reader sees none."""
    if name == "communities":
        found = [row for row in _community_rows(access) if row[0] == entity]
        return _listed(communities, found[0], None, None, {}) if found else None
    if name in _FAMILIES:
        entity = resolved_keys([entity]).get((_FAMILIES[name], entity), entity)
    there = query(
        f"select id::text from {_from(name, access)} and id = %s::uuid",  # noqa: S608 digits only
        (entity,),
    )
    return next(iter(_told(access, name, [entity])), None) if there else None


def _list(name: str) -> LedgerList:
    return communities if name == "communities" else LISTS[name]


def _from(name: str, access: Access) -> str:
    """Table and condition of the list's entries in the reader's areas."""
    still = " and state <> '9'" if name == "cases" else ""
    return f"{TABLES[name]} where {Within(access.areas())('area_code')}{still}"


def _community_rows(access: Access) -> list[Any]:
    return sorted(communities.rows(Within(access.areas())))


def _told(access: Access, name: str, wanted: list[str]) -> list[Listed]:
    """The batch's entries by uuid; one that left the list in between is left out. Five queries."""
    found = _list(name)
    rows = {row[0]: row for row in found.rows_of(wanted, tells=_tells(access))}
    of = {entry: _subject(found, row) for entry, row in rows.items()}
    spans = _spans(of.values())
    people = User.objects.in_bulk({span[2] for span in spans.values()})
    conflicts = _conflicts(access, name, wanted)
    told = []
    for entry in wanted:
        if entry in rows:
            span = spans.get(of[entry])
            creator = people.get(span[2]) if span else None
            told.append(_listed(found, rows[entry], span, creator, conflicts))
    return told


def _tells(access: Access) -> Any:
    prefixes = access.areas(_TELLERS)
    return lambda area: area.startswith(prefixes)


def _subject(found: LedgerList, row: Any) -> str:
    """The entry whose records a row comes from: a case is of a person or a household."""
    told = dict(zip(found.columns, row, strict=True))
    if found.name == "cases":
        return str(told["person"] or told["household"])
    return str(told["name"])


def _spans(entries: Iterable[str]) -> dict[str, tuple[datetime, datetime, int]]:
    """Entry → when the first and the last record that speak of it were received, and who sent the first."""
    rows = query(
        "select entry::text, min(received_at), max(received_at),"
        "       (array_agg(worker_id order by received_at, id))[1]"
        "  from ledgers_contribution where entry = any(%s::uuid[]) group by entry",
        (list(set(entries) - {""}),),
    )
    return {entry: (first, last, worker) for entry, first, last, worker in rows}


def _conflicts(access: Access, name: str, wanted: list[str]) -> dict[str, str]:
    """Entry → the worst open disagreement about it."""
    if name not in _FAMILIES:
        return {}
    kind = ExceptionKind.ENTITY_CONFLICT
    rows = exceptions(access).filter(
        kind=kind, family=_FAMILIES[name], entry__in=wanted, resolved_at=None
    )
    found: dict[str, str] = {}
    for entry, detail in rows.values_list("entry", "detail"):
        if found.get(str(entry)) != "hard":
            found[str(entry)] = detail.get("verdict", "")
    return found


def _listed(
    found: LedgerList,
    row: Any,
    span: tuple[datetime, datetime, int] | None,
    creator: User | None,
    conflicts: Mapping[str, str],
) -> Listed:
    told = dict(zip(found.columns, row, strict=True))
    first, last, _worker = span or (None, None, 0)
    return Listed(
        entity=told["name"],
        label=told["label"],
        version=told["__version"],
        values={name: _text(told[name]) for name in found.columns if name not in _APART},
        created_at=first,
        updated_at=last if last != first else None,
        creator_id=creator.pk if creator else 0,
        creator=str(creator or ""),
        conflict=conflicts.get(told["name"], ""),
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)
