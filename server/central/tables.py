"""Converts an instance to the rows of an OData table, with ids and join columns. Pure.

The ids are computed as Central does: a hash of the first version's instanceID and the position
in each repeat on the way. So they survive edits, do not depend on paging, and stay the same
when a submission is moved here from Central.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from lxml import etree

from server.central.schema import ROOT, Field
from server.core import answers, clock
from server.core.xml import local_name

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


def rows(
    root: etree._Element,
    instance_id: str,
    chain: tuple[Field, ...],
    columns: tuple[Field, ...],
    *,
    wkt: bool = False,
    expand: bool = False,
) -> Iterator[dict[str, Any]]:
    """The rows of an instance in the table of the repeat `chain[-1]`, in document order.

    `columns` are the fields of each row: `chain[-1].children` or some of them.
    """
    join = join_column(chain) if chain else ""
    for element, place, parent in _reached(root, top(instance_id), instance_id, chain):
        row: dict[str, Any] = {"__id": place.id}
        if join:
            row[join] = parent
        row.update(_values(element, columns, place, wkt, expand))
        yield row


def unanswered(instance_id: str, columns: tuple[Field, ...]) -> dict[str, Any]:
    """A row in which every property is null."""
    return _values(None, columns, top(instance_id), wkt=False, expand=False)


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
    text = text.strip() if type in _READERS or type in _SHAPES else text
    if not text.strip():
        return None
    if type in _SHAPES:
        return _shape(text, type, wkt)
    return _READERS[type](text) if type in _READERS else text


def _reached(
    element: etree._Element, place: Place, parent: str, chain: tuple[Field, ...]
) -> Iterator[tuple[etree._Element, Place, str]]:
    if not chain:
        yield element, place, parent
        return
    field, *rest = chain
    number = 0
    for child in element:
        if local_name(child) == field.name:
            if field.kind == "repeat":
                inside, above = place.repeat(field, number), _nearest(place)
                number += 1
            else:
                inside, above = place.group(field), parent
            yield from _reached(child, inside, above, tuple(rest))


def _nearest(place: Place) -> str:
    """The id of the repetition, or else the submission, that contains the place."""
    steps = place.steps
    while steps and steps[-1].endswith("#"):
        steps = steps[:-1]
    return Place(place.instance_id, steps).id


def _values(
    element: etree._Element | None,
    columns: tuple[Field, ...],
    place: Place,
    wkt: bool,
    expand: bool,
) -> dict[str, Any]:
    """The properties of an element; all null when it does not exist."""
    values: dict[str, Any] = {}
    children: dict[str, list[etree._Element]] = {}
    for child in () if element is None else element:
        name = local_name(child)
        if name in children:
            children[name].append(child)
        else:
            children[name] = [child]
    for field in columns:
        there = children.get(field.name, [])
        first = there[0] if there else None
        if field.kind == "question":
            text = None if first is None else first.text
            values[field.odata_name] = value(text, field.type, wkt=wkt) if text else None
        elif field.kind == "group":
            below = place.group(field) if field.has_repeats else place
            values[field.odata_name] = _values(first, field.children, below, wkt, expand)
        else:
            link = f"{place.link}/{quote(field.odata_name)}"
            values[f"{field.odata_name}@odata.navigationLink"] = link
            if expand:
                values[field.odata_name] = [
                    {"__id": own.id, **_values(element, field.children, own, wkt, expand)}
                    for number, element in enumerate(there)
                    for own in (place.repeat(field, number),)
                ]
    return values


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
