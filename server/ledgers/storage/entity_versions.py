"""The versions by which phones know list entries (table ledgers_listedentity, decision 0150).

Rows are never deleted. The functions that write are called under the merge lock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from server.ledgers.definitions.vocabulary import LIST_FAMILIES, EntityList
from server.ledgers.models import ListedEntity
from server.ledgers.storage.database import dumps, execute, query, query_values, words
from server.ledgers.storage.fragments import (
    is_listed_person,
    is_listed_retiree,
    is_open_vacancy,
    open_case,
)
from server.ledgers.storage.selections import in_areas

LIST_TABLES: Final = {
    EntityList.HOUSEHOLDS: "ledgers_household",
    EntityList.CASES: "ledgers_assistancecase",
    EntityList.EMPLOYERS: "ledgers_employer",
    EntityList.PERSONS: "ledgers_person",
    EntityList.VACANCIES: "ledgers_vacancy",
    EntityList.RETIREES: "ledgers_retiree",
}
"""The lists with versions, and the ledger whose rows they show. Communities have none."""

_FIRST_UUID: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class EntityVersion:
    """What phones know of an entry: the number and the values that its list last showed."""

    version: int
    area_code: str
    digests: Mapping[str, str]  # property → digest of its value
    changed: Mapping[str, int]  # property → the version that last changed it
    left_as: str  # member of ListedEntity.Left, or "" while it is listed


class Tombstone(NamedTuple):
    """An entity that must be reported deleted though no list ever showed it."""

    list: EntityList
    entity: str
    area_code: str


class ListArea(NamedTuple):
    """A list in a community."""

    list: str
    area_code: str


def entity_versions(name: EntityList, entities: Iterable[str]) -> dict[str, EntityVersion]:
    """Entity → what phones know of it, for those that were ever listed."""
    return dict(
        query(
            "select entity::text as entity, version, area_code, seen::text as digests,"
            "       changed::text as changed, left_as"
            "  from ledgers_listedentity where list = %s and entity = any(%s::uuid[])",
            (name, list(entities)),
            row=_of_entity,
        )
    )


def _of_entity(
    *, entity: str, digests: str, changed: str, **columns: Any
) -> tuple[str, EntityVersion]:
    version = EntityVersion(digests=json.loads(digests), changed=json.loads(changed), **columns)
    return entity, version


def put_entity_versions(name: EntityList, versions: Mapping[str, EntityVersion]) -> None:
    """Insert or replace the versions of these entities of a list."""
    if not versions:
        return
    execute(
        "insert into ledgers_listedentity"
        "       (list, entity, version, area_code, seen, changed, left_as)"
        " select %s, entity, version, area_code, digests, changed, left_as"
        "   from json_to_recordset(%s::json) as known (entity uuid, version int,"
        "        area_code text, digests jsonb, changed jsonb, left_as text)"
        "     on conflict (list, entity) do update"
        "    set version = excluded.version, area_code = excluded.area_code,"
        "        seen = excluded.seen, changed = excluded.changed, left_as = excluded.left_as",
        (name, dumps([_record(*item) for item in versions.items()])),
    )


def _record(entity: str, version: EntityVersion) -> dict[str, Any]:
    return {
        "entity": entity,
        "version": version.version,
        "area_code": version.area_code,
        "digests": version.digests,
        "changed": version.changed,
        "left_as": version.left_as,
    }


def put_tombstones(tombstones: Iterable[Tombstone]) -> None:
    """Write version 0, removed, for those that no contribution names and no list ever showed."""
    rows = [
        {**tombstone._asdict(), "family": LIST_FAMILIES.get(tombstone.list)}
        for tombstone in tombstones
    ]
    if not rows:
        return
    execute(
        f"""
        insert into ledgers_listedentity
               (list, entity, version, area_code, seen, changed, left_as)
        select list, entity, 0, area_code, '{{}}', '{{}}', '{ListedEntity.Left.REMOVED}'
          from json_to_recordset(%s::json)
            as refused (list text, entity uuid, family text, area_code text)
         where not exists (select from ledgers_identitykey key
                            where key.family = refused.family and key.key = refused.entity)
            on conflict do nothing
        """,  # noqa: S608 a member of an enum
        (dumps(rows),),
    )


def raise_versions_to_branches(entities: Iterable[str]) -> list[ListArea]:
    """Raise versions to what phones counted in their branches; the lists and areas whose rows changed.

    A branch counts to the greatest base version it stated and one more, but never past its
    trunk version + the number of its edits received. A branch whose trunk version the
    server never gave out raises nothing. Entries that left their list keep their version.
    """
    return query(
        "with branch as ("
        "  select list, entity, coalesce(max(trunk_version), 1) as trunk,"
        "         least(max(base_version) + 1, coalesce(max(trunk_version), 1) + count(*)) as counted"
        "    from ledgers_entityclaim"
        "   where entity = any(%s::uuid[]) and branch_id <> '' and base_version is not null"
        "   group by list, entity, branch_id),"
        " raised as ("
        "  select known.list, known.entity, max(counted) as version"
        "    from branch join ledgers_listedentity known using (list, entity)"
        "   where known.left_as = '' and trunk <= known.version group by known.list, known.entity)"
        " update ledgers_listedentity known set version = raised.version from raised"
        "  where (known.list, known.entity) = (raised.list, raised.entity)"
        "    and known.version < raised.version"
        " returning known.list, known.area_code",
        (list(entities),),
        row=ListArea,
    )


def every_entry(name: EntityList) -> list[str]:
    """Every entry that the list's ledger has, and every one that the list ever showed."""
    return query_values(
        f"select id::text from {LIST_TABLES[name]}"  # noqa: S608 a table of LIST_TABLES
        " union select entity::text from ledgers_listedentity where list = %s",
        (name,),
    )


def entries_in_ledger(name: EntityList, entries: Iterable[str]) -> set[str]:
    """Those of the entries that the list's ledger has."""
    wanted = list(entries)
    if not wanted:
        return set()
    return set(
        query_values(
            f"select id::text from {LIST_TABLES[name]} where id = any(%s::uuid[])",  # noqa: S608 a table of LIST_TABLES
            (wanted,),
        )
    )


def cases_of(people: Iterable[str], households: Iterable[str]) -> set[str]:
    """The cases of these persons and of these households."""
    return set(
        query_values(
            "select id::text from ledgers_assistancecase"
            " where subject_person_id = any(%s::uuid[])"
            " union select id::text from ledgers_assistancecase"
            " where subject_household_id = any(%s::uuid[])",
            (list(people), list(households)),
        )
    )


def residents_of(households: Iterable[str]) -> set[str]:
    """The persons who are counted in these households: their rows show its building and room."""
    return set(
        query_values(
            "select id::text from ledgers_person where household_id = any(%s::uuid[])",
            (list(households),),
        )
    )


def vacancies_of(employers: Iterable[str]) -> set[str]:
    """The vacancies of these employers: their rows show its name."""
    return _naming("ledgers_vacancy", "employer_id", employers)


def retirements_of(people: Iterable[str]) -> set[str]:
    """The rows of retired persons that are about these persons: they show name, year of birth and home."""
    return _naming("ledgers_retiree", "person_id", people)


def _naming(table: str, link: str, entries: Iterable[str]) -> set[str]:
    """The rows of a table that name one of these entries by a link. No query for none."""
    named = list(entries)
    if not named:
        return set()
    statement = f"select id::text from {table} where {link} = any(%s::uuid[])"  # noqa: S608 of two
    return set(query_values(statement, (named,)))


def count_listed(name: EntityList, areas: Iterable[str]) -> int:
    """How many entries of the list these areas have."""
    return int(query_values(f"select count(*) from {_listed(name, areas)}")[0])  # noqa: S608 digits only


def listed_after(name: EntityList, areas: Iterable[str], after: str, limit: int) -> list[str]:
    """The first entries of the list in these areas behind a uuid ("": from the beginning), ascending."""
    return query_values(
        f"select id::text as entry from {_listed(name, areas)} and id > %s::uuid order by id limit %s",  # noqa: S608 digits only
        (after or _FIRST_UUID, limit),
    )


def is_listed(name: EntityList, areas: Iterable[str], entry: str) -> bool:
    """Whether the list has this entry in these areas."""
    return bool(
        query_values(
            f"select 1 from {_listed(name, areas)} and id = %s::uuid",  # noqa: S608 digits only
            (entry,),
        )
    )


def _listed(name: EntityList, areas: Iterable[str]) -> str:
    """Table and condition of the list's entries in these areas."""
    table = LIST_TABLES[name]
    shown = {
        EntityList.CASES: open_case(table),
        EntityList.PERSONS: is_listed_person(table),
        EntityList.VACANCIES: is_open_vacancy(table),
        EntityList.RETIREES: is_listed_retiree(table),
    }
    is_shown = f" and {shown[name]}" if name in shown else ""
    return f"{table} where {in_areas('area_code', areas)}{is_shown}"


def removed_entities(entities: Iterable[str], areas: Iterable[str]) -> set[str]:
    """Those of the entities that the phones of these areas should delete.

    Removed ones whose area was one of these, and those merged into an entry that was
    listed here. Unknown ones and those of other areas are not among them.
    """
    prefixes = list(areas)
    return set(
        query_values(
            f"""
            with asked as (select distinct unnest(%s::uuid[]) as entity), alias as (
                select asked.entity, key.entry
                  from asked join ledgers_identitykey key on key.key = asked.entity
                 where key.family in ({words(LIST_FAMILIES.values())}) and key.entry <> key.key
            )
            select listed.entity::text from asked join ledgers_listedentity listed using (entity)
             where listed.left_as = '{ListedEntity.Left.REMOVED}'
               and {in_areas("listed.area_code", prefixes)}
               and listed.list in ({words(LIST_TABLES)})
               and not exists (select from alias where alias.entity = listed.entity)
            union
            select alias.entity::text from alias
              join ledgers_listedentity survivor on survivor.entity = alias.entry
             where survivor.list in ({words(LIST_FAMILIES)})
               and {in_areas("survivor.area_code", prefixes)}
            """,  # noqa: S608 digits and members of enums
            (list(entities),),
        )
    )
