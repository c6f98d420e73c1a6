"""What the answers of a record name that were chosen from entity lists: each by what people call it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from server.accounts.access import Access
from server.geo.selectors import division_names
from server.ledgers.definitions.vocabulary import Ledger
from server.ledgers.entity_lists.lists import community_uuid
from server.ledgers.models.base import LedgerEntry
from server.ledgers.reading.entries import rows_of
from server.ledgers.reading.joined import joined
from server.ledgers.reading.provenance import title_of
from server.ledgers.storage.identity_keys import resolved_keys

_CHOSEN_FROM: Final = (Ledger.HOUSEHOLD, Ledger.PERSON, Ledger.EMPLOYER, Ledger.CASE)
_JOINED: Final = {
    Ledger.HOUSEHOLD: ("head_person",),
    Ledger.CASE: ("subject_person", "subject_household"),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """An entry, or a community, that an answer names by its uuid."""

    title: str
    ledger: str = ""  # "" of a community
    entry: UUID | None = None


def chosen_entries(
    access: Access, uuids: Iterable[str], communities: Iterable[str] = ()
) -> dict[str, Chosen]:
    """Uuid → what it stands for, of those that the reader sees, under any uuid an entry ever had.

    A uuid may begin with "uuid:", as forms make some. `communities` are the division codes that the answers may name. One query, one a ledger
    that is named, one for the communities.
    """
    given = {uuid: uuid.lower().removeprefix("uuid:") for uuid in uuids}
    named = _named(access, set(given.values()), communities) if given else {}
    return {uuid: named[bare] for uuid, bare in given.items() if bare in named}


def _named(access: Access, wanted: set[str], communities: Iterable[str]) -> dict[str, Chosen]:
    chosen: dict[str, Chosen] = {}
    resolved = resolved_keys(wanted)
    for ledger in _CHOSEN_FROM:
        entries = {key: entry for (family, key), entry in resolved.items() if family == ledger}
        if ledger == Ledger.CASE:
            entries = {key: key for key in wanted - set(chosen) - {key for _, key in resolved}}
        if not entries:
            continue
        rows = rows_of(access, ledger).select_related(*_JOINED.get(ledger, ()))
        by_key = {str(row.pk): row for row in rows.filter(pk__in=set(entries.values()))}
        for key, entry in entries.items():
            if row := by_key.get(entry):
                chosen[key] = Chosen(address_title(row), ledger, row.pk)
    codes = {code for code in communities if code and str(community_uuid(code)) in wanted}
    for code, name in division_names(codes).items() if codes else ():
        chosen[str(community_uuid(code))] = Chosen(name)
    return chosen


def address_title(row: LedgerEntry) -> str:
    """What people call an entry; a household by address, building, room and head, a case by whom it is about.

    The row comes from a selector, with its head or subject.
    """
    if row._meta.model_name == "household":
        home: Any = row
        head = joined(row, "head_person")
        return f"{title_of(home)} {title_of(head)}" if head else title_of(home)
    if row._meta.model_name == "assistancecase":
        for name in ("subject_person", "subject_household"):
            subject = joined(row, name)
            if subject is not None:
                return f"{title_of(subject)} {title_of(row)}"
    return title_of(row)
