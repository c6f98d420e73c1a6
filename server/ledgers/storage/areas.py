"""The areas in which entries stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.definitions.vocabulary import EntityList
from server.ledgers.storage.database import query

_ROWS: Final = " union all ".join(
    f"select id, area_code from {model._meta.db_table} where id in (select entry from named)"  # noqa: S608 names of tables
    for model in LEDGERS.values()
)


class _Place(NamedTuple):
    key: str
    area: str


def areas_of(keys: Iterable[str]) -> dict[str, set[str]]:
    """Uuid → the areas of the entries, of whatever family, that it names; only of uuids that name one.

    An entry that has no row, because office staff removed it, stands where its latest
    contribution does; without a contribution, where phones last had it in a list.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    places = query(
        f"""
        with keys as (
            select key::uuid from unnest(%s::uuid[]) as key
        ), named as (
            select keys.key, coalesce(identity.entry, keys.key) as entry
              from keys left join ledgers_identitykey identity on identity.key = keys.key
            union
            select key, key from keys
        ), standing as ({_ROWS}
        ), lone as (
            select distinct on (contribution.entry) contribution.entry as id, contribution.area_code
              from ledgers_contribution contribution
             where contribution.entry in (select entry from named)
               and contribution.entry not in (select id from standing)
             order by contribution.entry, contribution.observed_at desc, contribution.id desc
        ), listed as (
            select entity as id, area_code from ledgers_listedentity
             where list = any(%s::text[]) and entity in (select entry from named)
               and entity not in (select id from standing union all select id from lone)
        )
        select distinct named.key::text as key, place.area_code as area
          from named
          join (table standing union all table lone union all table listed) place on place.id = named.entry
        """,  # noqa: S608 as above
        (wanted, list(EntityList)),
        row=_Place,
    )
    areas: dict[str, set[str]] = defaultdict(set)
    for key, area in places:
        areas[key].add(area)
    return dict(areas)
