"""Exceptions kept in step with what the fold found (domain §2: a person decides, nothing is overwritten)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from server.ledgers.definitions.vocabulary import FOLDED_KINDS, ActKind, ExceptionKind, Family
from server.ledgers.folding.row import RaisedException
from server.ledgers.storage.database import dumps, query


def settle(
    raised: Sequence[RaisedException], scope: Iterable[str], areas: Mapping[str, str]
) -> None:
    """Make the open exceptions of the entries in scope what was raised.

    One that was resolved stays resolved, and stays on record when its cause is gone; an
    open one whose cause is gone disappears. `areas` is entry → area code.
    """
    found = {(one.kind, one.column, one.contribution.id): one for one in raised}
    entries = list(scope)
    if entries:
        query(
            """
            delete from ledgers_ledgerexception
             where entry = any(%s::uuid[]) and resolved_at is null
               and kind = any(%s::text[])
               and not exists (
                   select from unnest(%s::text[], %s::text[], %s::bigint[]) as found (k, c, id)
                    where k = kind and c = "column" and id = contribution)
            """,
            (
                entries,
                sorted(FOLDED_KINDS),
                [kind for kind, _, _ in found],
                [column for _, column, _ in found],
                [said for _, _, said in found],
            ),
        )
    if found:
        rows = [
            {
                "kind": one.kind,
                "family": one.family,
                "entry": one.entry,
                "column": one.column,
                "contribution": one.contribution.id,
                "area_code": areas.get(one.entry) or one.contribution.area_code,
                "detail": one.detail,
                "opened_at": one.contribution.received_at,
            }
            for one in found.values()
        ]
        query(
            """
            insert into ledgers_ledgerexception as known
                   (kind, family, entry, "column", contribution, area_code, detail, opened_at,
                    resolution)
            select kind, family, entry, "column", contribution, area_code, detail, opened_at, ''
              from json_populate_recordset(null::ledgers_ledgerexception, %s::json)
                on conflict (kind, "column", contribution, other) do update
               set entry = excluded.entry, area_code = excluded.area_code,
                   detail = excluded.detail
             where (known.entry, known.area_code, known.detail)
                   is distinct from (excluded.entry, excluded.area_code, excluded.detail)
            """,
            (dumps(rows),),
        )


def settle_duplicates(people: Iterable[str]) -> None:
    """Keep the possible duplicates among and with these persons: same name and birth, same phone or household.

    Two different valid ID numbers are two persons, twins or not; a desk act "not the
    same" silences a pair. The pair's exception belongs to the greater uuid.
    """
    entries = list(people)
    if not entries:
        return
    query(
        f"""
        with pairs as (
            select distinct greatest(one.id, two.id) as entry, least(one.id, two.id) as other
              from ledgers_person one
              join ledgers_person two
                on two.name = one.name and two.birth_date = one.birth_date and two.id <> one.id
               and (two.phone_hash = one.phone_hash or two.household_id = one.household_id)
               and (one.id_no_hash is null or two.id_no_hash is null)
             where one.id = any(%(entries)s::uuid[])
               and not exists (
                   select from ledgers_deskact act
                    where act.kind = '{ActKind.NOT_SAME}' and act.undone_at is null
                      and act.family = '{Family.PERSON}'
                      and (select array_agg(key.entry order by key.entry)
                             from ledgers_identitykey key
                            where key.family = '{Family.PERSON}' and key.key in (act.entry, act.other))
                          = array[least(one.id, two.id), greatest(one.id, two.id)])
        ), causes as (
            select pairs.entry, pairs.other, first.id as contribution, first.received_at,
                   person.area_code
              from pairs
              join ledgers_person person on person.id = pairs.entry
              join lateral (select id, received_at from ledgers_contribution said
                             where said.entry = pairs.entry and said.family = '{Family.PERSON}'
                             order by said.id limit 1) first on true
        ), gone as (
            delete from ledgers_ledgerexception known
             where known.kind = '{ExceptionKind.POSSIBLE_DUPLICATE}' and known.resolved_at is null
               and (known.entry = any(%(entries)s::uuid[]) or known.other = any(%(entries)s::uuid[]))
               and not exists (select from causes
                                where causes.contribution = known.contribution
                                  and causes.other = known.other)
        )
        insert into ledgers_ledgerexception as known
               (kind, family, entry, "column", contribution, other, area_code, detail, opened_at,
                resolution)
        select '{ExceptionKind.POSSIBLE_DUPLICATE}', '{Family.PERSON}', entry, '', contribution, other,
               area_code, '{{}}',
               received_at, ''
          from causes
            on conflict (kind, "column", contribution, other) do update
           set entry = excluded.entry, area_code = excluded.area_code
         where (known.entry, known.area_code) is distinct from (excluded.entry, excluded.area_code)
        """,  # noqa: S608 our own words
        {"entries": entries},  # type: ignore[arg-type]
    )
