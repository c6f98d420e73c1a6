"""Formats submissions and repeats as the lines of Central's CSV files. Pure."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from server.central.layouts import Level, Step, slots, way_to
from server.central.schema import Field, Schema
from server.core.spreadsheets import Echo

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


class Sheet:
    """How the lines of a table's file are made: made once for all of them."""

    def __init__(self, schema: Schema, table: str) -> None:
        chain, self.columns = schema.tables[table], schema.columns(table)
        self.way = way_to(schema.fields, chain)
        questions = [
            (slot, field)
            for slot, field in enumerate(slots(self.columns))
            if field.kind == "question"
        ]
        self._slots = [slot for slot, _field in questions]
        points = [
            place for place, (_slot, field) in enumerate(questions) if field.type == "geopoint"
        ]
        self._points = points[::-1]  # the last first: a point becomes four cells

    @property
    def header(self) -> list[str]:
        """The header of the file."""
        names = list(_names(self.columns, ""))
        if self.way:
            return [*names, "PARENT_KEY", "KEY"]
        return ["SubmissionDate", *names, *SYSTEM]

    def cells(self, level: Level) -> list[str]:
        """The cells of the questions of a level of this table."""
        cells = [level[slot] for slot in self._slots]
        for place in self._points:
            cells[place : place + 1] = (*cells[place].split(), "", "", "", "")[:4]
        return cells

    @property
    def blank(self) -> list[str]:
        """The cells of a record that is encrypted."""
        return self.cells([""] * len(slots(self.columns)))

    def repeat_lines(self, level: Level, instance_id: str) -> Iterator[list[Any]]:
        """The lines of a repeat; KEY is the path to the repetition, numbered from 1."""
        for repetition, key, parent in _reached(level, self.way, instance_id):
            yield [*self.cells(repetition), parent, key]


def as_csv(cells: Sequence[object]) -> str:
    """The beginning of a line of CSV: the cells, each with a comma behind it."""
    if not cells:
        return ""
    line: str = csv.writer(Echo()).writerow([*cells, ""])  # type: ignore[assignment] # what Echo gives back
    return line.removesuffix("\r\n")


def submission_line(cells: str, instance_id: str, system: dict[str, Any]) -> str:
    """The line of a submission, of whose answers these are the cells, as CSV."""
    after = [instance_id if name == "__id" else system[name] for name in SYSTEM.values()]
    return f"{system['submissionDate']},{cells}{csv.writer(Echo()).writerow(after)}"


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


def _reached(level: Level, steps: Sequence[Step], key: str) -> Iterator[tuple[Level, str, str]]:
    step, *rest = steps
    path = "/".join((key, *(group.name for group in step.groups), step.repeat.name))
    for number, repetition in enumerate(level[step.slot], 1):
        here = f"{path}[{number}]"
        if rest:
            yield from _reached(repetition, rest, here)
        else:
            yield repetition, here, key
