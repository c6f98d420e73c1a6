"""One instance as rows of a table, with ids and join columns. Pure.

The ids are Central's own: a hash over the instanceID of the record's first version and the
places in all repeats on the way. So they outlive edits, do not depend on how the table is
paged, and are the same for a record that was moved here from Central.
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
    """Where in an instance an element stands: the names on the way, with the numbers of repeats."""

    instance_id: str
    steps: tuple[str, ...] = ()  # group#, repeat#0
    link: str = ""  # the same as a path of OData

    @property
    def id(self) -> str:
        if not self.steps:
            return self.instance_id
        text = "%%".join((f"{ROOT}#{self.instance_id}", *self.steps))
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def group(self, field: Field) -> Place:
        link = f"{self.link}/{quote(field.odata_name)}"
        return Place(self.instance_id, (*self.steps, f"{field.name}#"), link)

    def repeat(self, field: Field, number: int) -> Place:
        inside = Place(self.instance_id, (*self.steps, f"{field.name}#{number}"))
        return Place(
            self.instance_id, inside.steps, f"{self.link}/{quote(field.odata_name)}('{inside.id}')"
        )


def top(instance_id: str) -> Place:
    """The record as a whole."""
    quoted = quote(instance_id.replace("'", "''"), safe="':")
    return Place(instance_id, (), f"{ROOT}('{quoted}')")


def join_column(chain: Iterable[Field]) -> str:
    """The column of a repeat's table that holds the id of the row it belongs to."""
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
    """The instance's rows of the table that `chain` leads to, in the order of the document.

    `columns` is what each row holds, `chain[-1].children` or a choice among them.
    """
    join = join_column(chain) if chain else ""
    for element, place, parent in _reached(root, top(instance_id), instance_id, chain):
        row: dict[str, Any] = {"__id": place.id}
        if join:
            row[join] = parent
        row.update(_values(element, columns, place, wkt, expand))
        yield row


def unanswered(instance_id: str, columns: tuple[Field, ...]) -> dict[str, Any]:
    """A row without answers: every property is there."""
    return _values(None, columns, top(instance_id), wkt=False, expand=False)


def answered(root: etree._Element, paths: frozenset[str]) -> int:
    """How many of the questions with those paths are answered, each repetition counted."""
    names = {f"{{*}}{path.rpartition('/')[2]}" for path in paths}
    if not names:
        return 0
    return sum(1 for one in root.iter(*names) if (one.text or "").strip() and not len(one))


def value(text: str, type: str, *, wkt: bool = False) -> Any:
    """An answer as OData's JSON has it; None for an empty one and for what is not of the type."""
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
    """The id of the repetition, or the record, in which the place lies."""
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
    """What the columns hold in an element; in one that is not there, nothing, but each has its property."""
    found: dict[str, Any] = {}
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
            found[field.odata_name] = value(text, field.type, wkt=wkt) if text else None
        elif field.kind == "group":
            below = place.group(field) if field.has_repeats else place
            found[field.odata_name] = _values(first, field.children, below, wkt, expand)
        else:
            link = f"{place.link}/{quote(field.odata_name)}"
            found[f"{field.odata_name}@odata.navigationLink"] = link
            if expand:
                found[field.odata_name] = [
                    {"__id": own.id, **_values(one, field.children, own, wkt, expand)}
                    for number, one in enumerate(there)
                    for own in (place.repeat(field, number),)
                ]
    return found


def _int(text: str) -> int | None:
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", text):
        return None
    found = int(text)
    return found if -_INT64 <= found < _INT64 else None


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        return None
    found = float(text)
    return found if math.isfinite(found) else None


def _boolean(text: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text)


def _date(text: str) -> str | None:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return None


def _instant(text: str) -> str | None:
    """As written, with an offset: phones write `+08` for `+08:00`, and some nothing at all."""
    text = f"{text}:00" if _HALF_OFFSET.search(text) and "T" in text else text
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None:
        return found.replace(tzinfo=clock.OFFICE).isoformat(timespec="milliseconds")
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
    """GeoJSON with the accuracy among the properties, or WKT without it; None without one point."""
    points = [point for part in text.split(";") if (point := _point(part))]
    if not points:
        return None
    if wkt:
        listed = ",".join(" ".join(map(_plain, point[0])) for point in points)
        form = {"POINT": "POINT ({})", "LINESTRING": "LINESTRING ({})", "POLYGON": "POLYGON (({}))"}
        return form[_SHAPES[type]].format(listed if type != "geopoint" else listed.split(",")[0])
    places = [point for point, _accuracy in points]
    accuracies = [accuracy for _point, accuracy in points]
    if type == "geopoint":
        found: dict[str, Any] = {"type": "Point", "coordinates": places[0]}
        if accuracies[0] is not None:
            found["properties"] = {"accuracy": accuracies[0]}
        return found
    found = (
        {"type": "LineString", "coordinates": places}
        if type == "geotrace"
        else {"type": "Polygon", "coordinates": [places]}
    )
    if any(accuracy is not None for accuracy in accuracies):
        found["properties"] = {"accuracies": accuracies}
    return found


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
