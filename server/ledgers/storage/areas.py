"""The areas in which entries stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.definitions.vocabulary import EntityList
from server.ledgers.storage.database import query


class _Named(NamedTuple):
    key: str
    entry: str
    family: str  # "" of a key that no contribution has: it may be a case or another part


class _Place(NamedTuple):
    entry: str
    area: str


def areas_of(keys: Iterable[str]) -> dict[str, set[str]]:
    """Uuid → the areas of the entries, of whatever family, that it names; only of uuids that name one.

    An entry that has no row, because office staff removed it, stands where its latest
    contribution does; without a contribution, where phones last had it in a list. Two
    statements: only the tables of the families that the keys are of are looked into.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    named = query(
        """
        select key.key::text as key, coalesce(identity.entry, key.key)::text as entry,
               coalesce(identity.family, '') as family
          from unnest(%s::uuid[]) as key (key)
          left join ledgers_identitykey identity on identity.key = key.key
        """,
        (wanted,),
        row=_Named,
    )
    standing: dict[str, set[str]] = defaultdict(set)
    for place in _standing(named):
        standing[place.entry].add(place.area)
    areas: dict[str, set[str]] = defaultdict(set)
    for item in named:
        areas[item.key] |= standing.get(item.entry, set()) | standing.get(item.key, set())
    return {key: of_key for key, of_key in areas.items() if of_key}


def _standing(named: Collection[_Named]) -> list[_Place]:
    """Where the named entries stand, and the keys themselves where these are entries."""
    families = {item.family for item in named}
    tables = [
        definition.model._meta.db_table
        for ledger, definition in DEFINITIONS.items()
        if ledger in families or ("" in families and definition.part_of)
    ]
    rows = " union all ".join(
        f"select id, area_code from {table} where id = any(%(entries)s::uuid[])"  # noqa: S608 a table's name
        for table in tables
    )
    return query(
        f"""
        with standing as ({rows or "select null::uuid as id, '' as area_code where false"}
        ), lone as (
            select distinct on (contribution.entry) contribution.entry as id, contribution.area_code
              from ledgers_contribution contribution
             where contribution.entry = any(%(entries)s::uuid[])
               and contribution.entry not in (select id from standing)
             order by contribution.entry, contribution.observed_at desc, contribution.id desc
        ), listed as (
            select entity as id, area_code from ledgers_listedentity
             where list = any(%(lists)s::text[]) and entity = any(%(entries)s::uuid[])
               and entity not in (select id from standing union all select id from lone)
        )
        select id::text as entry, area_code as area
          from (table standing union all table lone union all table listed) place
        """,  # noqa: S608 as above
        {
            "entries": sorted({item.entry for item in named} | {item.key for item in named}),
            "lists": list(EntityList),
        },
        row=_Place,
    )
