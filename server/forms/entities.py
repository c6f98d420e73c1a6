"""Declares what an entity list offers to forms.

The ledgers build the lists that settings.ENTITY_LISTS names; settings.OWN_ENTITY_LIST finds those of the office's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from server.accounts.access import Worker

_NOT_PROPERTIES: Final = frozenset({"name", "label", "__version"})


class EntityList(Protocol):
    """An entity list, of which each worker's phone gets its own rows (openrosa.md, Entity lists)."""

    columns: tuple[str, ...]  # of the CSV, in their order
    saved_by: str  # the target of ruhu:saveto that makes an entry of the list one of its ledger; "" when none does

    def hash(self, worker: Worker) -> str:
        """32 hexadecimal digits that change when, and only when, the worker's rows of the list change."""

    def csv(self, worker: Worker) -> Iterator[bytes]:
        """UTF-8 CSV with name, label, __version and the properties; every row has every column."""


def list_name(filename: str) -> str:
    """The name that an entity list with this file name would have; "" when it could be none."""
    stem, dot, extension = filename.rpartition(".")
    return stem if dot and extension == "csv" else ""


def is_entity_list(filename: str) -> bool:
    """Whether a form's media file of this name is built by the server for each worker."""
    return entity_list(filename) is not None


def is_of_ledgers(name: str) -> bool:
    """Whether the list of this name is read from the ledgers, so that forms cannot give it other properties."""
    return name in settings.ENTITY_LISTS


def properties(entity_list: EntityList) -> list[str]:
    """What a form may save to with save_to."""
    return [column for column in entity_list.columns if column not in _NOT_PROPERTIES]


def entity_list(filename: str) -> EntityList | None:
    """The entity list with this media file name; None for an ordinary file."""
    name = list_name(filename)
    if not name:
        return None
    if name in settings.ENTITY_LISTS:
        return _load(settings.ENTITY_LISTS[name])
    own: EntityList | None = import_string(settings.OWN_ENTITY_LIST)(name)
    return own


@cache
def _load(path: str) -> EntityList:
    imported: EntityList = import_string(path)
    return imported
