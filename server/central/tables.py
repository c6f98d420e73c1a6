"""Converts an instance to the rows of an OData table, with ids and join columns. Pure.

The ids are computed as Central does: a hash of the first version's instanceID and the position
in each repeat on the way. So they survive edits, do not depend on paging, and stay the same
when a submission is moved here from Central.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

from lxml import etree

from server.central.schema import ROOT, Field
from server.core import clock
from server.core.xml import local_name

_INT64: Final = 1 << 63
_HALF_OFFSET: Final = re.compile(r"[+-]\d\d$")


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
            level = [child for element in level for child in element if local_name(child) == name]
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


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _boolean(text: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text)


def _date(text: str) -> str | None:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return None


def _instant(text: str) -> str | None:
    """An instant as written, with its offset completed: phones write `+08` for `+08:00`, and some write none."""
    text = f"{text}:00" if _HALF_OFFSET.search(text) and "T" in text else text
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    if instant.tzinfo is None:
        return instant.replace(tzinfo=clock.OFFICE).isoformat(timespec="milliseconds")
    return text


_READERS: Final[Mapping[str, Any]] = {
    "int": _int,
    "decimal": _number,
    "boolean": _boolean,
    "date": _date,
    "dateTime": _instant,
}
_SHAPES: Final = {"geopoint": "POINT", "geotrace": "LINESTRING", "geoshape": "POLYGON"}


def _shape(text: str, type: str, wkt: bool) -> Any:
    """GeoJSON with the accuracy among the properties, or WKT without it; None when there is no point."""
    points = [parsed for part in text.split(";") if (parsed := _point(part))]
    if not points:
        return None
    if wkt:
        listed = ",".join(" ".join(map(_plain, place)) for place, _accuracy in points)
        form = {"POINT": "POINT ({})", "LINESTRING": "LINESTRING ({})", "POLYGON": "POLYGON (({}))"}
        return form[_SHAPES[type]].format(listed if type != "geopoint" else listed.split(",")[0])
    places = [place for place, _accuracy in points]
    accuracies = [accuracy for _place, accuracy in points]
    if type == "geopoint":
        point: dict[str, Any] = {"type": "Point", "coordinates": places[0]}
        if accuracies[0] is not None:
            point["properties"] = {"accuracy": accuracies[0]}
        return point
    columns: dict[str, Any] = (
        {"type": "LineString", "coordinates": places}
        if type == "geotrace"
        else {"type": "Polygon", "coordinates": [places]}
    )
    if any(accuracy is not None for accuracy in accuracies):
        columns["properties"] = {"accuracies": accuracies}
    return columns


def _point(text: str) -> tuple[list[float], float | None] | None:
    """`lat lon [altitude [accuracy]]` as ([lon, lat, altitude], accuracy)."""
    numbers = [_number(part) for part in text.split()]
    if len(numbers) < 2 or numbers[0] is None or numbers[1] is None:
        return None
    place = [numbers[1], numbers[0]]
    if len(numbers) > 2 and numbers[2] is not None:
        place.append(numbers[2])
    return place, (numbers[3] if len(numbers) > 3 else None)


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)
