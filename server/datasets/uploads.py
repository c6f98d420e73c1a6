"""Reads entities from a CSV file, as spreadsheets write it. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from server.datasets.problems import EntityInvalid
from server.datasets.services import NewEntity

_UUIDS: Final = ("__id", "uuid", "name")
"""Headers under which ODK's files have an entity's uuid."""


def read_sheet(content: bytes, properties: Sequence[str]) -> list[NewEntity]:
    """The entities of a CSV file with the columns `label`, perhaps `__id`, and properties of the list.

    Other columns whose name begins with __ are passed over. Raises EntityInvalid.
    """
    reader = csv.DictReader(io.StringIO(_text(content)))
    columns = reader.fieldnames or []
    if "label" not in columns:
        raise EntityInvalid(number=0, fault=_("the file has no column “label”."))
    known = {"label", *_UUIDS, *properties}
    if unknown := [name for name in columns if name not in known and not name.startswith("__")]:
        fault = _("the list has no property {names}.").format(names=", ".join(unknown[:5]))
        raise EntityInvalid(number=0, fault=fault)
    uuid_column = next((name for name in _UUIDS if name in columns and name not in properties), "")
    entities = []
    for number, line in enumerate(reader, 1):
        if None in line or None in line.values():
            raise EntityInvalid(
                number=number, fault=_("it has more or fewer cells than the header.")
            )
        text = line[uuid_column].strip() if uuid_column else ""
        values = {name: line[name] for name in properties if name in columns}
        entities.append(NewEntity(line["label"], values, _uuid(text, number) if text else None))
    if not entities:
        raise EntityInvalid(number=1, fault=_("the file has no lines below its header."))
    return entities


def _text(content: bytes) -> str:
    """The file as text: UTF-8 with or without its mark, else as Chinese spreadsheets write it."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise EntityInvalid(number=0, fault=_("the file is no text in UTF-8 or GB 18030."))


def _uuid(text: str, number: int) -> UUID:
    try:
        return UUID(text.removeprefix("uuid:"))
    except ValueError:
        raise EntityInvalid(number=number, fault=_("its uuid cannot be read.")) from None
