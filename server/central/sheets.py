"""Formats submissions and repeats as the lines of Central's CSV files. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lxml import etree

from server.central.schema import Field, Schema
from server.core.xml import local_name

SYSTEM: Final = {
    "KEY": "__id",
    "SubmitterID": "submitterId",
    "SubmitterName": "submitterName",
    "AttachmentsPresent": "attachmentsPresent",
    "AttachmentsExpected": "attachmentsExpected",
    "Status": "status",
    "ReviewState": "reviewState",
    "DeviceID": "deviceId",
    "Edits": "edits",
    "FormVersion": "formVersion",
}
_POINT: Final = ("Latitude", "Longitude", "Altitude", "Accuracy")


def header(schema: Schema, table: str) -> list[str]:
    """The header of a table's file."""
    names = list(_names(schema.columns(table), ""))
    if schema.tables[table]:
        return [*names, "PARENT_KEY", "KEY"]
    return ["SubmissionDate", *names, *SYSTEM]


def submission_line(
    root: etree._Element | None, schema: Schema, instance_id: str, system: dict[str, Any]
) -> list[Any]:
    """The line of a submission; its answers are blank while it is encrypted (`root` is None)."""
    system = {**system, "__id": instance_id}
    answers = _cells(root, schema.fields)
    return [system["submissionDate"], *answers, *(system[name] for name in SYSTEM.values())]


def repeat_lines(
    root: etree._Element, chain: tuple[Field, ...], instance_id: str
) -> Iterator[list[Any]]:
    """The lines of a repeat; KEY is the path to the repetition, numbered from 1."""
    for element, key, parent in _reached(root, chain, instance_id, instance_id):
        yield [*_cells(element, chain[-1].children), parent, key]


def file_names(form_id: str, schema: Schema) -> dict[str, str]:
    """Table → its file name in the archive, as at Central: FORM-repeat.csv.

    Repeats with the same name are numbered in form order.
    """
    repeats = {table: chain[-1].name for table, chain in schema.tables.items() if chain}
    alike = Counter(name.casefold() for name in repeats.values())
    numbers: Counter[str] = Counter()
    names = {table: form_id for table, chain in schema.tables.items() if not chain}
    for table, name in repeats.items():
        numbers[name.casefold()] += 1
        is_alone = alike[name.casefold()] == 1
        names[table] = f"{form_id}-{name}" + ("" if is_alone else f"~{numbers[name.casefold()]}")
    return {table: f"{_safe(name)}.csv" for table, name in names.items()}


def audit_name(form_id: str) -> str:
    """The name of the sheet with the audit logs of all records, as at Central."""
    return f"{_safe(form_id)} - audit.csv"


def _safe(name: str) -> str:
    return "".join(letter if letter not in '/\\:*?"<>|' else "_" for letter in name)


def _names(fields: Iterable[Field], above: str) -> Iterator[str]:
    for field in fields:
        name = f"{above}{field.name}"
        if field.kind == "group":
            yield from _names(field.children, f"{name}-")
        elif field.type == "geopoint":
            yield from (f"{name}-{part}" for part in _POINT)
        elif field.kind == "question":
            yield name


def _cells(element: etree._Element | None, fields: Iterable[Field]) -> list[str]:
    cells: list[str] = []
    _add_cells(cells, element, fields)
    return cells


def _add_cells(cells: list[str], element: etree._Element | None, fields: Iterable[Field]) -> None:
    children: dict[str, etree._Element] = {}
    for child in () if element is None else element:
        children.setdefault(local_name(child), child)
    for field in fields:
        there, kind = children.get(field.name), field.kind
        if kind == "group":
            _add_cells(cells, there, field.children)
        elif field.type == "geopoint":
            text = "" if there is None else there.text or ""
            cells += (*text.split(), *[""] * 4)[:4]
        elif kind == "question":
            cells.append("" if there is None else there.text or "")


def _reached(
    element: etree._Element, chain: tuple[Field, ...], place: str, parent: str
) -> Iterator[tuple[etree._Element, str, str]]:
    field, *rest = chain
    number = 0
    for child in element:
        if local_name(child) != field.name:
            continue
        if field.kind == "repeat":
            number += 1
            here = f"{place}/{field.name}[{number}]"
            above = here if rest else parent
        else:
            here, above = f"{place}/{field.name}", parent
        if rest:
            yield from _reached(child, tuple(rest), here, above)
        else:
            yield child, here, parent
