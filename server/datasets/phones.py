"""The office's own lists as phones get them: the entities of the worker's areas (openrosa.md, Entity lists).

A phone may be lost: personal numbers that somebody typed into a value are masked. An update that
brings such a mask back changes nothing (entities.append).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

from server.accounts.access import Worker
from server.core.masking import mask_numbers
from server.datasets.models import Dataset, Entity
from server.datasets.selectors import (
    gone_entities,
    list_digest,
    property_names,
    visible,
)
from server.forms.entities import is_of_ledgers, list_name
from server.submissions.entity_blocks import as_uuid

_SYSTEM: Final = ("name", "label", "__version")
_CHUNK: Final = 1000


class OwnList:
    """A list of the office's own (forms.entities.EntityList)."""

    saved_by = ""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.properties = property_names(dataset)
        self.columns: tuple[str, ...] = (*_SYSTEM, *self.properties)

    def hash(self, worker: Worker) -> str:
        """MD5 hex that changes with every row that the worker sees. Two queries."""
        state = list_digest(worker.areas, self.dataset)
        return hashlib.md5(state.encode(), usedforsecurity=False).hexdigest()

    def csv(self, worker: Worker) -> Iterator[bytes]:
        """The header and all rows of the worker's areas, in chunks. One query."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.columns)
        rows = Entity.objects.filter(visible(worker.areas), dataset=self.dataset, gone_as="")
        for number, row in enumerate(rows.order_by("uuid").iterator(_CHUNK), 1):
            values = (mask_numbers(row.values.get(name, "")) for name in self.properties)
            writer.writerow((row.uuid, mask_numbers(row.label), row.version, *values))
            if number % _CHUNK == 0:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue().encode()


def own_list(name: str) -> OwnList | None:
    """The list of the office's own with this name; None when there is none."""
    if "\0" in name:
        return None
    dataset = Dataset.objects.filter(name=name).prefetch_related("properties").first()
    return OwnList(dataset) if dataset is not None else None


def approval_lists(filenames: Iterable[str]) -> frozenset[str]:
    """Those of the office's own lists, given by their file names, whose entities wait for approval; no query without any."""
    names = {name for filename in filenames if not is_of_ledgers(name := list_name(filename))}
    if not names:
        return frozenset()
    waiting = Dataset.objects.filter(name__in=names, needs_approval=True)
    return frozenset(waiting.values_list("name", flat=True))


def deleted_entities(worker: Worker, ids: Iterable[str]) -> set[str]:
    """Those of the ids, as the phone wrote them, that it should delete from lists of the office's own. One query."""
    uuids: dict[UUID, list[str]] = {}
    for text in ids:
        if (uuid := as_uuid(text)) is not None:
            uuids.setdefault(uuid, []).append(text)
    if not uuids:
        return set()
    return {text for uuid in gone_entities(worker.areas, uuids) for text in uuids[uuid]}
