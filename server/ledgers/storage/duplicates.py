"""Entries of one office that may be the same: which are compared, what they have in common, and the exceptions that propose them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, Final, NamedTuple

from server.geo.models import PREFIX_LENGTH, Level
from server.ledgers.definitions.columns import Reading
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import ActKind, ExceptionKind, Family, Ledger
from server.ledgers.identity.likeness import WEIGHTS, Likeness, weighed
from server.ledgers.storage.database import dumps, execute, query

_OFFICE: Final = PREFIX_LENGTH[Level.STREET]
"""Leading digits of a division code that say which street office keeps the ledger."""

_PHONES = [name for name, column in COLUMNS[Ledger.PERSON].items() if column.reads is Reading.PHONE]
_SAME_PHONE: Final = " or ".join(
    f"a.{mine}_hash = b.{other}_hash" for mine, other in product(_PHONES, repeat=2)
)
"""SQL: any phone of one person is any phone of the other."""


def _rows(table: str) -> str:
    """SQL: the changed rows of a table."""
    return f"select * from {table} where id = any(%(entries)s::uuid[])"  # noqa: S608 a table's name


_SAME_OFFICE: Final = f"left(b.area_code, {_OFFICE}) = left(a.area_code, {_OFFICE})"
_PAIR: Final = "greatest(a.id, b.id) as entry, least(a.id, b.id) as other"
_ONE_NUMBER: Final = "(a.id_no_hash is null or b.id_no_hash is null)"
"""SQL: two persons with different numbers are two persons, twins or not."""

_READING: Final = (
    "(select reading from unnest(ruhu_readings({}.name)) reading"
    " order by length(reading) desc, reading limit 1)"
)
"""SQL: the whole name in pinyin."""

_BY_KEY: Final = "join lateral (select * from {0} where id = {1} offset 0) {2} on true"
"""SQL: the row of a pair's entry, by its primary key.

`offset 0` keeps the planner from joining all rows of a street first: it takes the comparison of
two rows for more telling than it is.
"""


def _both(table: str) -> str:
    """SQL: the rows `a` and `b` of pairs `near (mine, theirs)`."""
    a, b = _BY_KEY.format(table, "near.mine", "a"), _BY_KEY.format(table, "near.theirs", "b")
    return f"{a} {b}"


_PERSONS: Final = f"""
    select {_PAIR} from changed a
      join ledgers_person b
        on b.birth_date = a.birth_date and b.id <> a.id and {_SAME_OFFICE}
       and (b.name = a.name or {_SAME_PHONE} or b.residence_addr = a.residence_addr)
     union all
    select {_PAIR}
      from (select distinct mine.person_id as mine, theirs.person_id as theirs
              from ledgers_membership mine
              join ledgers_membership theirs
                on theirs.household_id = mine.household_id and theirs.person_id <> mine.person_id
             where mine.person_id = any(%(entries)s::uuid[])) near
      {_both("ledgers_person")}
     where {_SAME_OFFICE} and (b.name = a.name or b.birth_date = a.birth_date)
"""  # noqa: S608 constants
_NAMESAKES: Final = f"""
     union all
    (select {_PAIR} from changed a
       join ledgers_person b on b.name = a.name and b.id <> a.id and {_SAME_OFFICE} limit 200)
"""  # noqa: S608 constants
"""SQL: the further pairs for somebody who is looked at, not compared with every record that arrives."""

_FACTS_OF_PERSONS: Final = f"""
    select pairs.entry::text as entry, pairs.other::text as other,
           b.name = a.name as name,
           b.name = any(string_to_array(a.former_name, '；'))
               or a.name = any(string_to_array(b.former_name, '；')) as former_name,
           b.name <> a.name and {_READING.format("a")} = {_READING.format("b")} as reading,
           b.birth_date = a.birth_date as birth,
           a.birth_date is null or b.birth_date is null
               or abs(b.birth_date - a.birth_date) between 1 and 730 as birth_close,
           abs(b.birth_date - a.birth_date) > 730 as other_birth,
           {_SAME_PHONE} as phone,
           homes.household, homes.relation,
           b.residence_addr = a.residence_addr and not coalesce(homes.household, false) as address,
           a.sex <> b.sex as other_sex,
           b.name <> a.name and exists (
               select from ledgers_contribution mine
                 join ledgers_contribution theirs using (submission_id)
                where mine.entry = a.id and theirs.entry = b.id) as together
      from pairs
      join ledgers_person a on a.id = pairs.entry
      join ledgers_person b on b.id = pairs.other and {_ONE_NUMBER}
      left join lateral (
           select true as household, bool_or(mine.relation = theirs.relation) as relation
             from ledgers_membership mine
             join ledgers_membership theirs using (household_id)
            where mine.person_id = a.id and theirs.person_id = b.id
           having count(*) > 0) homes on true
"""  # noqa: S608 constants

_EMPLOYERS: Final = f"""
    select {_PAIR} from changed a
      join ledgers_employer b on b.name = a.name and b.id <> a.id and {_SAME_OFFICE}
"""  # noqa: S608 constants
_FACTS_OF_EMPLOYERS: Final = """
    select pairs.entry::text as entry, pairs.other::text as other,
           b.name = a.name as name, b.address = a.address as address,
           b.phone_hash = a.phone_hash as phone,
           st_dwithin(b.loc::geography, a.loc::geography, 50) as place
      from pairs
      join ledgers_employer a on a.id = pairs.entry
      join ledgers_employer b on b.id = pairs.other and (a.uscc is null or b.uscc is null)
"""

_DOOR: Final = "regexp_replace(concat_ws('|', {0}.address, {0}.building, {0}.room), '\\s', '', 'g')"
_SAME_DOOR: Final = f"b.address <> '' and {_DOOR.format('b')} = {_DOOR.format('a')}"
_MEMBERS: Final = """
    select mine.household_id as id, member.id as member, member.name as member_name
      from (select distinct household_id, person_id from ledgers_membership
             where household_id = any(%(entries)s::uuid[])) mine
      join ledgers_person member on member.id = mine.person_id
"""
"""SQL: everybody who ever belonged to the changed households, with the household."""
_HOUSEHOLDS: Final = f"""
    select {_PAIR}
      from (select changed.id as mine, theirs.household_id as theirs from changed
              join ledgers_membership theirs
                on theirs.person_id = changed.member and theirs.household_id <> changed.id
             union
            select changed.id, theirs.household_id from changed
              join lateral (select id from ledgers_person
                             where name = changed.member_name and id <> changed.member
                            offset 0) namesake on true
              join ledgers_membership theirs
                on theirs.person_id = namesake.id and theirs.household_id <> changed.id) near
      {_both("ledgers_household")}
     where {_SAME_OFFICE} and ({_SAME_DOOR} or b.hukou_book_no_hash = a.hukou_book_no_hash)
"""  # noqa: S608 constants
_FACTS_OF_HOUSEHOLDS: Final = f"""
    select pairs.entry::text as entry, pairs.other::text as other,
           {_SAME_DOOR} as address,
           b.hukou_book_no_hash = a.hukou_book_no_hash as book,
           st_dwithin(b.loc::geography, a.loc::geography, 50) as place,
           exists (select from ledgers_membership mine
                     join ledgers_membership theirs using (person_id)
                    where mine.household_id = a.id and theirs.household_id = b.id) as member,
           exists (select from ledgers_membership mine
                     join ledgers_person member on member.id = mine.person_id
                     join ledgers_person namesake
                       on namesake.name = member.name and namesake.id <> member.id
                     join ledgers_membership theirs on theirs.person_id = namesake.id
                    where mine.household_id = a.id and theirs.household_id = b.id) as namesake
      from pairs
      join ledgers_household a on a.id = pairs.entry
      join ledgers_household b on b.id = pairs.other
"""  # noqa: S608 constants


class _Compared(NamedTuple):
    """The SQL by which the entries of a family are compared."""

    changed: str  # the entries, once read
    pairs: str
    namesakes: str  # further pairs, for an entry that somebody looks at
    facts: str  # what a pair has in common


_COMPARED: Final[Mapping[str, _Compared]] = {
    Family.PERSON: _Compared(_rows("ledgers_person"), _PERSONS, _NAMESAKES, _FACTS_OF_PERSONS),
    Family.EMPLOYER: _Compared(_rows("ledgers_employer"), _EMPLOYERS, "", _FACTS_OF_EMPLOYERS),
    Family.HOUSEHOLD: _Compared(_MEMBERS, _HOUSEHOLDS, "", _FACTS_OF_HOUSEHOLDS),
}


def _not_told_apart(family: str) -> str:
    """SQL: no desk act says that the pair are different."""
    return f"""
        not exists (
            select from ledgers_deskact act
             where act.kind = '{ActKind.NOT_SAME}' and act.undone_at is null
               and act.family = '{family}'
               and (select array_agg(key.entry order by key.entry)
                      from ledgers_identitykey key
                     where key.family = '{family}' and key.key in (act.entry, act.other))
                   = array[pairs.other, pairs.entry])
    """  # noqa: S608 members of enums


def likenesses(family: str, entries: Iterable[str], *, widely: bool = False) -> list[Likeness]:
    """What these entries have in common with others of their office, of pairs that nobody has told apart.

    Compared are those that share what the more telling reasons begin with, through indexes;
    `widely` adds namesakes, at most two hundred, for an entry that somebody looks at.
    """
    wanted = list(entries)
    if not wanted:
        return []
    sql = _COMPARED[family]
    pairs = sql.pairs + (sql.namesakes if widely else "")
    rows: list[dict[str, Any]] = query(
        f"with changed as materialized ({sql.changed}),"  # noqa: S608 constants
        f" pairs as (select distinct entry, other from ({pairs}) pair)"
        f" {sql.facts} where {_not_told_apart(family)}",
        {"entries": wanted},
        row=dict,
    )
    alike = [weighed(family, row.pop("entry"), row.pop("other"), row) for row in rows]
    return sorted(alike, key=lambda likeness: (-likeness.score, likeness.entry, likeness.other))


def reconcile_duplicates(changed: Mapping[str, Iterable[str]]) -> None:
    """Make the open `possible_duplicate` exceptions with these entries, by family, what their rows say.

    What another street knows is not shown to its neighbour. The exception belongs to the
    entry with the greater uuid, and is caused by that entry's first contribution.
    """
    entries = {family: list(changed.get(family, ())) for family in WEIGHTS}
    proposed: list[dict[str, Any]] = [
        {
            "family": likeness.family,
            "entry": likeness.entry,
            "other": likeness.other,
            "detail": {"score": likeness.score, "reasons": list(map(str, likeness.reasons))},
        }
        for family, of_family in entries.items()
        for likeness in likenesses(family, of_family)
        if likeness.is_proposed
    ]
    everything = [entry for of_family in entries.values() for entry in of_family]
    if not everything:
        return
    execute(
        f"""
        with causes as (
            select pairs.family, pairs.entry, pairs.other, pairs.detail,
                   first.id as contribution, first.received_at,
                   coalesce(person.area_code, household.area_code, employer.area_code) as area_code
              from json_to_recordset(%(proposed)s::json)
                   as pairs(family text, entry uuid, other uuid, detail jsonb)
              left join ledgers_person person on person.id = pairs.entry
              left join ledgers_household household on household.id = pairs.entry
              left join ledgers_employer employer on employer.id = pairs.entry
              join lateral (select id, received_at from ledgers_contribution contribution
                             where contribution.entry = pairs.entry
                               and contribution.family = pairs.family
                             order by contribution.id limit 1) first on true
        ), unfounded as (
            delete from ledgers_ledgerexception stored
             where stored.kind = '{ExceptionKind.POSSIBLE_DUPLICATE}' and stored.resolved_at is null
               and (stored.entry = any(%(entries)s::uuid[]) or stored.other = any(%(entries)s::uuid[]))
               and not exists (select from causes
                                where causes.contribution = stored.contribution
                                  and causes.other = stored.other)
        )
        insert into ledgers_ledgerexception as stored
               (kind, family, entry, "column", contribution, other, area_code, detail, opened_at,
                resolution)
        select '{ExceptionKind.POSSIBLE_DUPLICATE}', family, entry, '', contribution, other,
               area_code, detail, received_at, ''
          from causes
            on conflict (kind, "column", contribution, other) do update
           set entry = excluded.entry, area_code = excluded.area_code, detail = excluded.detail
         where (stored.entry, stored.area_code, stored.detail)
               is distinct from (excluded.entry, excluded.area_code, excluded.detail)
        """,  # noqa: S608 members of enums
        {"entries": everything, "proposed": dumps(proposed)},
    )
