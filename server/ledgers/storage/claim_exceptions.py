"""The exceptions of entity claims: shown with the submission and the entry until somebody resolves them.

An exception of a claim has a contribution number of its own (definitions/ordinals.py) and
no column. All functions run in the caller's transaction, under the merge lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from server.ledgers.definitions.ordinals import CLAIMS, MAX_CLAIMS, PER_VERSION
from server.ledgers.definitions.vocabulary import (
    LIST_FAMILIES,
    ClaimVerdict,
    ExceptionKind,
    Family,
)
from server.ledgers.storage.database import execute, words
from server.submissions.counting import COUNTED

_FAMILY: Final = "case claim.list{} end".format(
    "".join(f" when '{name}' then '{family}'" for name, family in LIST_FAMILIES.items())
)
"""The family of a claim's entity; null for lists whose entries are never merged."""
_CLAIM_KINDS: Final = words((ExceptionKind.ENTITY_CONFLICT, ExceptionKind.ENTITY_FAULT))
_NUMBER: Final = f"claim.version_id * {PER_VERSION} + {CLAIMS} + least(claim.ordinal, {MAX_CLAIMS})"
"""The contribution number of a claim's exception."""


def accept_claims_on_listed_entries() -> None:
    """Give claims on entries that were unknown on arrival and are listed now the verdict OK, and delete their open exceptions.

    A claim that names an entry merged into another is accepted when that other is listed.
    """
    execute(
        f"""
        with unknown as (
            select claim.version_id, claim.ordinal, claim.list,
                   coalesce(key.entry, claim.entity) as entry
              from ledgers_entityclaim claim
              left join ledgers_identitykey key
                     on key.family = {_FAMILY} and key.key = claim.entity
             where claim.verdict = '{ClaimVerdict.UNKNOWN_ID}'
        ), accepted as (
            update ledgers_entityclaim claim set verdict = '{ClaimVerdict.OK}'
              from unknown join ledgers_listedentity listed
                on listed.list = unknown.list and listed.entity = unknown.entry
             where listed.left_as = '' and claim.verdict = '{ClaimVerdict.UNKNOWN_ID}'
               and claim.version_id = unknown.version_id and claim.ordinal = unknown.ordinal
            returning {_NUMBER} as number
        )
        delete from ledgers_ledgerexception
         where kind = '{ExceptionKind.ENTITY_FAULT}' and "column" = '' and resolved_at is null
           and contribution in (select number from accepted)
        """  # noqa: S608 our own
    )


def move_entity_conflicts(entries: Iterable[str]) -> None:
    """After a merge or split of these entries, point their conflicts at the entry that their claim's key resolves to now."""
    execute(
        f"""
        update ledgers_ledgerexception stored set entry = key.entry
          from ledgers_entityclaim claim
          join ledgers_identitykey key on key.family = {_FAMILY} and key.key = claim.entity
         where stored.kind = '{ExceptionKind.ENTITY_CONFLICT}' and stored.entry = any(%s::uuid[])
           and stored.family in ({words(LIST_FAMILIES.values())}) and stored.family = key.family
           and stored.entry <> key.entry
           and claim.version_id = stored.contribution / {PER_VERSION}
           and claim.ordinal = stored.contribution %% {PER_VERSION} - {CLAIMS}
        """,  # noqa: S608 our own
        (list(entries),),
    )


def reconcile_claim_exceptions(submission_ids: Sequence[int]) -> None:
    """Make the open exceptions of these submissions' claims what the versions that count call for.

    Open ones of superseded versions and of rejected submissions are deleted, missing ones
    inserted; resolved ones stay. A conflict is about the entry that the claim names. A
    fault, which may name none, is about the visit of the submission, else about its first
    entry; without any, about a uuid made from its instanceID.
    """
    execute(
        f"""
        with judged as (
            select {_NUMBER} as number,
                   case when claim.verdict in ({words((ClaimVerdict.HARD, ClaimVerdict.SOFT))})
                        then '{ExceptionKind.ENTITY_CONFLICT}'
                        else '{ExceptionKind.ENTITY_FAULT}' end as kind,
                   claim.version_id is not distinct from counted.version_id
                       and claim.verdict <> '{ClaimVerdict.OK}' as is_raised,
                   {_FAMILY} as family,
                   claim.list, claim.entity, claim.verdict, claim.columns,
                   claim.submission_id, counted.area_code, version.received_at,
                   md5(version.instance_id)::uuid as made_up_entry
              from ledgers_entityclaim claim
              join ({COUNTED}) counted on counted.submission_id = claim.submission_id
              join submissions_submissionversion version on version.id = claim.version_id
             where claim.submission_id = any(%s::bigint[])
        ), unfounded as (
            delete from ledgers_ledgerexception stored using judged
             where stored.kind in ({_CLAIM_KINDS}) and stored."column" = ''
               and stored.resolved_at is null and stored.contribution = judged.number
               and not (judged.is_raised and stored.kind = judged.kind)
        )
        insert into ledgers_ledgerexception
               (kind, family, entry, "column", contribution, area_code, detail, opened_at,
                resolution)
        select judged.kind, coalesce(named.family, sent.family, '{Family.VISIT}'),
               coalesce(named.entry, sent.entry, made_up_entry), '', judged.number, area_code,
               jsonb_build_object('list', list, 'verdict', verdict, 'columns', columns),
               received_at, ''
          from judged
          left join lateral (
               select key.family, key.entry from ledgers_identitykey key
                where judged.kind = '{ExceptionKind.ENTITY_CONFLICT}' and key.family = judged.family
                  and key.key = judged.entity) named on true
          left join lateral (
               select contribution.family, contribution.entry
                 from ledgers_contribution contribution
                where contribution.submission_id = judged.submission_id
                order by contribution.family <> '{Family.VISIT}', contribution.id limit 1) sent on true
         where is_raised
            on conflict (kind, "column", contribution, other) do nothing
        """,  # noqa: S608 our own
        (list(submission_ids), list(submission_ids)),
    )
