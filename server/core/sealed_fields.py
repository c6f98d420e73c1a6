"""Columns that are sealed in the database and plain in Python: texts and JSON (decision 0315).

The database holds bytes that `core.sealing.seal` made; whoever reads the row through its
model gets the value. Nothing is searched, compared or sorted by such a column: that is
refused where a filter is declared (core.filters) and where a query is built.
"""

from __future__ import annotations

import json
from typing import Any, Never

from django.core.checks import CheckMessage
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import models
from django.db.models.lookups import IsNull

from server.core import plain
from server.core.resealing import SealedField
from server.core.sealing import seal, unseal


def sealed_text(text: str, purpose: str) -> bytes:
    """The text sealed; b"" for an empty one."""
    return seal(text.encode(), purpose) if text else b""


def opened_text(sealed: bytes, purpose: str) -> str:
    """The text that `sealed_text` sealed. Raises as `core.sealing.unseal`."""
    return unseal(sealed, purpose).decode() if sealed else ""


def sealed_json(value: Any, purpose: str) -> bytes:
    """The value as JSON, sealed: equal values give equal bytes. b"" for an empty object."""
    if value == {}:
        return b""
    return seal(plain.dumps(value, is_sorted=True).encode(), purpose)


def opened_json(sealed: bytes, purpose: str) -> Any:
    """The value that `sealed_json` sealed. Raises as `core.sealing.unseal`."""
    return json.loads(unseal(sealed, purpose)) if sealed else {}


class OpenedField(SealedField):
    """What sealed texts and sealed JSON have in common. The purpose is the table and the column unless it is given."""

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if not cls._meta.abstract and not self.purpose:
            self.purpose = f"{cls._meta.db_table}.{self.column}"

    def sealed(self, value: Any) -> bytes:
        """The value as it is stored."""
        raise NotImplementedError

    def opened(self, sealed: bytes) -> Any:
        """The value of stored bytes. Raises as `core.sealing.unseal`."""
        raise NotImplementedError

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> Any:
        return None if value is None else self.opened(bytes(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = models.Field.get_db_prep_value(self, value, connection, prepared)
        return None if value is None else connection.Database.Binary(self.sealed(value))

    def to_python(self, value: Any) -> Any:
        return value

    def get_default(self) -> Any:
        return models.Field.get_default(self)

    def get_lookup(self, lookup: str) -> Any:
        """`isnull` alone. Raises FieldError for every other: no row can be found by what is sealed."""
        if lookup == IsNull.lookup_name:
            return IsNull
        raise FieldError(f"{self.purpose} is sealed: rows are not searched or compared by it")

    def get_transform(self, lookup: str) -> Never:
        raise FieldError(f"{self.purpose} is sealed: rows are not searched or compared by it")

    def deconstruct(self) -> Any:
        """A plain BinaryField, whose default is empty."""
        name, path, args, kwargs = super().deconstruct()
        if "default" in kwargs:
            kwargs["default"] = b""
        return name, path, args, kwargs

    def _check_str_default_value(self) -> list[CheckMessage]:
        return []  # the default is of the opened value


class SealedText(OpenedField):
    """A text, sealed in the database."""

    _pyi_private_set_type: str  # for django-stubs
    _pyi_private_get_type: str  # type: ignore[assignment]

    def sealed(self, value: Any) -> bytes:
        return sealed_text(str(value), self.purpose)

    def opened(self, sealed: bytes) -> str:
        return opened_text(sealed, self.purpose)


class SealedJSON(OpenedField):
    """A JSON value, sealed in the database."""

    _pyi_private_set_type: Any  # for django-stubs
    _pyi_private_get_type: Any

    def sealed(self, value: Any) -> bytes:
        return sealed_json(value, self.purpose)

    def opened(self, sealed: bytes) -> Any:
        return opened_json(sealed, self.purpose)


def is_sealed(model: type[models.Model], path: str) -> bool:
    """Whether a path of a query ("person__name") ends at, or leads through, a sealed column."""
    for name in path.split("__"):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            return False  # an annotation, or a lookup
        if isinstance(field, SealedField) or getattr(field, "holds_sealed_text", False):
            return True
        if field.related_model is None or isinstance(field.related_model, str):
            return False
        model = field.related_model
    return False
