"""The versions phones know list entries by: they rise with every change a phone can see, and never fall.

The fold makes and unmakes rows, and a rebuild makes all of them again; what phones were
told is history and is kept apart from it (decision 0150). Runs under the merge lock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from server.ledgers.entity_lists import lists as entities
from server.ledgers.entity_lists.lists import LedgerList
from server.ledgers.models import ListedEntity
from server.ledgers.storage.database import dumps, query
from server.ledgers.storage.list_revisions import raise_revisions

LISTS: Final[dict[str, LedgerList]] = {
    "households": entities.households,
    "cases": entities.cases,
    "employers": entities.employers,
}
TABLES: Final = {
    "households": "ledgers_household",
    "cases": "ledgers_assistancecase",
    "employers": "ledgers_employer",
}
DATED: Final = frozenset({"marker-color", "marker-symbol"})
"""Follow the calendar, not the entry: the list's hash has the day, its versions have not."""
_APART: Final = DATED | {"name", "__version"}
_CHUNK: Final = 5_000


@dataclass(frozen=True, slots=True)
class Known:
    """What phones were last told of an entry."""

    version: int
    area_code: str
    seen: Mapping[str, str]
    changed: Mapping[str, int]
    left_as: str


def known(name: str, wanted: Iterable[str]) -> dict[str, Known]:
    """Entity → what phones were told of it, for those that were ever listed."""
    rows = query(
        "select entity::text, version, area_code, seen::text, changed::text, left_as"
        "  from ledgers_listedentity where list = %s and entity = any(%s::uuid[])",
        (name, list(wanted)),
    )
    return {
        entity: Known(version, area, json.loads(seen), json.loads(changed), left_as)
        for entity, version, area, seen, changed, left_as in rows
    }


def digest(value: Any) -> str:
    """A visible value as it is compared: by the text a phone sees."""
    text = "" if value is None else str(value)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def stamp(name: str, touched: Iterable[str]) -> None:
    """Bring the versions of these entries in step with their rows, and raise the revisions of the lists that changed.

    An entry seen for the first time gets 1; one whose visible properties or label changed,
    or that comes back, the next number; one that left keeps its number.
    """
    every = sorted(set(touched))
    for start in range(0, len(every), _CHUNK):
        _stamp(name, every[start : start + _CHUNK])


def raise_to_branches(entities: Iterable[str]) -> None:
    """Bring versions up to what phones counted that changed these entities offline.

    Such a phone numbers its own row with each change, keeps it while the list's number is
    lower, and would not see what others do next. Nothing a form says leads further than to
    as many versions as changes came, after one that phones were really told.
    """
    raised = query(
        "with branch as ("
        "  select list, entity, coalesce(max(trunk_version), 1) as trunk,"
        "         least(max(base_version) + 1, coalesce(max(trunk_version), 1) + count(*)) as counted"
        "    from ledgers_entityclaim"
        "   where entity = any(%s::uuid[]) and branch_id <> '' and base_version is not null"
        "   group by list, entity, branch_id),"
        " wanted as ("
        "  select told.list, told.entity, max(counted) as version"
        "    from branch join ledgers_listedentity told using (list, entity)"
        "   where told.left_as = '' and trunk <= told.version group by told.list, told.entity)"
        " update ledgers_listedentity told set version = wanted.version from wanted"
        "  where (told.list, told.entity) = (wanted.list, wanted.entity)"
        "    and told.version < wanted.version"
        " returning told.list, told.area_code",
        (list(entities),),
    )
    raise_revisions({(name, area) for name, area in raised})


def stamp_touched(entries: Mapping[str, set[str]], cases: Iterable[str]) -> None:
    """Stamp what lists show of these entries (by family), and these cases beside those they own."""
    owned = query(
        "select id::text from ledgers_assistancecase where subject_person_id = any(%s::uuid[])"
        " union select id::text from ledgers_assistancecase"
        " where subject_household_id = any(%s::uuid[])",
        (list(entries["person"]), list(entries["household"])),
    )
    stamp("households", entries["household"])
    stamp("cases", {*cases, *(case for (case,) in owned)})
    stamp("employers", entries["employer"])


def stamp_everything() -> None:
    """The same for every row there is and every one there was: after a rebuild was put in place."""
    for name, table in TABLES.items():
        rows = query(
            f"select id::text from {table}"  # noqa: S608 one of three
            " union select entity::text from ledgers_listedentity where list = %s",
            (name,),
        )
        stamp(name, (entry for (entry,) in rows))


def _stamp(name: str, wanted: Sequence[str]) -> None:
    found = LISTS[name]
    before, put, moved = known(name, wanted), [], set()
    gone = set(wanted)
    area_at = found.columns.index("community")
    visible = [(at, one) for at, one in enumerate(found.columns) if one not in _APART]
    for row in found.rows_of(wanted):
        gone.discard(row[0])
        seen = {column: digest(row[at]) for at, column in visible}
        made = _next(before.get(row[0]), seen, row[area_at])
        if made is not None:
            put.append(_record(name, row[0], made))
            moved.add((name, made.area_code))
            if row[0] in before:
                moved.add((name, before[row[0]].area_code))
    left = {entry: before[entry] for entry in gone if entry in before}
    for entry, why in _why_left(name, left).items():
        was = left[entry]
        if was.left_as != why:
            put.append(
                _record(name, entry, Known(was.version, was.area_code, was.seen, was.changed, why))
            )
            moved.add((name, was.area_code))
    if put:
        query(
            "insert into ledgers_listedentity"
            "       (list, entity, version, area_code, seen, changed, left_as)"
            " select list, entity, version, area_code, seen, changed, left_as"
            "   from json_populate_recordset(null::ledgers_listedentity, %s::json)"
            "     on conflict (list, entity) do update"
            "    set version = excluded.version, area_code = excluded.area_code,"
            "        seen = excluded.seen, changed = excluded.changed, left_as = excluded.left_as",
            (dumps(put),),
        )
    raise_revisions(moved)


def _next(was: Known | None, seen: dict[str, str], area: str) -> Known | None:
    """What phones are to be told now; None when they know it."""
    if was is None:
        return Known(1, area, seen, {}, "")
    differing = [column for column, one in seen.items() if was.seen.get(column) != one]
    if not differing and not was.left_as and was.area_code == area:
        return None
    version = was.version + 1
    return Known(version, area, seen, {**was.changed, **dict.fromkeys(differing, version)}, "")


def _why_left(name: str, left: Iterable[str]) -> dict[str, str]:
    wanted = list(left)
    if not wanted:
        return {}
    rows = query(
        f"select id::text from {TABLES[name]} where id = any(%s::uuid[])",  # noqa: S608 one of three
        (wanted,),
    )
    there = {entry for (entry,) in rows}
    return {
        entry: ListedEntity.Left.CLOSED if entry in there else ListedEntity.Left.REMOVED
        for entry in wanted
    }


def _record(name: str, entry: str, told: Known) -> dict[str, Any]:
    return {
        "list": name,
        "entity": entry,
        "version": told.version,
        "area_code": told.area_code,
        "seen": told.seen,
        "changed": told.changed,
        "left_as": str(told.left_as),
    }
