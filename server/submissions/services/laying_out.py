"""Keeps answers that were laid out for an export, so that the next export needs no document (decision 0388)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction

from server.core.sealing import seal_packed
from server.submissions.laid_out import PURPOSE

_LOCK: Final = """
select id from submissions_submission where id = any(%s) order by id for key share
"""
_KEEP: Final = """
insert into submissions_laidoutanswers (submission_id, clearance, version_id, digest, layout)
select new.submission, %s, new.version, new.digest, new.layout
  from unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[], %s::bytea[])
       as new (submission, version, digest, layout, hash)
  join submissions_submissionversion version
    on version.id = new.version and version.erased_at is null
   and sha256(version.document) = new.hash
 order by new.submission
on conflict (submission_id, clearance) do update
   set version_id = excluded.version_id, digest = excluded.digest, layout = excluded.layout
"""


@dataclass(frozen=True, slots=True)
class NewLayout:
    """Answers of a record laid out; `hash` is the SHA-256 of the sealed document that they were read from."""

    submission_id: int
    version_id: int
    digest: bytes
    layout: bytes
    hash: bytes


def keep_layouts(layouts: Collection[NewLayout], clearance: int) -> None:
    """Keep layouts for readers of the clearance. Two statements, in a transaction of their own.

    Erasing holds the record's lock, waits for this or is waited for, and deletes what is kept. What was
    read from a document that is erased or altered by then is not kept.
    """
    if not layouts:
        return
    rows = sorted(
        layouts, key=lambda layout: layout.submission_id
    )  # so that two exports wait in one order
    ids = [row.submission_id for row in rows]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, [ids])
        cursor.execute(
            _KEEP,
            [
                clearance, ids, [row.version_id for row in rows], [row.digest for row in rows],
                [seal_packed(row.layout, PURPOSE) for row in rows], [row.hash for row in rows],
            ],
        )  # fmt: skip
