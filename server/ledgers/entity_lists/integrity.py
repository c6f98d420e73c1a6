"""Which of a phone's own entities are no more (openrosa.md §7)."""

from __future__ import annotations

from collections.abc import Iterable

from server.accounts.access import Worker
from server.ledgers.entity_lists.lists import Within
from server.ledgers.storage.database import query
from server.submissions.entity_blocks import as_uuid


def deleted_entities(worker: Worker, ids: Iterable[str]) -> set[str]:
    """Those of the ids, as given, that this worker's phone should forget.

    An entry that was in the worker's lists and was voided, or whose creation was rejected,
    be it before any list had it;
    and one that was merged into another that the worker has. What is not known here is
    most likely still on its way, and what lies elsewhere is none of the worker's: neither
    is ever called deleted. One query.
    """
    asked = {one: str(uuid) for one in ids if (uuid := as_uuid(one)) is not None}
    if not asked:
        return set()
    within = Within(worker.areas)
    rows = query(
        f"""
        with asked as (select distinct unnest(%s::uuid[]) as entity), alias as (
            select asked.entity, key.entry
              from asked join ledgers_identitykey key on key.key = asked.entity
             where key.family in ('household', 'employer') and key.entry <> key.key
        )
        select listed.entity::text from asked join ledgers_listedentity listed using (entity)
         where listed.left_as = 'removed' and {within("listed.area_code")}
           and listed.list in ('households', 'cases', 'employers')
           and not exists (select from alias where alias.entity = listed.entity)
        union
        select alias.entity::text from alias
          join ledgers_listedentity survivor on survivor.entity = alias.entry
         where survivor.list in ('households', 'employers') and {within("survivor.area_code")}
        """,  # noqa: S608 digits only
        (list(asked.values()),),
    )
    found = {entity for (entity,) in rows}
    return {one for one, uuid in asked.items() if uuid in found}
