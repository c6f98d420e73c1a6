"""Which of the entities on a phone no longer exist (openrosa.md, Entity lists)."""

from __future__ import annotations

from collections.abc import Iterable

from server.accounts.access import Worker
from server.ledgers.storage.entity_versions import removed_entities
from server.submissions.entity_blocks import as_uuid


def deleted_entities(worker: Worker, ids: Iterable[str]) -> set[str]:
    """Those of the ids, as the phone wrote them, that it should delete. One query.

    Entries of the worker's communities that were voided or whose creation was rejected,
    also before any list had them, and entries merged into another that the worker has.
    An unknown id may still be on its way, and an entry elsewhere does not concern this
    phone: neither is ever called deleted.
    """
    uuids = {text: str(uuid) for text in ids if (uuid := as_uuid(text)) is not None}
    if not uuids:
        return set()
    removed = removed_entities(uuids.values(), worker.areas)
    return {text for text, uuid in uuids.items() if uuid in removed}
