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
from server.core.codes import restricted_codes
from server.core.masking import mask_all, mask_numbers
from server.ledgers.definitions.columns import Column, Kind, Sensitivity
from server.ledgers.definitions.sensitivity import has_restricted, unrestricted
from server.ledgers.reading import masking
from server.ledgers.reading.joined import elsewhere, joined, joined_key

NULLABLE_POINT = {"oneOf": [{"$ref": "#/components/schemas/Point"}, {"type": "null"}]}


@extend_schema_field(NULLABLE_POINT)
class PlaceField(GeometryField):
    """A point, WGS 84, as GeoJSON."""


class ColumnField(serializers.Field):
    """A column's value as JSON; null too where the caller may not see it (see `withheld`)."""

    def __init__(self, column: Column, **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", **kwargs)
        self.column = column
        self.has_restricted = has_restricted(column)
        self.is_maskable = masking.is_maskable(column)
        self.read = _reader(column)

    def get_attribute(self, instance: Model) -> Any:
        is_shown_whole = self.is_maskable and is_whole(instance, self.context)
        value = self.read(instance, is_shown_whole)
        if self.has_restricted and not may_see(instance, self.context):
            return unrestricted(self.column, value)
        return value

    def to_representation(self, value: Any) -> Any:
        return value


class MaskedTextField(serializers.CharField):
    """A text that people typed, with the personal numbers in it masked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        return mask_numbers(super().to_representation(value))


class MaskedJsonField(serializers.JSONField):
    """A JSON value with the personal numbers in its texts masked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        return mask_all(super().to_representation(value))


class WithheldField(serializers.Field):
    """The columns that hold less because the caller lacks the restricted role, whatever the value of this entry."""

    def __init__(self, columns: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", **kwargs)
        self.columns = columns

    def to_representation(self, value: Model) -> list[str]:
        return [] if may_see(value, self.context) else list(self.columns)


class ElsewhereField(serializers.Field):
    """The columns that are null only because they name something in another area."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", **kwargs)

    def to_representation(self, value: Any) -> list[str]:
        names = {"source_submission": "source"}
        return [names.get(name, name) for name in elsewhere(value)]


def key_of(row: Any, name: str) -> str | None:
    """The id of the entry that the row names there, if the caller sees that entry."""
    key = joined_key(row, name)
    return None if key is None else str(key)


def username_of(row: Any, name: str) -> str | None:
    """The user whom the row names there, if the caller may know who works there."""
    user = joined(row, name)
    return None if user is None else user.username


class MaskedField(serializers.Field):
    """The columns of which the caller is shown less than the value; `reveal` shows them."""

    def __init__(self, columns: tuple[Column, ...], **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", **kwargs)
        self.columns = tuple(column for column in columns if masking.is_maskable(column))

    def to_representation(self, value: Model) -> list[str]:
        if is_whole(value, self.context):
            return []
        sees_restricted = may_see(value, self.context)
        return [
            column.name
            for column in self.columns
            if (sees_restricted or column.sensitivity is not Sensitivity.RESTRICTED)
            and masking.is_masked(value, column, sees_days=False)
        ]


def is_whole(entry: Any, context: Mapping[str, Any]) -> bool:
    """Whether an open export permit lets the caller see this row whole."""
    return bool(entry.area_code.startswith(context["whole_areas"]))


def may_see(entry: Any, context: Mapping[str, Any]) -> bool:
    """Whether the caller holds the restricted role where this row is."""
    return entry.area_code.startswith(context["restricted_areas"])


def field_of(column: Column) -> serializers.Field:
    """The serializer field of a column."""
    return PlaceField(read_only=True) if column.kind is Kind.POINT else ColumnField(column)


def _reader(column: Column) -> Callable[[Any, bool], Any]:
    """The function that reads the column's value from an entry as a JSON value, masked or whole."""
    name = column.name

    def stored(entry: Any, is_whole: bool) -> Any:
        return getattr(entry, name)

    def text(entry: Any, is_whole: bool) -> Any:
        value = getattr(entry, name)
        return value if is_whole else masking.without_numbers(value)

    def day(entry: Any, is_whole: bool) -> Any:
        value = getattr(entry, name) if is_whole else masking.rounded(entry, column)
        return None if value is None else value.isoformat()

    def converted(write: Callable[[Any], Any], attribute: str = name) -> Callable[[Any, bool], Any]:
        def read(entry: Any, is_whole: bool) -> Any:
            value = getattr(entry, attribute)
            return None if value is None else write(value)

        return read

    if masking.holds_text(column):
        return text  # also of JSON: the texts in it
    match column.kind:
        case Kind.SEALED:
            return lambda entry, is_whole: masking.shown(entry, name, is_whole=is_whole) or None
        case Kind.DATE:
            return day
        case Kind.INSTANT:
            return converted(lambda value: value.astimezone(OFFICE).isoformat())
        case Kind.DECIMAL:
            return converted(str)
        case Kind.ENTRY:
            return lambda entry, _is_whole: key_of(entry, name)
        case Kind.USER:
            return lambda entry, _is_whole: username_of(entry, name)
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
    Kind.ENTRY: "The other entry's id; null in another area, see `elsewhere`.",
    Kind.USER: "User name; null for people of another area, see `elsewhere`.",
}


def shape_of(column: Column) -> dict[str, Any]:
    """The column's JSON schema, with its labels, merge rule and sensitivity."""
    note = NOTES.get(column.kind, "")
    if column.sensitivity is Sensitivity.RESTRICTED:
        note = "Null without the restricted role."
    elif hidden := restricted_codes(column.codes):
        others = ", ".join(f"{code} as {other}" for code, other in hidden.items() if other)
        left_out = ", ".join(code for code, other in hidden.items() if not other)
        parts = [f"{left_out} is left out" if left_out else "", f"reads {others}" if others else ""]
        note = f"Without the restricted role {'; '.join(filter(None, parts))}."
    if column.rounded is not None:
        note = f"The first of its {column.rounded.to} where the day is masked; see masked."
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


class _MaskedSchema(OpenApiSerializerFieldExtension):
    target_class = MaskedField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "string"},
            "description": "Columns shown masked or without their day; see reveal, and export permits.",
        }


class _WithheldSchema(OpenApiSerializerFieldExtension):
    target_class = WithheldField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "string"},
            "description": "Columns that your roles may show in part only, whatever this entry holds.",
        }


class _ElsewhereSchema(OpenApiSerializerFieldExtension):
    target_class = ElsewhereField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "string"},
            "description": "Columns that are null because what they name lies in another area.",
        }
