"""Declares what an entity list offers to forms. The ledgers build the lists; settings.ENTITY_LISTS names them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from server.accounts.access import Worker


class EntityList(Protocol):
    """An entity list, of which each worker's phone gets its own rows (openrosa.md, Entity lists)."""

    def hash(self, worker: Worker) -> str:
        """32 hexadecimal digits that change when, and only when, the worker's rows of the list change."""

    def csv(self, worker: Worker) -> Iterator[bytes]:
        """UTF-8 CSV with name, label, __version and the properties; every row has every column."""


def is_entity_list(filename: str) -> bool:
    """Whether a form's media file of this name is built by the server for each worker."""
    stem, dot, extension = filename.rpartition(".")
    return bool(dot) and extension == "csv" and stem in settings.ENTITY_LISTS


def entity_list(filename: str) -> EntityList | None:
    """The entity list with this media file name; None for an ordinary file."""
    return _load(settings.ENTITY_LISTS[filename[:-4]]) if is_entity_list(filename) else None


@cache
def _load(path: str) -> EntityList:
    imported: EntityList = import_string(path)
    return imported
