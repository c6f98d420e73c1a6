"""The entity blocks of an instance: which list entry a form creates or updates (ODK Entities). Pure.

Names are matched by their local part; blocks may stand inside repeats (entities-version
2025.1); `create` and `update` count only as "1" or "true" (openrosa.md, Entities in forms).
A faulty block has a `fault`; its submission is received all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from lxml import etree

from server.core import xml
from server.core.xml import local_name

_YES: Final = frozenset({"1", "true"})
_MOST_VERSION: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class EntityBlock:
    """One `meta/entity` that creates or updates; the fields are checked, else as the document has them."""

    path: str  # of the group or repeat around it, without indexes: /data, /data/members
    dataset: str
    entity: UUID | None
    create: bool
    update: bool
    base_version: int | None
    trunk_version: int | None  # None: created on the device, or not stated
    branch_id: str
    label: str
    values: Mapping[str, str]  # path of a question within the record → its answer
    fault: str  # "", "no_uuid" or "no_label"


def entity_blocks(document: bytes) -> list[EntityBlock]:
    """The blocks that ask to create or update, in document order. Raises BadXml."""
    if b"entity" not in document:
        return []
    root = xml.parse(document)
    return [
        entity_block
        for meta in root.iter()
        if local_name(meta) == "meta"
        for block in meta
        if local_name(block) == "entity" and (entity_block := _read(block, meta)) is not None
    ]


def _read(block: etree._Element, meta: etree._Element) -> EntityBlock | None:
    create, update = (block.get(name, "").strip() in _YES for name in ("create", "update"))
    record = meta.getparent()
    if record is None or not (create or update):
        return None
    entity = as_uuid(block.get("id", ""))
    label = next(
        ((child.text or "").strip() for child in block if local_name(child) == "label"), ""
    )
    path = _path(record)
    return EntityBlock(
        path=path,
        dataset=block.get("dataset", "").strip(),
        entity=entity,
        create=create,
        update=update,
        base_version=_number(block.get("baseVersion", "")),
        trunk_version=_number(block.get("trunkVersion", "")),
        branch_id=block.get("branchId", "").strip()[:100],
        label=label,
        values=dict(_values(record, path)),
        fault="no_uuid"
        if entity is None
        else "no_label"
        if create and not update and not label
        else "",
    )


def as_uuid(text: str) -> UUID | None:
    """An entity's id, with or without `uuid:` before it; None when it is no UUID."""
    text = text.strip().lower().removeprefix("uuid:")
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def _number(text: str) -> int | None:
    text = text.strip()
    is_whole = text.isascii() and text.isdigit() and len(text) <= 10
    return min(int(text), _MOST_VERSION) if is_whole else None


def _path(element: etree._Element) -> str:
    names = [local_name(element), *(local_name(parent) for parent in element.iterancestors())]
    return "/" + "/".join(reversed(names))


def _values(record: etree._Element, path: str) -> Iterator[tuple[str, str]]:
    """The record's own answers; those of records nested in it with a block of their own are not its."""
    for child in record:
        here = f"{path}/{local_name(child)}"
        if local_name(child) == "meta":
            continue
        if not len(child):
            yield here, (child.text or "").strip()
        elif not any(_is_block(inner) for inner in child):
            yield from _values(child, here)


def _is_block(element: etree._Element) -> bool:
    return local_name(element) == "meta" and any(
        local_name(child) == "entity" and child.get("dataset") is not None for child in element
    )
