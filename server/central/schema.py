"""The fields of a form version as OData tables and typed properties. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from server.submissions.answers import FILE_TYPES

ROOT: Final = "Submissions"
_RESERVED: Final = frozenset({"__id", "__system"})
_EDM: Final = {
    "int": "Edm.Int64",
    "decimal": "Edm.Decimal",
    "boolean": "Edm.Boolean",
    "geopoint": "Edm.GeographyPoint",
    "geotrace": "Edm.GeographyLineString",
    "geoshape": "Edm.GeographyPolygon",
    "date": "Edm.Date",
    "dateTime": "Edm.DateTimeOffset",
}
_STRINGS: Final = frozenset({"text", "calculate", "trigger", "select_one", "select_multiple", ""})


@dataclass(frozen=True, slots=True)
class Field:
    """A group, repeat or question of a form."""

    path: str  # in the instance, below its root: /members/name
    name: str  # of the element
    odata_name: str  # a valid OData identifier, unique among siblings
    kind: str  # group, repeat, question
    type: str  # of a question, as FormVersion.questions has it
    children: tuple[Field, ...] = ()
    has_repeats: bool = False  # below it

    @property
    def edm(self) -> str:
        """Its type in OData."""
        return _EDM.get(self.type, "Edm.String")

    @property
    def central_type(self) -> str:
        """Its type in Central's list of fields."""
        if self.kind != "question":
            return "repeat" if self.kind == "repeat" else "structure"
        if self.type in FILE_TYPES:
            return "binary"
        return "string" if self.type in _STRINGS else self.type


@dataclass(frozen=True)
class Schema:
    """The fields of a form: those at the top, each with its children."""

    fields: tuple[Field, ...]

    @cached_property
    def tables(self) -> dict[str, tuple[Field, ...]]:
        """Table → the fields on the way to its repeat, which is the last; () for Submissions."""
        return dict(_tables(self.fields, ()))

    @cached_property
    def binaries(self) -> frozenset[str]:
        """The paths of the questions whose answers are file names."""
        return frozenset(field.path for field in walk(self.fields) if field.type in FILE_TYPES)

    def columns(self, table: str) -> tuple[Field, ...]:
        """The fields of a row of the table."""
        chain = self.tables[table]
        return chain[-1].children if chain else self.fields


def schema_of(questions: Mapping[str, Any]) -> Schema:
    """The schema of a form version, from its `questions`, which are in form order."""
    children: dict[str, list[Mapping[str, Any]]] = {}
    for item in questions.get("items", ()):
        children.setdefault(item["path"].rpartition("/")[0], []).append(item)
    root = next(iter(children), "")
    return Schema(_fields(root, len(root), children))


def identifier(name: str) -> str:
    """The name as an OData identifier, converted as Central does; letters of all scripts are kept."""
    legal = "".join(letter if f"_{letter}".isidentifier() else "-" for letter in name)
    led = legal if name[:1].isidentifier() else f"_{legal}"
    return re.sub("-+", "_", led)


def walk(fields: Iterable[Field]) -> Iterator[Field]:
    """All fields, at every depth, in form order."""
    for field in fields:
        yield field
        yield from walk(field.children)


def pruned(fields: Iterable[Field], wanted: frozenset[str]) -> tuple[Field, ...]:
    """The fields with these paths, with their children and the groups around them."""
    return tuple(_pruned(fields, wanted))


def _pruned(fields: Iterable[Field], wanted: frozenset[str]) -> Iterator[Field]:
    for field in fields:
        if field.path in wanted:
            yield field
        elif field.kind == "group" and (kept := tuple(_pruned(field.children, wanted))):
            yield replace(field, children=kept)


def _fields(
    parent: str, cut: int, children: Mapping[str, list[Mapping[str, Any]]]
) -> tuple[Field, ...]:
    taken = set(_RESERVED)
    fields = []
    for item in children.get(parent, ()):
        odata_name = _untaken(identifier(item["name"]), taken)
        taken.add(odata_name)
        below = () if item["kind"] == "question" else _fields(item["path"], cut, children)
        has_repeats = any(field.kind == "repeat" or field.has_repeats for field in below)
        names = (item["path"][cut:], item["name"], odata_name)
        fields.append(Field(*names, item["kind"], item["type"], below, has_repeats))
    return tuple(fields)


def _untaken(name: str, taken: set[str]) -> str:
    """The name, with a number appended when a sibling has it already."""
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _tables(
    fields: Iterable[Field], chain: tuple[Field, ...]
) -> Iterator[tuple[str, tuple[Field, ...]]]:
    if not chain:
        yield ROOT, ()
    for field in fields:
        if field.kind != "question":
            way = (*chain, field)
            if field.kind == "repeat":
                yield ".".join((ROOT, *(step.odata_name for step in way))), way
            yield from _tables(field.children, way)
