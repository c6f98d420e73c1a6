"""Exceptions drawn from judged claims: shown with the submission and the entry until somebody settles them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from server.ledgers.definitions.ordinals import CLAIMS, MAX_CLAIMS, PER_VERSION
from server.ledgers.definitions.vocabulary import ClaimVerdict, ExceptionKind
from server.ledgers.storage.database import query
from server.submissions.counting import COUNTED

_FAMILY: Final = (
    "case claim.list when 'households' then 'household' when 'employers' then 'employer' end"
)


def take_up_waiting() -> None:
    """Claims on entries that nobody knew when they came, and that are listed now, are well.

    An entry whose creation was found to speak of another that was there is listed by that one's name.
    """
    query(
        f"""
        with waiting as (
            select claim.version_id, claim.ordinal, claim.list,
                   coalesce(key.entry, claim.entity) as entry
              from ledgers_entityclaim claim
              left join ledgers_identitykey key
                     on key.family = {_FAMILY} and key.key = claim.entity
             where claim.verdict = '{ClaimVerdict.UNKNOWN_ID}'
        ), taken as (
            update ledgers_entityclaim claim set verdict = ''
              from waiting join ledgers_listedentity listed
                on listed.list = waiting.list and listed.entity = waiting.entry
             where listed.left_as = '' and claim.verdict = '{ClaimVerdict.UNKNOWN_ID}'
               and claim.version_id = waiting.version_id and claim.ordinal = waiting.ordinal
            returning claim.version_id * {PER_VERSION} + {CLAIMS} + least(claim.ordinal, {MAX_CLAIMS}) as id
        )
        delete from ledgers_ledgerexception
         where kind = '{ExceptionKind.ENTITY_FAULT}' and "column" = '' and resolved_at is null
           and contribution in (select id from taken)
        """  # noqa: S608 our own
    )


def follow(entries: Iterable[str]) -> None:
    """Lead the conflicts about these entries, some of which were merged or parted, to the entries they are about now."""
    query(
        f"""
        update ledgers_ledgerexception found set entry = key.entry
          from ledgers_entityclaim claim
          join ledgers_identitykey key on key.family = {_FAMILY} and key.key = claim.entity
         where found.kind = '{ExceptionKind.ENTITY_CONFLICT}' and found.entry = any(%s::uuid[])
           and found.family in ('household', 'employer') and found.family = key.family
           and found.entry <> key.entry
           and claim.version_id = found.contribution / {PER_VERSION}
           and claim.ordinal = found.contribution %% {PER_VERSION} - {CLAIMS}
        """,  # noqa: S608 our own
        (list(entries),),
    )


def settle_claims(submission_ids: Sequence[int]) -> None:
    """Make the open exceptions of these submissions' claims what the versions that count deserve.

    A superseded version's and a rejected submission's disappear; settled ones stay. A
    conflict concerns its entry; a fault, which may name none, the visit that was sent.
    """
    query(
        f"""
        with judged as (
            select claim.version_id * {PER_VERSION} + {CLAIMS} + least(claim.ordinal, {MAX_CLAIMS}) as id,
                   case when claim.verdict in ('{ClaimVerdict.HARD}', '{ClaimVerdict.SOFT}') then '{ExceptionKind.ENTITY_CONFLICT}'
                        else '{ExceptionKind.ENTITY_FAULT}' end as kind,
                   claim.version_id is not distinct from counted.version_id
                       and claim.verdict <> '' as holds,
                   {_FAMILY} as family,
                   claim.list, claim.entity, claim.verdict, claim.columns,
                   claim.submission_id, counted.area_code, version.received_at,
                   md5(version.instance_id)::uuid as stranger
              from ledgers_entityclaim claim
              join ({COUNTED}) counted on counted.submission_id = claim.submission_id
              join submissions_submissionversion version on version.id = claim.version_id
             where claim.submission_id = any(%s::bigint[])
        ), gone as (
            delete from ledgers_ledgerexception open using judged
             where open.kind in ('{ExceptionKind.ENTITY_CONFLICT}', '{ExceptionKind.ENTITY_FAULT}') and open."column" = ''
               and open.resolved_at is null and open.contribution = judged.id
               and not (judged.holds and open.kind = judged.kind)
        )
        insert into ledgers_ledgerexception
               (kind, family, entry, "column", contribution, area_code, detail, opened_at,
                resolution)
        select judged.kind, coalesce(subject.family, sent.family, 'visit'),
               coalesce(subject.entry, sent.entry, stranger), '', judged.id, area_code,
               jsonb_build_object('list', list, 'verdict', verdict, 'columns', columns),
               received_at, ''
          from judged
          left join lateral (
               select key.family, key.entry from ledgers_identitykey key
                where judged.kind = '{ExceptionKind.ENTITY_CONFLICT}' and key.family = judged.family
                  and key.key = judged.entity) subject on true
          left join lateral (
               select said.family, said.entry from ledgers_contribution said
                where said.submission_id = judged.submission_id
                order by said.family <> 'visit', said.id limit 1) sent on true
         where holds
            on conflict (kind, "column", contribution, other) do nothing
        """,  # noqa: S608 our own
        (list(submission_ids), list(submission_ids)),
    )
