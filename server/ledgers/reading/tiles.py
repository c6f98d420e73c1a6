"""The map of assisted households as vector tiles; points never leave with more than a map needs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from django.db import connection

from server.accounts.access import RESTRICTED, Access
from server.core import clock
from server.core.codes import code_lists
from server.geo.tiles import Tile
from server.ledgers.folding.derive import categories as categories_rules

RESTRICTED_CATEGORIES: Final = categories_rules.RESTRICTED
"""Disability, release, rehabilitation: shown only with the restricted role (domain §3)."""

DETAIL_ZOOM: Final = 15  # from here on each household is a point of its own
FEW: Final = 300  # so many households are drawn one by one at any zoom
MANY: Final = 3_000  # more than this are clustered at any zoom
_CELLS: Final = 8  # clusters a tile's side, 32 screen pixels apart
_SOON: Final = timedelta(days=7)
_CLOSED: Final = "9"  # ST4


def assisted_tile(
    access: Access,
    z: int,
    x: int,
    y: int,
    *,
    categories: Collection[str] | None = None,
    q: str | None = None,
) -> bytes:
    """One tile of the households with an open assistance case; one query.

    Layer `clusters` (point_count, categories) where there are many: households counted on
    the server by cells of a grid. Layer `households` (id, hh_no, address, categories,
    due: overdue, soon, later or none) from DETAIL_ZOOM on, or where there are few.
    Never a name, an ID number or a phone.

    Categories that need the restricted role are left out where the user does not hold it;
    a household that has no others is not on the map. `categories` keeps those having one
    of them, `q` those whose address, number or members' names contain the text.
    Raises NoSuchTile.
    """
    tile = Tile.at(z, x, y)
    west, south, east, north = tile.bounds
    today = clock.today()
    wanted = set(categories) if categories else set(code_lists()["AC"].codes)
    parameters: dict[str, Any] = {
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "cell": tile.side / _CELLS,
        "areas": [f"{area}%" for area in access.areas()],
        "restricted_areas": [f"{area}%" for area in access.areas(RESTRICTED)],
        "wanted": sorted(wanted),
        "wanted_of_all": sorted(wanted - RESTRICTED_CATEGORIES),
        "restricted": sorted(RESTRICTED_CATEGORIES),
        "one_by_one": MANY if z >= DETAIL_ZOOM else FEW,
        "q": f"%{_literal(q.strip())}%" if q and q.strip() else None,
        "today": today,
        "soon": today + _SOON,
        "closed": _CLOSED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TILE, parameters)
        (mvt,) = cursor.fetchone()
    return bytes(mvt)


def _literal(text: str) -> str:
    """The text as itself inside a LIKE pattern."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


# `&&` compares boxes rounded to single precision; the coordinates decide, and a point on a
# seam belongs to the tile east and south of it, so that none is counted twice.
# Clusters stand at the mean of their points.
_TILE: Final = """
with found as materialized (
  select household.id, household.web_point, household.area_code,
         household.assisted_categories,
         household.area_code like any(%(restricted_areas)s) as unrestricted
    from ledgers_household household
   where household.assisted_categories <> '{}'
     and household.web_point
         && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857)
     and st_x(household.web_point) >= %(west)s and st_x(household.web_point) < %(east)s
     and st_y(household.web_point) > %(south)s and st_y(household.web_point) <= %(north)s
     and household.area_code like any(%(areas)s)
     and (household.assisted_categories && %(wanted_of_all)s::varchar[]
          or (household.area_code like any(%(restricted_areas)s)
              and household.assisted_categories && %(wanted)s::varchar[]))
     and (%(q)s::text is null
          or household.address ilike %(q)s
          or household.hh_no ilike %(q)s
          or exists (select from ledgers_person person
                      where person.household_id = household.id and person.name ilike %(q)s))
),
size as materialized (select count(*) <= %(one_by_one)s as is_small from found),
clusters as (
  select count(*) as point_count,
         sum(cardinality(assisted_categories)) as categories,
         st_asmvtgeom(
             st_setsrid(st_makepoint(avg(st_x(web_point)), avg(st_y(web_point))), 3857),
             st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857)::box2d) as geom
    from found
   where not (select is_small from size)
   group by floor((st_x(web_point) - %(west)s) / %(cell)s),
            floor((st_y(web_point) - %(south)s) / %(cell)s)
),
households as (
  select found.id::text as id, household.hh_no, household.address,
         (select string_agg(category, ',' order by category)
            from unnest(found.assisted_categories) as category
           where found.unrestricted or category <> all(%(restricted)s)) as categories,
         case when due.next_due < %(today)s then 'overdue'
              when due.next_due <= %(soon)s then 'soon'
              when due.next_due is null then 'none'
              else 'later' end as due,
         st_asmvtgeom(
             found.web_point,
             st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857)::box2d) as geom
    from found
    join ledgers_household household on household.id = found.id
    left join lateral (
        select min(subject.next_due) as next_due
          from (select kase.next_due, kase.state from ledgers_assistancecase kase
                 where kase.subject_household_id = found.id
                 union all
                select kase.next_due, kase.state
                  from ledgers_person person
                  join ledgers_assistancecase kase on kase.subject_person_id = person.id
                 where person.household_id = found.id) as subject
         where subject.state is distinct from %(closed)s
    ) as due on true
   where (select is_small from size)
)
select coalesce((select st_asmvt(clusters, 'clusters') from clusters), '')
    || coalesce((select st_asmvt(households, 'households') from households), '')
"""
