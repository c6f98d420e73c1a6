"""What one office declares to another: the one statement that reads rows of another area for a reader (decision 0300).

It is a function of the database that runs with the rights of the tables' owner. It takes the
reader's areas, and gives a few columns of the other office's entry while both desks agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from server.core import row_security
from server.ledgers.definitions.vocabulary import Family, Ledger, LinkState, MembershipRole
from server.ledgers.storage.database import query

FUNCTION: Final = "ruhu_declared"
ARGUMENTS: Final = "reader_areas text[], side_id uuid"


@dataclass(frozen=True, slots=True)
class DeclaredRow:
    """Columns of one entry that the other office states in a role; the columns of other ledgers and roles are None."""

    role: str
    ledger: str
    id: UUID
    area_code: str
    residence_area: str | None
    residence_addr: str | None
    phone: str | None
    emp_status: str | None
    hukou_type: str | None
    hukou_area: str | None
    hukou_addr: str | None
    address: str | None
    dibao_status: str | None
    visited_at: datetime | None


def declared_rows(side: UUID) -> list[DeclaredRow]:
    """What the other office declares on a side of a link; nothing where the reader does not see that side."""
    return query(
        f"select * from {FUNCTION}(%s::text[], %s)",  # noqa: S608 a constant
        (list(row_security.areas_now()), side),
        row=DeclaredRow,
    )


_LEDGERS_OF_ROLES: Final = f"""
  select '{MembershipRole.HUKOU}', '{Ledger.PERSON}', person.id, person.area_code::text,
         null::text, null::text, null::text, null::text,
         person.hukou_type::text, person.hukou_area::text, person.hukou_addr::text,
         null::text, null::text, null::timestamptz
    from side join ledgers_person person on person.id = side.other_entry
   where exists (select from stated where role = '{MembershipRole.HUKOU}')
  union all
  select '{MembershipRole.HUKOU}', '{Ledger.HOUSEHOLD}', household.id, household.area_code::text,
         null, null, null, null, null, null, null,
         household.address::text, household.dibao_status::text, null
    from stated join ledgers_household household on household.id = stated.household_id
   where stated.role = '{MembershipRole.HUKOU}'
  union all
  select '{MembershipRole.RESIDENT}', '{Ledger.PERSON}', person.id, person.area_code::text,
         person.residence_area::text, person.residence_addr::text, person.phone,
         person.emp_status::text, null, null, null, null, null, null
    from side join ledgers_person person on person.id = side.other_entry
   where exists (select from stated where role = '{MembershipRole.RESIDENT}')
  union all
  (select '{MembershipRole.RESIDENT}', '{Ledger.VISIT}', visit.id, visit.area_code::text,
          null, null, null, null, null, null, null, null, null, visit.visited_at
     from side join ledgers_visit visit on visit.person_id = side.other_entry
    where exists (select from stated where role = '{MembershipRole.RESIDENT}')
    order by visit.visited_at desc
    limit 1)"""  # noqa: S608 members of enums

DEFINITION: Final = f"""\
returns table (role text, ledger text, id uuid, area_code text,
               residence_area text, residence_addr text, phone text, emp_status text,
               hukou_type text, hukou_area text, hukou_addr text,
               address text, dibao_status text, visited_at timestamptz)
language sql stable security definer set search_path = public, pg_temp
as $$
with side as (
  select link.entry, link.other_entry
    from ledgers_entrylink link left join ledgers_person own on own.id = link.entry
   where link.id = side_id
     and link.family = '{Family.PERSON}' and link.state = '{LinkState.TWO_PLACES}'
     and exists (select from unnest(reader_areas) as of_reader (prefix)
                  where starts_with(link.area_code, of_reader.prefix)
                     or starts_with(own.area_code, of_reader.prefix))
), stated as (
  select distinct on (home.role) home.role, home.household_id
    from side join ledgers_membership home
      on home.person_id = side.other_entry and home.to_on is null
   where not exists (select from ledgers_membership here
                      where here.person_id = side.entry and here.to_on is null
                        and here.role = home.role)
   order by home.role, home.from_on desc, home.id desc
){_LEDGERS_OF_ROLES}
$$"""  # noqa: S608 members of enums
"""What the function is: what the other office states and the reader's own does not (decision 0251)."""
