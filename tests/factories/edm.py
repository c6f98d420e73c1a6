"""Whether a value in OData's JSON is one of its declared type (OData JSON Format 4.0; RFC 7946)."""

from __future__ import annotations

import math
import re
from typing import Any

from django.contrib.gis.geos import GEOSGeometry
from lxml import etree

_DATE = r"\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])"
_PATTERNS = {
    "Edm.Date": re.compile(_DATE, re.ASCII),
    "Edm.DateTimeOffset": re.compile(
        _DATE + r"T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,12})?(Z|[+-](0\d|1[0-4]):[0-5]\d)",
        re.ASCII,
    ),
    "Edm.TimeOfDay": re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,12})?)?", re.ASCII),
}
_GEOMETRIES = {
    "Edm.GeographyPoint": "Point",
    "Edm.GeographyLineString": "LineString",
    "Edm.GeographyPolygon": "Polygon",
}


def types_of(metadata: bytes) -> dict[str, dict[str, str]]:
    """Type → property → its type, by names without the namespace of the form."""
    root = etree.fromstring(metadata)
    types = {}
    for kind in ("EntityType", "ComplexType"):
        for declared in root.iter(f"{{*}}{kind}"):
            properties = declared.findall("{*}Property")
            types[declared.get("Name")] = {one.get("Name"): one.get("Type") for one in properties}
    return types


def faults_of(value: Any, type_: str, *, wkt: bool = False) -> list[str]:
    """What is wrong with a value of an Edm type; null is always right."""
    if value is None:
        return []
    right = {
        "Edm.String": lambda: isinstance(value, str),
        "Edm.Boolean": lambda: isinstance(value, bool),
        "Edm.Int64": lambda: type(value) is int and -(2**63) <= value < 2**63,
        "Edm.Decimal": lambda: type(value) in (int, float) and math.isfinite(value),
        "Edm.Double": lambda: type(value) in (int, float) and math.isfinite(value),
    }.get(type_)
    if right is not None:
        return [] if right() else [f"{value!r} is no {type_}"]
    if type_ in _PATTERNS:
        is_right = isinstance(value, str) and _PATTERNS[type_].fullmatch(value)
        return [] if is_right else [f"{value!r} is no {type_}"]
    if type_ in _GEOMETRIES:
        return _geometry_faults(value, _GEOMETRIES[type_], wkt=wkt)
    return [f"{type_} is not known"]


def _geometry_faults(value: Any, kind: str, *, wkt: bool) -> list[str]:
    if wkt:
        shape = GEOSGeometry(f"SRID=4326;{value}")  # raises for what GEOS does not read
        listed = value[value.index("(") :].strip("()").split(",")
        dimensions = {len(point.split()) for point in listed}
        is_closed = kind != "Polygon" or listed[0] == listed[-1]
        is_right = shape.geom_type == kind and len(dimensions) == 1 and is_closed
        return [] if is_right else [f"{value} is no {kind}"]
    if value.get("type") != kind:
        return [f"{value} is no {kind}"]
    return [] if _coordinates_right(value["coordinates"], kind) else [f"{value} is no {kind}"]


def _coordinates_right(coordinates: Any, kind: str) -> bool:
    points = {"Point": [coordinates], "LineString": coordinates}.get(kind)
    if points is None:
        (points,) = coordinates
        if len(points) < 4 or points[0] != points[-1]:
            return False
    if kind == "LineString" and len(points) < 2:
        return False
    return len({len(point) for point in points}) == 1 and all(
        len(point) in (2, 3)
        and all(math.isfinite(number) for number in point)
        and -180 <= point[0] <= 180
        and -90 <= point[1] <= 90
        for point in points
    )
