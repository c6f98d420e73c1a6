"""Tombstones of entities that phones made in records which were rejected before any list had them.

No contribution names such an entity, so nothing else makes the phone delete it
(openrosa.md, Entity lists). Its tombstone has version 0; if the record is accepted after
all, the entity is listed as version 1.
"""

from __future__ import annotations

from collections.abc import Iterable

from server.core.sealing import unseal_document
from server.ledgers.definitions.vocabulary import EntityList
from server.ledgers.entity_lists.lists import LISTS
from server.ledgers.storage.entity_versions import Tombstone, put_tombstones
from server.ledgers.storage.sources import rejected_documents
from server.submissions.entity_blocks import entity_blocks


def write_tombstones(submission_ids: Iterable[int]) -> None:
    """Write a version-0 tombstone for each entity that only a rejected one of these submissions would have created.

    Updates make none: whoever else created the entity may still send it. Runs in the
    caller's transaction, under the merge lock; two queries at most.
    """
    wanted = list(submission_ids)
    if not wanted:
        return
    put_tombstones(
        Tombstone(EntityList(block.dataset), str(block.entity), submission.area_code)
        for submission in rejected_documents(wanted)
        for block in entity_blocks(unseal_document(bytes(submission.document)))
        if block.create and not block.fault and block.dataset in LISTS
    )
