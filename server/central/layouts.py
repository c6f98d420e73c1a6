"""Lays the answers of an instance out by the fields of a form, once for all tables and formats. Pure.

A level of an instance (the root, or one repetition) is a list with one slot for each question
and each repeat, in form order: groups have no slots of their own, their fields stand in their
place. The slot of a question holds its text as the phone wrote it, "" without an answer; that of
a repeat the list of its repetitions, each of which is a level.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lxml import etree

from server.central.schema import Field
from server.core.plain import dumps
from server.core.xml import local_name

Level = list[Any]


def slots(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The questions and repeats of a level, in the order of their slots."""
    return tuple(_slots(fields))


def _slots(fields: Iterable[Field]) -> Iterator[Field]:
    for field in fields:
        if field.kind == "group":
            yield from _slots(field.children)
        else:
            yield field


def places(fields: tuple[Field, ...]) -> dict[str, int]:
    """Path → slot, of the questions and repeats of a level."""
    return {field.path: number for number, field in enumerate(slots(fields))}


def lay_out(root: etree._Element, fields: tuple[Field, ...]) -> Level:
    """The level of the root.

    Of questions and groups that occur twice, where a form has one, the first counts;
    repetitions count wherever they stand.
    """
    level: Level = []
    _add([root], fields, level)
    return level


def _add(elements: Sequence[etree._Element], fields: Iterable[Field], level: Level) -> None:
    children: dict[str, list[etree._Element]] = {}
    for element in elements:
        for child in element:
            children.setdefault(local_name(child), []).append(child)
    for field in fields:
        there = children.get(field.name, ())
        if field.kind == "question":
            level.append((there[0].text or "") if there else "")
        elif field.kind == "group":
            _add(there, field.children, level)
        else:
            repetitions = []
            for element in there:
                repetition: Level = []
                _add([element], field.children, repetition)
                repetitions.append(repetition)
            level.append(repetitions)


@dataclass(frozen=True, slots=True)
class Step:
    """A repeat on the way to a table: its slot in the level around it, and the groups between."""

    slot: int
    groups: tuple[Field, ...]
    repeat: Field


def way_to(fields: tuple[Field, ...], chain: tuple[Field, ...]) -> tuple[Step, ...]:
    """The repeats on the way from the root, whose fields these are, to `chain[-1]`."""
    steps: list[Step] = []
    groups: list[Field] = []
    for field in chain:
        if field.kind == "repeat":
            steps.append(Step(places(fields)[field.path], tuple(groups), field))
            fields, groups = field.children, []
        else:
            groups.append(field)
    return tuple(steps)


class Layout:
    """The answers of an instance, laid out.

    Beside the level of its root it has what most exports need of it, written out: the cells of its line in
    CSV, and its properties in the table of submissions of OData. Each part is read only when it is asked for.
    """

    def __init__(self, packed: bytes) -> None:
        head, _line, self._rest = packed.partition(b"\n")
        self._cells, self._properties, *names = json.loads(head.decode())
        self.files_named = frozenset(names)

    @property
    def cells(self) -> str:
        """The cells of the questions outside repeats, as CSV."""
        return self._rest[: self._cells].decode()

    @property
    def properties(self) -> str:
        """The properties of its row in the table of submissions, as JSON without braces."""
        return self._rest[self._cells : self._properties].decode()

    @cached_property
    def level(self) -> Level:
        """The level of the root."""
        level: Level = json.loads(self._rest[self._properties :].decode())
        return level


def packed(level: Level, files_named: Iterable[str], cells: str, properties: str) -> bytes:
    """The bytes that `Layout` reads."""
    line, row = cells.encode(), properties.encode()
    head = dumps([len(line), len(line) + len(row), *files_named]).encode()
    return b"".join((head, b"\n", line, row, dumps(level).encode()))
