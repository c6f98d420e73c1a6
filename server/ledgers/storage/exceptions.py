"""The stored exceptions of the ledgers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import product
from typing import Any, Final, NamedTuple, TypedDict

from server.geo.models import PREFIX_LENGTH, Level
from server.ledgers.definitions.columns import Reading
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import (
    FOLDED_KINDS,
    ActKind,
    ExceptionKind,
    Family,
    Ledger,
)
from server.ledgers.storage.database import dumps, execute


class Cause(NamedTuple):
    """What tells the exceptions that a fold raises apart."""

    kind: str
    column: str
    contribution: int


class ExceptionRow(TypedDict):
    """An exception that a fold raised, as it is stored."""

    kind: str
    family: str
    entry: str
    column: str
    contribution: int
    area_code: str
    detail: dict[str, Any]
    opened_at: datetime


def delete_open_exceptions(entries: Collection[str], keeping: Iterable[Cause]) -> None:
    """Delete the open exceptions of these entries that a fold raises, except those with a cause to keep.

    Resolved ones stay.
    """
    if not entries:
        return
    causes = list(keeping)
    execute(
        """
        delete from ledgers_ledgerexception
         where entry = any(%s::uuid[]) and resolved_at is null
           and kind = any(%s::text[])
           and not exists (
               select from unnest(%s::text[], %s::text[], %s::bigint[]) as cause (k, c, id)
                where k = kind and c = "column" and id = contribution)
        """,
        (
            list(entries),
            sorted(FOLDED_KINDS),
            [cause.kind for cause in causes],
            [cause.column for cause in causes],
            [cause.contribution for cause in causes],
        ),
    )


def put_exceptions(rows: Sequence[ExceptionRow]) -> None:
    """Store exceptions; of one that is stored already, open or resolved, only entry, area and detail change."""
    if not rows:
        return
    execute(
        """
        insert into ledgers_ledgerexception as stored
               (kind, family, entry, "column", contribution, area_code, detail, opened_at,
                resolution)
        select kind, family, entry, "column", contribution, area_code, detail, opened_at, ''
          from json_populate_recordset(null::ledgers_ledgerexception, %s::json)
            on conflict (kind, "column", contribution, other) do update
           set entry = excluded.entry, area_code = excluded.area_code,
               detail = excluded.detail
         where (stored.entry, stored.area_code, stored.detail)
               is distinct from (excluded.entry, excluded.area_code, excluded.detail)
        """,
        (dumps(rows),),
    )


_PHONES = [name for name, column in COLUMNS[Ledger.PERSON].items() if column.reads is Reading.PHONE]
_SAME_PHONE = " or ".join(
    f"lookalike.{mine}_hash = person.{other}_hash" for mine, other in product(_PHONES, repeat=2)
)
"""SQL: any phone of one person is any phone of the other."""


_SAME_BIRTH: Final = "lookalike.birth_date = person.birth_date"
_CLOSE_BIRTH: Final = (
    "(lookalike.birth_date is null or person.birth_date is null"
    " or abs(lookalike.birth_date - person.birth_date) <= 730)"
)
"""SQL: one of the births is unknown, or they lie within two years: a day that was given roughly."""

_OFFICE: Final = PREFIX_LENGTH[Level.STREET]
"""Leading digits of a division code that say which street office keeps the ledger."""


def reconcile_possible_duplicates(people: Iterable[str]) -> None:
    """Make the open `possible_duplicate` exceptions among and with these persons what their rows say.

    Two persons of one street are possibly the same if they have the same name and date of birth,
    and the same phone or household, now or at any time, or the same name and relation in such a
    household and births that lie within two years; what another street knows is not shown to its neighbour. Two different valid ID numbers are two persons, twins or
    not; a desk act "not the same" silences a pair. The exception belongs to the person
    with the greater uuid, and is caused by that person's first contribution.
    """
    entries = list(people)
    if not entries:
        return
    execute(
        f"""
        with likely as (
            select distinct greatest(person.id, lookalike.id) as entry, least(person.id, lookalike.id) as other
              from ledgers_person person
              join ledgers_person lookalike
                on lookalike.name = person.name and lookalike.birth_date = person.birth_date and lookalike.id <> person.id
               and ({_SAME_PHONE} or lookalike.household_id = person.household_id)
               and (person.id_no_hash is null or lookalike.id_no_hash is null)
               and left(lookalike.area_code, {_OFFICE}) = left(person.area_code, {_OFFICE})
             where person.id = any(%(entries)s::uuid[])
             union
            select greatest(person.id, lookalike.id), least(person.id, lookalike.id)
              from ledgers_person person
              join ledgers_membership mine on mine.person_id = person.id
              join ledgers_membership theirs
                on theirs.household_id = mine.household_id and theirs.person_id <> person.id
              join ledgers_person lookalike
                on lookalike.id = theirs.person_id and lookalike.name = person.name
               and ({_SAME_BIRTH} or mine.relation = theirs.relation and {_CLOSE_BIRTH})
               and (person.id_no_hash is null or lookalike.id_no_hash is null)
               and left(lookalike.area_code, {_OFFICE}) = left(person.area_code, {_OFFICE})
             where person.id = any(%(entries)s::uuid[])
        ), pairs as (
            select entry, other from likely
             where not exists (
                   select from ledgers_deskact act
                    where act.kind = '{ActKind.NOT_SAME}' and act.undone_at is null
                      and act.family = '{Family.PERSON}'
                      and (select array_agg(key.entry order by key.entry)
                             from ledgers_identitykey key
                            where key.family = '{Family.PERSON}' and key.key in (act.entry, act.other))
                          = array[likely.other, likely.entry])
        ), causes as (
            select pairs.entry, pairs.other, first.id as contribution, first.received_at,
                   person.area_code
              from pairs
              join ledgers_person person on person.id = pairs.entry
              join lateral (select id, received_at from ledgers_contribution contribution
                             where contribution.entry = pairs.entry
                               and contribution.family = '{Family.PERSON}'
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
        select '{ExceptionKind.POSSIBLE_DUPLICATE}', '{Family.PERSON}', entry, '', contribution, other,
               area_code, '{{}}',
               received_at, ''
          from causes
            on conflict (kind, "column", contribution, other) do update
           set entry = excluded.entry, area_code = excluded.area_code
         where (stored.entry, stored.area_code) is distinct from (excluded.entry, excluded.area_code)
        """,  # noqa: S608 members of enums
        {"entries": entries},
    )
