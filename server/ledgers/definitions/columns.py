"""One declaration per ledger column.

A model field made here carries everything there is to know of the column: database
type, Chinese and English label, code list, merge rule, sensitivity, whether it is
required. The fold, the form mapping, the screens, REST and the data dictionary page
all read it from there (design §2).

    edu = code("EDU", "文化程度", "education", Merge.VERIFIED, required=True)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField

from server.core.labels import Label
from server.geo.models import AreaCodeField


class Merge(StrEnum):
    """How one value is chosen among what was contributed (domain §2)."""

    FIXED = "M0"  # identity or computed: set once, or derived
    LATEST = "M1"  # the latest observed wins
    VERIFIED = "M2"  # the better verified wins, then the latest; a worse one opens a conflict
    INTERVAL = "M3"  # history: a new value closes the old interval
    ACCUMULATE = "M4"  # facts with dates; none is dropped
    IDENTITY = "M5"  # never overwritten by itself; a difference opens a conflict
    STATES = "M6"  # state machine; an illegal move opens an exception


class Kind(StrEnum):
    """The shape of a column's value, and so which question types fit it."""

    TEXT = "text"
    CODE = "code"
    CODES = "codes"  # several codes of one list
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    AREA = "area"  # division code
    POINT = "point"
    SEALED = "sealed"  # encrypted text with a search hash beside it
    IMAGE = "image"  # attachment name
    ENTRY = "entry"  # another ledger's entry
    USER = "user"
    JSON = "json"


class Sensitivity(StrEnum):
    OPEN = "open"
    MASKED = "masked"  # sealed at rest, masked on screens, revealed with role and reason
    RESTRICTED = "restricted"  # shown only with the restricted role


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    label: Label
    kind: Kind
    merge: Merge
    codes: str = ""
    required: bool = False
    sensitivity: Sensitivity = Sensitivity.OPEN


def column_of(field: Any) -> Column | None:
    """The declaration a model field carries, if it is a ledger column."""
    spec = getattr(field, "ledger_spec", None)
    return None if spec is None else Column(name=field.name, **spec)


def columns_of(model: type[models.Model]) -> dict[str, Column]:
    """A ledger's columns by name, in the order declared."""
    found = (column_of(field) for field in model._meta.get_fields())
    return {column.name: column for column in found if column is not None}


def _declare(field: Any, kind: Kind, zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    label = Label(zh, en)
    field.verbose_name = label  # after construction, so that migrations stay free of it
    field.ledger_spec = {"label": label, "kind": kind, "merge": merge, **spec}
    return field


def text(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    return _declare(models.TextField(null=True), Kind.TEXT, zh, en, merge, **spec)


def code(codes: str, zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    field = models.CharField(max_length=10, null=True)
    return _declare(field, Kind.CODE, zh, en, merge, codes=codes, **spec)


def codes(codes: str, zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    field = ArrayField(models.CharField(max_length=10), null=True)
    return _declare(field, Kind.CODES, zh, en, merge, codes=codes, **spec)


def integer(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    return _declare(models.IntegerField(null=True), Kind.INTEGER, zh, en, merge, **spec)


def decimal(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    field = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    return _declare(field, Kind.DECIMAL, zh, en, merge, **spec)


def boolean(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    return _declare(models.BooleanField(null=True), Kind.BOOLEAN, zh, en, merge, **spec)


def day(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    return _declare(models.DateField(null=True), Kind.DATE, zh, en, merge, **spec)


def instant(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    return _declare(models.DateTimeField(null=True), Kind.INSTANT, zh, en, merge, **spec)


def area(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    return _declare(AreaCodeField(null=True), Kind.AREA, zh, en, merge, **spec)


def point(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    return _declare(models.PointField(srid=4326, null=True), Kind.POINT, zh, en, merge, **spec)


def sealed(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """Sealed text (core.sealing.seal_text under the column's name); pair it with `hash_of`."""
    field = models.TextField(null=True)
    return _declare(
        field, Kind.SEALED, zh, en, merge, **{"sensitivity": Sensitivity.MASKED, **spec}
    )


def hash_of() -> Any:
    """The keyed hash beside a sealed column, for equality search; not a column of the ledger."""
    return models.BinaryField(max_length=32, null=True)


def image(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    return _declare(models.TextField(null=True), Kind.IMAGE, zh, en, merge, **spec)


def entry(to: str, zh: str, en: str, merge: Merge, *, related_name: str = "+", **spec: Any) -> Any:
    """Another ledger's entry. Ledger rows are derived, so the database does not police the reference."""
    field = models.ForeignKey(
        to, models.DO_NOTHING, null=True, db_constraint=False, related_name=related_name
    )
    return _declare(field, Kind.ENTRY, zh, en, merge, **spec)


def user(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    field = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    return _declare(field, Kind.USER, zh, en, merge, **spec)


def structured(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    return _declare(models.JSONField(null=True), Kind.JSON, zh, en, merge, **spec)
