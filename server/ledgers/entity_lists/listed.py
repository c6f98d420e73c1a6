"""The entity lists as office staff read them: whole, of their areas; phones get theirs from `lists`.

The rows are those that phones see, ascending by uuid. A uuid never changes, so a list can
be read in pieces: no row is missed or read twice, whatever is merged meanwhile. Beside
each row stands what the ledgers know of the entry as a whole: when its first and last
record were received, who sent the first, and its open conflicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from server.accounts.access import Access, Worker
from server.accounts.models import User
from server.accounts.selectors import colleagues
from server.ledgers.definitions.vocabulary import (
    LIST_FAMILIES,
    ClaimVerdict,
    EntityList,
    ExceptionKind,
)
from server.ledgers.entity_lists.lists import (
    LISTS,
    CommunityList,
    LedgerList,
    ListRow,
    communities,
)
from server.ledgers.reading.entries import exceptions
from server.ledgers.storage.contributions import ReceiptSpan, receipt_spans
from server.ledgers.storage.entity_versions import count_listed, is_listed, listed_after
from server.ledgers.storage.identity_keys import resolved_keys

NAMES: Final = tuple(EntityList)
BATCH: Final = 1000
_NOT_PROPERTIES: Final = frozenset({"name", "label", "__version"})


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """An entry of a list, with what phones see of it."""

    entity: str
    label: str
    version: int
    values: Mapping[str, str]  # property → text
    created_at: datetime | None  # its first record was received; None: not from records
    updated_at: datetime | None  # its last record was received; None: there is only one
    creator_id: int  # who sent the first record; 0: nobody, or somebody of another area
    creator: str
    conflict: str  # hard, soft, or "": the worst open conflict


def list_properties(name: str) -> tuple[str, ...]:
    """The properties of a list's entries, besides the label."""
    return tuple(column for column in _list(name).columns if column not in _NOT_PROPERTIES)


def list_size(access: Access, name: str) -> int:
    """How many entries of the list lie in the reader's areas. One query."""
    if name == EntityList.COMMUNITIES:
        return sum(1 for _row in communities.rows(access.areas()))
    return count_listed(EntityList(name), access.areas())


def list_digest(access: Access, name: str) -> str:
    """Hex digits that change whenever anything changes that the reader sees of the list. One query."""
    return _list(name).hash(Worker(access.user_id, access.areas()))


def listed_entries(access: Access, name: str, *, after: str = "") -> Iterator[list[ListedEntry]]:
    """The entries of the reader's areas behind the uuid, a batch at a time, ascending by uuid. Five queries a batch."""
    if name == EntityList.COMMUNITIES:
        rows = sorted(communities.rows(access.areas()), key=_uuid)
        yield [_listed(communities, row) for row in rows if _uuid(row) > after]
        return
    while True:
        entries = listed_after(EntityList(name), access.areas(), after, BATCH)
        yield _batch(access, LISTS[name], entries)
        if len(entries) < BATCH:
            return
        after = entries[-1]


def listed_entity(access: Access, name: str, entity: str) -> ListedEntry | None:
    """One entry, under any uuid it ever had; None where the reader sees none."""
    if name == EntityList.COMMUNITIES:
        rows = [row for row in communities.rows(access.areas()) if _uuid(row) == entity]
        return _listed(communities, rows[0]) if rows else None
    ledger_list = LISTS[name]
    family = LIST_FAMILIES.get(ledger_list.name)
    if family is not None:
        entity = resolved_keys([entity]).get((family, entity), entity)
    if not is_listed(ledger_list.name, access.areas(), entity):
        return None
    return next(iter(_batch(access, ledger_list, [entity])), None)


def _list(name: str) -> LedgerList | CommunityList:
    return communities if name == EntityList.COMMUNITIES else LISTS[name]


def _uuid(row: ListRow) -> str:
    return str(row["name"])


def _batch(access: Access, ledger_list: LedgerList, entries: list[str]) -> list[ListedEntry]:
    """The batch's entries in this order; one that left the list meanwhile is left out. Four queries."""
    rows = {_uuid(row): row for row in ledger_list.rows_of(entries)}
    subjects = {entry: _subject(ledger_list, row) for entry, row in rows.items()}
    spans = receipt_spans(set(subjects.values()) - {""})
    workers = {span.first_worker_id for span in spans.values()}
    creators = {user.pk: user for user in colleagues(access, workers)}
    conflicts = _conflicts(access, ledger_list.name, entries)
    batch = []
    for entry in entries:
        if entry in rows:
            span = spans.get(subjects[entry])
            creator = creators.get(span.first_worker_id) if span else None
            conflict = conflicts.get(entry, "")
            batch.append(_listed(ledger_list, rows[entry], span, creator, conflict))
    return batch


def _subject(ledger_list: LedgerList, row: ListRow) -> str:
    """The entry whose records a row comes from: a case is of a person or a household."""
    if ledger_list.name is EntityList.CASES:
        return str(row["person"] or row["household"])
    return _uuid(row)


def _conflicts(access: Access, name: EntityList, entries: Iterable[str]) -> dict[str, str]:
    """Entry → the verdict of its worst open conflict."""
    family = LIST_FAMILIES.get(name)
    if family is None:
        return {}
    rows = exceptions(access).filter(
        kind=ExceptionKind.ENTITY_CONFLICT, family=family, entry__in=entries, resolved_at=None
    )
    verdicts: dict[str, str] = {}
    for entry, detail in rows.values_list("entry", "detail"):
        if verdicts.get(str(entry)) != ClaimVerdict.HARD:
            verdicts[str(entry)] = detail.get("verdict", "")
    return verdicts


def _listed(
    entity_list: LedgerList | CommunityList,
    row: ListRow,
    span: ReceiptSpan | None = None,
    creator: User | None = None,
    conflict: str = "",
) -> ListedEntry:
    return ListedEntry(
        entity=_uuid(row),
        label=row["label"],
        version=row["__version"],
        values={
            column: _text(row[column])
            for column in entity_list.columns
            if column not in _NOT_PROPERTIES
        },
        created_at=span.first_at if span else None,
        updated_at=span.last_at if span and span.last_at != span.first_at else None,
        creator_id=creator.pk if creator else 0,
        creator=str(creator or ""),
        conflict=conflict,
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)
