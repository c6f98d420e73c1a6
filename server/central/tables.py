"""Converts levels of instances (layouts.py) to the rows of an OData table, with ids and join columns. Pure.

The ids are computed as Central does: a hash of the first version's instanceID and the position
in each repeat on the way. So they survive edits, do not depend on paging, and stay the same
when a submission is moved here from Central.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from lxml import etree

from server.central.layouts import Level, Step, places, way_to
from server.central.schema import ROOT, Field
from server.core import answers, clock

_INT64: Final = 1 << 63
_MOST_OFFSET: Final = timedelta(hours=14)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T|$)", re.ASCII)
_INSTANT: Final = re.compile(
    r"(?P<minutes>\d{4}-\d\d-\d\dT\d\d:\d\d)(?P<seconds>:\d\d)?(?P<fraction>\.\d{1,12})?"
    r"(?P<offset>Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Place:
    """The place of an element in an instance: the names on the way, with the positions in repeats."""

    instance_id: str
    steps: tuple[str, ...] = ()  # group#, repeat#0
    link: str = ""  # the same as a path of OData URLs

    @property
    def id(self) -> str:
        """The id of the row: the instanceID, or a hash within a repeat."""
        if not self.steps:
            return self.instance_id
        text = "%%".join((f"{ROOT}#{self.instance_id}", *self.steps))
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def group(self, field: Field) -> Place:
        """The place of a group below this one."""
        link = f"{self.link}/{quote(field.odata_name)}"
        return Place(self.instance_id, (*self.steps, f"{field.name}#"), link)

    def repeat(self, field: Field, number: int) -> Place:
        """The place of a repetition below this one, numbered from 0."""
        inside = Place(self.instance_id, (*self.steps, f"{field.name}#{number}"))
        return Place(
            self.instance_id, inside.steps, f"{self.link}/{quote(field.odata_name)}('{inside.id}')"
        )


def top(instance_id: str) -> Place:
    """The place of the root of an instance."""
    quoted = quote(instance_id.replace("'", "''"), safe="':")
    return Place(instance_id, (), f"{ROOT}('{quoted}')")


def join_column(chain: Iterable[Field]) -> str:
    """The column of a repeat's table that holds the id of the parent row."""
    *around, _own = chain
    while around and around[-1].kind != "repeat":
        around.pop()
    return f"__{'-'.join((ROOT, *(field.odata_name for field in around)))}-id"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table."""

    id: str
    parent: str  # the id of the row above; "" in the root's table
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """How the rows of a table are made from the levels of instances: made once for all rows of an answer."""

    way: tuple[Step, ...]
    join: str  # the column that holds the id of the parent row; "" of the root's table
    columns: tuple[_Column, ...]

    def rows(self, level: Level | None, instance_id: str) -> Iterator[Row]:
        """The rows of an instance, in document order; all properties are null while it is encrypted (`level` is None)."""
        place = top(instance_id)
        if not self.way:
            yield Row(place.id, "", _values(level, self.columns, place))
        elif level is not None:
            for repetition, own, parent in _reached(level, self.way, place):
                yield Row(own.id, parent, _values(repetition, self.columns, own))


def table(
    fields: tuple[Field, ...],
    chain: tuple[Field, ...],
    columns: tuple[Field, ...],
    *,
    wkt: bool = False,
    expand: bool = False,
) -> Table:
    """The table of the repeat `chain[-1]`, or the root's, of a form with these fields.

    `columns` are the fields of each row: those of the table or some of them.
    """
    own = chain[-1].children if chain else fields
    made = _columns(columns, places(own), wkt, expand)
    return Table(way_to(fields, chain), join_column(chain) if chain else "", made)


def answered(root: etree._Element, paths: frozenset[str]) -> Iterator[str]:
    """The answers to the questions with these paths, which begin below the root, in all repetitions."""
    for path in paths:
        level = [root]
        for name in path.strip("/").split("/"):
            level = [child for element in level for child in element.iterchildren(f"{{*}}{name}")]
        for element in level:
            if not len(element) and (text := (element.text or "").strip()):
                yield text


def value(text: str, type: str, *, wkt: bool = False) -> Any:
    """An answer as a value of OData's JSON; None when it is blank or not of the type."""
    read = _reader(type, wkt)
    if read is None:
        return text if text and not text.isspace() else None
    return read(text)


@dataclass(frozen=True, slots=True)
class _Column:
    """A property of a row."""

    field: Field
    name: str
    slot: int = -1  # of a question or repeat
    read: Callable[[str], Any] | None = None  # of a question that is no text
    inner: tuple[_Column, ...] = ()  # of a group, or of a repeat that is expanded
    is_expanded: bool = False


def _columns(
    fields: Iterable[Field], place_of: Mapping[str, int], wkt: bool, expand: bool
) -> tuple[_Column, ...]:
    columns = []
    for field in fields:
        name, slot = field.odata_name, place_of.get(field.path, -1)
        if field.kind == "question":
            columns.append(_Column(field, name, slot, _reader(field.type, wkt)))
        elif field.kind == "group":
            inner = _columns(field.children, place_of, wkt, expand)
            columns.append(_Column(field, name, inner=inner))
        else:
            below = _columns(field.children, places(field.children), wkt, True) if expand else ()
            columns.append(_Column(field, name, slot, inner=below, is_expanded=expand))
    return tuple(columns)


def _values(level: Level | None, columns: tuple[_Column, ...], place: Place) -> dict[str, Any]:
    """The properties of a level; all null when there is none."""
    values: dict[str, Any] = {}
    for column in columns:
        name, kind = column.name, column.field.kind
        if kind == "question":
            text = "" if level is None else level[column.slot]
            if not text or text.isspace():
                values[name] = None
            else:
                values[name] = text if column.read is None else column.read(text)
        elif kind == "group":
            inside = place.group(column.field) if column.field.has_repeats else place
            values[name] = _values(level, column.inner, inside)
        else:
            values[f"{name}@odata.navigationLink"] = f"{place.link}/{quote(name)}"
            if column.is_expanded:
                values[name] = [
                    {"__id": own.id, **_values(repetition, column.inner, own)}
                    for number, repetition in enumerate(() if level is None else level[column.slot])
                    for own in (place.repeat(column.field, number),)
                ]
    return values


def _reached(level: Level, way: Sequence[Step], place: Place) -> Iterator[tuple[Level, Place, str]]:
    """The repetitions at the end of the way, each with its place and the id of the row above."""
    step, *rest = way
    parent = place.id
    for group in step.groups:
        place = place.group(group)
    for number, repetition in enumerate(level[step.slot]):
        own = place.repeat(step.repeat, number)
        if rest:
            yield from _reached(repetition, rest, own)
        else:
            yield repetition, own, parent


def _int(text: str) -> int | None:
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", text):
        return None
    number = int(text)
    return number if -_INT64 <= number < _INT64 else None


def _boolean(text: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text)


def _date(text: str) -> str | None:
    """A date, of a time its date; XML Schema's way of writing it and no other of ISO 8601."""
    if not _DATE.match(text):
        return None
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return None


def _instant(text: str) -> str | None:
    """An instant as written, with its offset completed: phones write `+08` for `+08:00`, and some write none.

    What Edm.DateTimeOffset does not know (a comma, seconds in the offset) is null.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    seconds, fraction, offset = match["seconds"] or ":00", match["fraction"] or "", match["offset"]
    plain = f"{match['minutes']}{seconds}"
    try:
        if offset:
            offset = (
                offset if offset == "Z" else f"{offset[:3]}:{offset[-2:] if offset[3:] else '00'}"
            )
            shift = datetime.fromisoformat(f"{plain}{offset}").utcoffset()
            if shift is None or abs(shift) > _MOST_OFFSET:
                return None
        else:
            written = datetime.fromisoformat(plain).replace(tzinfo=clock.OFFICE).strftime("%z")
            # before 1901 the office's zone had seconds
            offset = f"{written[:3]}:{written[3:]}" if len(written) == 5 else "+08:00"
            fraction = fraction or ".000"
    except (ValueError, OverflowError):
        return None
    return f"{plain}{fraction}{offset}"


_READERS: Final[Mapping[str, Any]] = {
    "int": _int,
    "decimal": answers.number,
    "boolean": _boolean,
    "date": _date,
    "dateTime": _instant,
}
_SHAPES: Final = {"geopoint": "POINT", "geotrace": "LINESTRING", "geoshape": "POLYGON"}


def _reader(type: str, wkt: bool) -> Callable[[str], Any] | None:
    """The function that reads an answer of the type; None where it is the text itself."""
    if type in _SHAPES:
        return lambda text: _shape(text, type, wkt) if (text := text.strip()) else None
    if type in _READERS:
        read = _READERS[type]
        return lambda text: read(text) if (text := text.strip()) else None
    return None


def _shape(text: str, type: str, wkt: bool) -> Any:
    """GeoJSON with the accuracy among the properties, or WKT without it.

    None when a point is none, a line has no two points, or an area no closed ring of four: a
    part of a shape is another shape. Where one point has no altitude, no point of the shape has:
    readers of geometries take coordinates of one dimension only. A ring ends in the very position
    that it begins with, altitude included (RFC 7946, 3.1.6).
    """
    places = [answers.place(part) for part in text.split(";") if part.strip()]
    points = [place for place in places if place is not None]
    if len(points) < len(places) or not _is_whole(points, type):
        return None
    is_flat = any(point.altitude is None for point in points)
    coordinates = [
        [point.longitude, point.latitude, *(() if is_flat else (point.altitude,))]
        for point in points
    ]
    if type == "geoshape":
        coordinates[-1] = coordinates[0]
    if wkt:
        listed = ",".join(" ".join(_plain(number or 0.0) for number in xyz) for xyz in coordinates)
        form = {"POINT": "POINT ({})", "LINESTRING": "LINESTRING ({})", "POLYGON": "POLYGON (({}))"}
        return form[_SHAPES[type]].format(listed)
    accuracies = [point.accuracy for point in points]
    if type == "geopoint":
        point: dict[str, Any] = {"type": "Point", "coordinates": coordinates[0]}
        if accuracies[0] is not None:
            point["properties"] = {"accuracy": accuracies[0]}
        return point
    shape: dict[str, Any] = (
        {"type": "LineString", "coordinates": coordinates}
        if type == "geotrace"
        else {"type": "Polygon", "coordinates": [coordinates]}
    )
    if any(accuracy is not None for accuracy in accuracies):
        shape["properties"] = {"accuracies": accuracies}
    return shape


def _is_whole(points: Sequence[answers.Place], type: str) -> bool:
    """Whether the points make up a geometry of the type (RFC 7946)."""
    if type == "geopoint":
        return len(points) == 1
    if type == "geotrace":
        return len(points) > 1
    ends = [(point.longitude, point.latitude) for point in (*points[:1], *points[-1:])]
    return len(points) > 3 and ends[0] == ends[1]


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else format(Decimal(repr(number)), "f")
