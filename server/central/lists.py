"""Entity lists of both kinds under one set of questions: those read from the ledgers, and the office's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Protocol, TypeAlias
from uuid import UUID

from server.accounts.access import Access
from server.core.request_problems import NothingHere
from server.datasets import selectors as own
from server.datasets.models import Dataset
from server.datasets.problems import UnknownEntity, UnknownList
from server.datasets.selectors import StoredEntity
from server.ledgers import selectors as ledgers
from server.ledgers.entity_lists.listed import NAMES
from server.ledgers.selectors import ListedEntry

Row: TypeAlias = ListedEntry | StoredEntity
"""An entity as the formats of /v1 write it."""


class ReadList(Protocol):
    """A list, read through a user's access."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def created_at(self) -> datetime | None:
        """When it was made; None for lists of the ledgers."""

    @property
    def properties(self) -> tuple[str, ...]:
        """Its properties, besides the label."""

    def size(self) -> int:
        """How many entities the reader sees."""

    def digest(self) -> str:
        """A text for an ETag, which changes with anything that the reader sees."""

    def after(self, uuid: str = "", *, gone: bool = False) -> Iterator[list[Row]]:
        """The entities behind the uuid, ascending by uuid, in batches; the deleted ones instead if `gone`."""

    def entity(self, uuid: str) -> Row | None:
        """One entity; None where the reader sees none."""


@dataclass(frozen=True)
class OfLedgers:
    """A list that is read from the ledgers."""

    access: Access
    name: str

    @property
    def created_at(self) -> datetime | None:
        return None

    @property
    def properties(self) -> tuple[str, ...]:
        return ledgers.list_properties(self.name)

    def size(self) -> int:
        return ledgers.list_size(self.access, self.name)

    def digest(self) -> str:
        return ledgers.list_digest(self.access, self.name)

    def after(self, uuid: str = "", *, gone: bool = False) -> Iterator[list[Row]]:
        if not gone:
            for batch in ledgers.listed_entries(self.access, self.name, after=uuid):
                yield list(batch)

    def entity(self, uuid: str) -> Row | None:
        return ledgers.listed_entity(self.access, self.name, uuid)


@dataclass(frozen=True)
class OfTheOffice:
    """A list of the office's own."""

    access: Access
    dataset: Dataset

    @property
    def name(self) -> str:
        return self.dataset.name

    @property
    def created_at(self) -> datetime | None:
        return self.dataset.created_at

    @property
    def properties(self) -> tuple[str, ...]:
        return own.property_names(self.dataset)

    def size(self) -> int:
        return own.entities(self.access, self.dataset).count()

    def digest(self) -> str:
        state = own.list_digest(self.access.areas(), self.dataset)
        return blake2b(state.encode(), digest_size=16).hexdigest()

    def after(self, uuid: str = "", *, gone: bool = False) -> Iterator[list[Row]]:
        for batch in own.stored_after(self.access, self.dataset, after=uuid, gone=gone):
            yield list(batch)

    def entity(self, uuid: str) -> Row | None:
        try:
            row = own.entity(self.access, self.dataset, UUID(uuid), gone=True)
        except UnknownEntity:
            return None
        return own.stored(self.access, self.dataset, [row])[0]


def lists(access: Access) -> list[ReadList]:
    """All lists, those of the ledgers first; none for users without an area."""
    if not access.areas():
        return []
    shown: list[ReadList] = [OfLedgers(access, name) for name in NAMES]
    shown += [OfTheOffice(access, dataset) for dataset in own.lists(access)]
    return shown


def read_list(access: Access, name: str) -> ReadList:
    """The list of that name. Raises NothingHere, also for users without an area."""
    if not access.areas():
        raise NothingHere
    if name in NAMES:
        return OfLedgers(access, name)
    return OfTheOffice(access, office_list(access, name))


def office_list(access: Access, name: str) -> Dataset:
    """The list of the office's own with that name. Raises NothingHere."""
    try:
        return own.own_list(access, name)
    except UnknownList:
        raise NothingHere from None
