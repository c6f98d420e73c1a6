"""Entities that phones made of records which were refused before any list had them (openrosa.md §7).

The fold never heard of such an entity, so nothing else would tell the phone that made it.
Its tombstone has version 0; if its record is accepted after all, it is listed as 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from server.core.sealing import unseal_document
from server.ledgers.entity_lists.claims import FAMILIES
from server.ledgers.entity_lists.versions import LISTS
from server.ledgers.models import ListedEntity
from server.ledgers.storage.database import dumps, query
from server.submissions.entity_blocks import entity_blocks

_REFUSED: Final = """
    select submission.area_code, coalesce(encrypted.document, version.document)
      from submissions_submission submission
      join submissions_submissionversion version on version.id = submission.current_version_id
      left join submissions_encryptedversion encrypted on encrypted.version_id = version.id
     where submission.id = any(%s::bigint[]) and submission.review_state = 'rejected'
"""


def bury_refused(submission_ids: Iterable[int]) -> None:
    """Make tombstones of what rejected ones of these submissions would have made, and nobody else did. Under the merge lock."""
    wanted = list(submission_ids)
    if not wanted:
        return
    dead = [
        {
            "list": block.dataset,
            "entity": str(block.entity),
            "family": FAMILIES[block.dataset],
            "area_code": area,
        }
        for area, document in query(_REFUSED, (wanted,))
        for block in entity_blocks(unseal_document(bytes(document)))
        if block.create and not block.fault and block.dataset in LISTS
    ]
    if dead:
        query(
            "insert into ledgers_listedentity"
            "       (list, entity, version, area_code, seen, changed, left_as)"
            " select list, entity, 0, area_code, '{}', '{}', %s"
            "   from json_to_recordset(%s::json)"
            "     as dead (list text, entity uuid, family text, area_code text)"
            "  where not exists (select from ledgers_identitykey key"
            "                     where key.family = dead.family and key.key = dead.entity)"
            "     on conflict do nothing",
            (str(ListedEntity.Left.REMOVED), dumps(dead)),
        )
