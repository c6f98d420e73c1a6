"""The exceptions of corrections that replace nothing: shown with the correction until somebody resolves them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from server.corrections.standing import Faulty
from server.ledgers.definitions.ordinals import CLAIMS, PER_VERSION
from server.ledgers.definitions.vocabulary import ExceptionKind, Family
from server.ledgers.storage.database import dumps, execute

_NUMBER: Final = f"* {PER_VERSION} + {CLAIMS}"
"""Behind the version of a correction: the contribution number of its exception."""


def reconcile_correction_exceptions(versions: Collection[int], faults: Sequence[Faulty]) -> None:
    """Make the open exceptions of these versions of corrections what their faults call for; resolved ones stay.

    An exception is about the visit of the record that was to be corrected; without any, about
    a uuid made from the correction's instanceID. Part of the caller's transaction, under the
    merge lock.
    """
    if not versions:
        return
    execute(
        f"""
        with known as (select version {_NUMBER} as number from unnest(%s::bigint[]) as version)
        delete from ledgers_ledgerexception stored using known
         where stored.kind = '{ExceptionKind.CORRECTION_FAULT}' and stored.resolved_at is null
           and stored.contribution = known.number
           and not known.number = any(
               select version {_NUMBER} from unnest(%s::bigint[]) as version)
        """,  # noqa: S608 our own
        (list(versions), [fault.version_id for fault in faults]),
    )
    if not faults:
        return
    rows = [
        {
            "version": fault.version_id,
            "target": fault.target_id,
            "area_code": fault.area_code,
            "instance_id": fault.instance_id,
            "received_at": fault.received_at,
            "detail": {"fault": fault.fault, "path": fault.place},
        }
        for fault in faults
    ]
    execute(
        f"""
        insert into ledgers_ledgerexception as stored
               (kind, family, entry, "column", contribution, area_code, detail, opened_at,
                resolution)
        select '{ExceptionKind.CORRECTION_FAULT}', '{Family.VISIT}',
               coalesce(visit.entry, md5(instance_id)::uuid), '', version {_NUMBER}, area_code,
               detail, received_at, ''
          from jsonb_to_recordset(%s::jsonb) as fault (
                   version bigint, target bigint, area_code text, instance_id text,
                   received_at timestamptz, detail jsonb)
          left join lateral (
               select contribution.entry from ledgers_contribution contribution
                where contribution.submission_id = fault.target
                  and contribution.family = '{Family.VISIT}'
                order by contribution.id limit 1) visit on true
            on conflict (kind, "column", contribution, other) do update
           set entry = excluded.entry, area_code = excluded.area_code, detail = excluded.detail
         where (stored.entry, stored.area_code, stored.detail)
               is distinct from (excluded.entry, excluded.area_code, excluded.detail)
        """,  # noqa: S608 our own
        (dumps(rows),),
    )
