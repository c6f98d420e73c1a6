"""The statement that makes a vector tile of assisted households."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

from server.ledgers.storage.database import query_values
from server.ledgers.storage.fragments import open_case, urgency_of, without_numbers

CLUSTERS: Final = "clusters"
HOUSEHOLDS: Final = "households"
"""The layers of a tile."""


@dataclass(frozen=True, slots=True)
class TileQuery:
    """What a tile shows; coordinates and lengths are metres of EPSG:3857."""

    west: float
    south: float
    east: float
    north: float
    cell: float  # side of a cluster's cell
    areas: list[str]  # LIKE patterns of the user's areas
    restricted_areas: list[str]  # those where restricted categories are shown
    categories: list[str]
    unrestricted_categories: list[str]  # the same without restricted ones
    restricted_categories: list[str]
    max_single: int  # so many households are drawn one by one, more are clustered
    text: str | None  # LIKE pattern for address, number and members' names
    today: date
    due_from: date | None  # with one of these, households with an open case due then,
    due_to: date | None
    worker: int | None  # or linked to this worker

    @property
    def is_by_cases(self) -> bool:
        """Whether cases decide which households are shown."""
        return (self.due_from, self.due_to, self.worker) != (None, None, None)


def assisted_households_tile(tile: TileQuery) -> bytes:
    """The tile in Mapbox's format, with the layers `clusters` or `households`; b"" when it shows nothing."""
    statement = _TILE_BY_CASES if tile.is_by_cases else _TILE
    return bytes(query_values(statement, asdict(tile))[0])


# The view shows what the table's policy shows, and lets `&&` use its index (server/ops/row_policies.py).
# `&&` compares boxes rounded to single precision; the coordinates decide, and a point on a
# seam belongs to the tile east and south of it, so that none is counted twice.
# Clusters stand at the mean of their points.
_TILE: Final = f"""
with matching as materialized (
  select household.id, household.web_point, household.area_code,
         household.assisted_categories,
         household.area_code like any(%(restricted_areas)s) as shows_restricted
    from ledgers_household_on_map household
   where household.assisted_categories <> '{{}}'
     and household.web_point
         && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857)
     and st_x(household.web_point) >= %(west)s and st_x(household.web_point) < %(east)s
     and st_y(household.web_point) > %(south)s and st_y(household.web_point) <= %(north)s
     and household.area_code like any(%(areas)s)
     and (household.assisted_categories && %(unrestricted_categories)s::varchar[]
          or (household.area_code like any(%(restricted_areas)s)
              and household.assisted_categories && %(categories)s::varchar[]))
     and (%(text)s::text is null
          or household.address ilike %(text)s
          or household.hh_no ilike %(text)s
          or exists (select from ledgers_person person
                      where person.household_id = household.id and person.name ilike %(text)s
                        and person.area_code like any(%(areas)s)))
),
size as materialized (select count(*) <= %(max_single)s as is_small from matching),
clusters as (
  select count(*) as point_count,
         sum(cardinality(assisted_categories)) as categories,
         st_asmvtgeom(
             st_setsrid(st_makepoint(avg(st_x(web_point)), avg(st_y(web_point))), 3857),
             st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857)::box2d) as geom
    from matching
   where not (select is_small from size)
   group by floor((st_x(web_point) - %(west)s) / %(cell)s),
            floor((st_y(web_point) - %(south)s) / %(cell)s)
),
households as (
  select matching.id::text as id, household.hh_no,
         {without_numbers("household.address")} as address,
         (select string_agg(category, ',' order by category)
            from unnest(matching.assisted_categories) as category
           where matching.shows_restricted or category <> all(%(restricted_categories)s)) as categories,
         {urgency_of("due.next_due", "%(today)s")} as due,
         st_asmvtgeom(
             matching.web_point,
             st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857)::box2d) as geom
    from matching
    join ledgers_household household on household.id = matching.id
    left join lateral (
        select min(subject.next_due) as next_due
          from (select open_case.next_due from ledgers_assistancecase open_case
                 where open_case.subject_household_id = matching.id and {open_case("open_case")}
                 union all
                select open_case.next_due
                  from ledgers_person person
                  join ledgers_assistancecase open_case on open_case.subject_person_id = person.id
                 where person.household_id = matching.id and {open_case("open_case")}) as subject
    ) as due on true
   where (select is_small from size)
)
select coalesce((select st_asmvt(clusters, '{CLUSTERS}') from clusters), '')
    || coalesce((select st_asmvt(households, '{HOUSEHOLDS}') from households), '') as tile
"""  # noqa: S608 our own words
_BY_CASES: Final = f"""
by_cases as materialized (
  select distinct coalesce(asking.subject_household_id, person.household_id) as household_id
    from ledgers_assistancecase asking
    left join ledgers_person person on person.id = asking.subject_person_id
   where {open_case("asking")}
     and asking.area_code like any(%(areas)s)
     and (%(due_from)s::date is null or asking.next_due >= %(due_from)s)
     and (%(due_to)s::date is null or asking.next_due <= %(due_to)s)
     and (%(worker)s::int is null or asking.linked_worker_id = %(worker)s)
),"""  # noqa: S608 our own words
_TILE_BY_CASES: Final = _TILE.replace("with matching", f"with {_BY_CASES} matching", 1).replace(
    " where household.assisted_categories <> '{}'",
    " where household.assisted_categories <> '{}'"
    " and household.id in (select household_id from by_cases)",
    1,
)
