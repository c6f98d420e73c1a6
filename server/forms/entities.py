"""What an entity list has to offer; the ledgers build them, settings.ENTITY_LISTS names them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from server.accounts.access import Worker


class EntityList(Protocol):
    """A list of entities as one worker's phone gets it (openrosa.md §7)."""

    def hash(self, worker: Worker) -> str:
        """32 hex digits that move when, and only when, anything this worker sees in the list moves."""

    def csv(self, worker: Worker) -> Iterator[bytes]:
        """UTF-8 CSV with name, label, __version and the properties; every row has every column."""


def is_entity_list(filename: str) -> bool:
    """Whether a form's media file of this name is built by the server for each worker."""
    stem, dot, extension = filename.rpartition(".")
    return bool(dot) and extension == "csv" and stem in settings.ENTITY_LISTS


def entity_list(filename: str) -> EntityList | None:
    """The list behind a media file's name; None when it is an ordinary file."""
    return _load(settings.ENTITY_LISTS[filename[:-4]]) if is_entity_list(filename) else None


@cache
def _load(path: str) -> EntityList:
    found: EntityList = import_string(path)
    return found
