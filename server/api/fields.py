"""Serializer fields of ledger columns, made from their declarations: a new column needs nothing here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Model
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework_gis.fields import GeometryField

from server.core.clock import OFFICE
from server.ledgers.definitions.columns import Column, Kind, Sensitivity
from server.ledgers.reading import masking
from server.ledgers.selectors import RESTRICTED_CODES

NULLABLE_POINT = {"oneOf": [{"$ref": "#/components/schemas/Point"}, {"type": "null"}]}


@extend_schema_field(NULLABLE_POINT)
class PlaceField(GeometryField):
    """A point, WGS 84, as GeoJSON."""


class ColumnField(serializers.Field):
    """A column's value as JSON; null too where the caller may not see it (see `withheld`)."""

    def __init__(self, column: Column, **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", **kwargs)
        self.column = column
        self.is_restricted = column.sensitivity is Sensitivity.RESTRICTED
        self.restricted_codes = RESTRICTED_CODES.get(column.codes)
        self.read = _reader(column)

    def get_attribute(self, instance: Model) -> Any:
        if self.is_restricted and not may_see(instance, self.context):
            return None
        value = self.read(instance)
        if value and self.restricted_codes and not may_see(instance, self.context):
            return [code for code in value if code not in self.restricted_codes]
        return value

    def to_representation(self, value: Any) -> Any:
        return value


class WithheldField(serializers.Field):
    """The columns that are null or shortened only because the caller lacks the restricted role."""

    def __init__(self, columns: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", **kwargs)
        self.columns = columns

    def to_representation(self, value: Model) -> list[str]:
        return [] if may_see(value, self.context) else list(self.columns)


def may_see(entry: Any, context: Mapping[str, Any]) -> bool:
    """Whether the caller holds the restricted role where this row is."""
    return entry.area_code.startswith(context["restricted_areas"])


def is_withheld(column: Column) -> bool:
    """Whether the column, or some of its codes, is hidden from those without the restricted role."""
    return column.sensitivity is Sensitivity.RESTRICTED or column.codes in RESTRICTED_CODES


def field_of(column: Column) -> serializers.Field:
    """The serializer field of a column."""
    return PlaceField(read_only=True) if column.kind is Kind.POINT else ColumnField(column)


def _reader(column: Column) -> Callable[[Any], Any]:
    """The function that reads the column's value from an entry as a JSON value."""
    name = column.name

    def stored(entry: Any) -> Any:
        return getattr(entry, name)

    def converted(write: Callable[[Any], Any], attribute: str = name) -> Callable[[Any], Any]:
        def read(entry: Any) -> Any:
            value = getattr(entry, attribute)
            return None if value is None else write(value)

        return read

    match column.kind:
        case Kind.SEALED:
            return lambda entry: masking.shown(entry, name) or None
        case Kind.DATE:
            return converted(lambda value: value.isoformat())
        case Kind.INSTANT:
            return converted(lambda value: value.astimezone(OFFICE).isoformat())
        case Kind.DECIMAL:
            return converted(str)
        case Kind.ENTRY:
            return converted(str, f"{name}_id")
        case Kind.USER:
            return converted(lambda user: user.username)
        case _:
            return stored


SHAPES: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.DECIMAL: {"type": "string", "format": "decimal"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.INSTANT: {"type": "string", "format": "date-time"},
    Kind.AREA: {"type": "string"},
    Kind.SEALED: {"type": "string"},
    Kind.IMAGE: {"type": "string"},
    Kind.ENTRY: {"type": "string", "format": "uuid"},
    Kind.USER: {"type": "string"},
}

NOTES: dict[Kind, str] = {
    Kind.AREA: "Division code.",
    Kind.SEALED: "Masked; see reveal.",
    Kind.IMAGE: "Name of an attachment of the source submission.",
    Kind.ENTRY: "The other entry's id.",
    Kind.USER: "User name.",
}


def shape_of(column: Column) -> dict[str, Any]:
    """The column's JSON schema, with its labels, merge rule and sensitivity."""
    note = NOTES.get(column.kind, "")
    if column.sensitivity is Sensitivity.RESTRICTED:
        note = "Null without the restricted role."
    return {
        **_nullable(column),
        "title": f"{column.label.zh} {column.label.en}",
        **({"description": note} if note else {}),
        "x-merge": str(column.merge),
        "x-sensitivity": str(column.sensitivity),
    }


def _nullable(column: Column) -> dict[str, Any]:
    code = {"$ref": f"#/components/schemas/{component_of(column.codes)}"}
    match column.kind:
        case Kind.CODE:
            return {"oneOf": [code, {"type": "null"}]}
        case Kind.CODES:
            return {"type": ["array", "null"], "items": code}
        case Kind.JSON:
            return {}
        case kind:
            shape = SHAPES[kind]
            return {**shape, "type": [shape["type"], "null"]}


def component_of(code_list: str) -> str:
    """The name of a code list among the schema's components."""
    return f"Code{code_list}"


class _ColumnSchema(OpenApiSerializerFieldExtension):
    target_class = ColumnField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return shape_of(self.target.column)


class _WithheldSchema(OpenApiSerializerFieldExtension):
    target_class = WithheldField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "string"},
            "description": "Columns null or shortened because your roles do not show them.",
        }
