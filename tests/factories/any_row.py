"""A row of any table in a given area, made from its model's declaration; so a new model needs no factory."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.db import models

_number = itertools.count(1)
_DAY = date(2026, 3, 1)
_MOMENT = datetime(2026, 3, 1, 9, tzinfo=UTC)
_OF_AREA = ("area", "area_code", "office", "sender_area")
"""Names of columns that say where a row lies."""
_SPECIAL: dict[str, dict[str, Any]] = {
    "ledgers.DeskAct": {"kind": "void"},
    "submissions.Verdict": {"reason": "community"},
}
"""Model → values that its constraints ask for."""


def make_row(model: type[models.Model], area: str) -> Any:
    """Save a row that lies in the area, with what it refers to, and return it."""
    values: dict[str, Any] = dict(_SPECIAL.get(model._meta.label, {}))
    for field in model._meta.local_concrete_fields:
        if field.name in values or field.generated or isinstance(field, models.AutoField):
            continue
        if field.name in _OF_AREA:
            values[field.name] = area
        elif isinstance(field, models.ForeignKey):
            if not field.null or field.name == "submission":
                values[field.name] = make_row(field.related_model, area)
        elif not field.has_default() and not field.null and field.column:
            values[field.name] = _value(field, area)
    return model._base_manager.create(**values)


def _value(field: Any, area: str) -> Any:
    from server.core.sealed_fields import SealedJSON, SealedText
    from server.submissions.models import Submission

    number = next(_number)
    if field.name == "submission_id":  # a number without a constraint
        return make_row(Submission, area).pk
    if field.choices:
        return field.choices[0][0]
    match field:
        case SealedText():
            return f"x{number}"
        case SealedJSON():
            return {}
        case models.UUIDField():
            return uuid4()
        case models.DateTimeField():
            return _MOMENT
        case models.DateField():
            return _DAY
        case models.BinaryField():
            return number.to_bytes(32, "big")
        case models.BooleanField():
            return False
        case models.IntegerField() | models.FloatField() | models.DecimalField():
            return number if isinstance(field, models.BigIntegerField) else number % 1000
        case models.JSONField():
            return {}
        case models.CharField() | models.TextField():
            return f"x{number}"
    match field.get_internal_type():
        case "PointField":
            return Point(113.3, 23.1, srid=4326)
        case "MultiPolygonField":
            return MultiPolygon(Polygon.from_bbox((113, 23, 114, 24)), srid=4326)
        case "ArrayField":
            return []
    raise AssertionError(f"no value for {field}")
