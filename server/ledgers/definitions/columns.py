"""One declaration per ledger column.

A model field made here carries everything there is to know of the column: database
type, Chinese and English label, code list, merge rule, sensitivity, how its answers are
read, what clears it, whether the server computes it. The fold, the form mapping, the
desk, search, the screens, REST and the data dictionary page read it from there.

    edu = code("EDU", "文化程度", "education", Merge.VERIFIED, required=True)
    phone = sealed("联系电话", "phone", Merge.LATEST, reads=Reading.PHONE)

How a text lies in the database follows from which of three it is declared as: `text` is
sealed, `searched` is in the clear but for personal numbers, `sealed` has a search hash.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField

from server.core.labels import Label
from server.core.masking import Precision, mask_numbers
from server.core.sealed_fields import SealedJSON, SealedText
from server.geo.models import AreaCodeField
from server.ledgers.definitions.normalise import uscc


class Merge(StrEnum):
    """How one value is chosen among the contributed ones (rules.md, Merge rules M0–M6)."""

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
    SEALED = "sealed"  # a number: encrypted text with a search hash beside it
    IMAGE = "image"  # attachment name
    ENTRY = "entry"  # another ledger's entry
    USER = "user"
    JSON = "json"


class Reading(StrEnum):
    """How an answer to a text column is read and brought into one spelling (definitions.readings)."""

    TEXT = "text"  # as written, without blanks at the ends
    NARROW = "sealed_text"  # full-width characters made narrow
    NAME = "name"
    PHONE = "phone"
    ID_NO = "id_no"
    USCC = "uscc"


class Sensitivity(StrEnum):
    """Who sees a column's values."""

    OPEN = "open"
    BIRTH = "birth"  # a day of birth: the year for all, the day as masked columns are revealed
    MASKED = "masked"  # sealed at rest, masked on screens, revealed with role and reason
    RESTRICTED = "restricted"  # shown only with the restricted role


class Depends(NamedTuple):
    """The answers to another column of the same ledger while which this column holds; any other clears it."""

    column: str
    values: tuple[str | bool | int, ...]


class Rounded(NamedTuple):
    """How far a date is shown to those who may not see days of birth, and in which rows.

    A day that is computed from a birthday gives the birthday back.
    """

    to: Precision
    when: Depends | None = None  # only where this holds; None: in all rows


class Counted(NamedTuple):
    """How a column counts the rows of another ledger that name its row."""

    of: str  # the ledger
    by: str  # its link that names the row, or the row's owner
    where: tuple[Depends, ...] = ()  # all of which must hold
    day: str = ""  # a date column of theirs: a case counts only what happened in its own time
    once_a_day: bool = False  # several on one day count as one


@dataclass(frozen=True, slots=True)
class Column:
    """The declaration of one ledger column."""

    name: str
    label: Label
    kind: Kind
    merge: Merge
    codes: str = ""  # name of the code list
    required: bool = False
    sensitivity: Sensitivity = Sensitivity.OPEN
    reads: Reading | None = None  # of texts; None for every other kind
    depends: Depends | None = None
    none: str = ""  # the code that says that none of the others applies any more
    computed: bool = False  # the server fills it; office staff cannot correct it
    rounded: Rounded | None = None  # of dates
    is_searched: bool = False  # of texts: in the clear, but for personal numbers
    counted: Counted | None = None  # of numbers that the fold counts
    is_link: bool = False  # of entries: records of forms name the entry there
    is_remembered: bool = False  # the row keeps the values that it went through, as with M3


def in_the_clear(column: Column, text: str) -> str:
    """What the database shows of a searched text: the text with the personal numbers in it masked.

    A valid credit code is public, and may be all digits.
    """
    if column.reads is Reading.USCC and uscc(text).is_valid:
        return text
    return mask_numbers(text)


def hash_purpose(column: Column) -> str:
    """The purpose of a sealed column's search hash: one for all phones, since they are compared across columns."""
    return "phone" if column.reads is Reading.PHONE else column.name


def column_of(field: Any) -> Column | None:
    """The declaration a model field carries, if it is a ledger column."""
    spec = getattr(field, "ledger_spec", None)
    return None if spec is None else Column(name=field.name, **spec)


@cache
def _columns_of(model: type[models.Model]) -> tuple[Column, ...]:
    columns = (column_of(field) for field in model._meta.get_fields())
    declared = [column for column in columns if column is not None]
    definition = getattr(model, "ledger", None)
    if definition is not None and definition.is_restricted:
        declared = [replace(column, sensitivity=Sensitivity.RESTRICTED) for column in declared]
    return tuple(declared)


def columns_of(model: type[models.Model]) -> dict[str, Column]:
    """A ledger's columns by name, in the order declared; all restricted where the ledger is."""
    return {column.name: column for column in _columns_of(model)}


_ACCUMULATING = frozenset({Kind.TEXT, Kind.CODES})
_READ_BY_DEFAULT = {Kind.TEXT: Reading.TEXT, Kind.SEALED: Reading.NARROW}


def _declare(field: Any, kind: Kind, zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    if merge is Merge.ACCUMULATE and kind not in _ACCUMULATING:
        raise TypeError(f"{en}: values of kind {kind} do not accumulate (M4); make them a ledger")
    label = Label(zh, en)
    spec.setdefault("reads", _READ_BY_DEFAULT.get(kind))
    field.verbose_name = label  # after construction, so that migrations stay free of it
    field.ledger_spec = {"label": label, "kind": kind, "merge": merge, **spec}
    return field


def text(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """Free text, sealed in the database: rows are neither searched nor sorted by it."""
    return _declare(SealedText(null=True), Kind.TEXT, zh, en, merge, **spec)


def searched(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """Text by which rows are searched: a name, an address, a number that an office gives.

    Personal numbers in it are masked in the database; the whole text is then in `whole_texts`.
    """
    field = models.TextField(null=True)
    return _declare(field, Kind.TEXT, zh, en, merge, is_searched=True, **spec)


def code(codes: str, zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """One code of a list (core/codes.csv)."""
    field = models.CharField(max_length=10, null=True)
    return _declare(field, Kind.CODE, zh, en, merge, codes=codes, **spec)


def codes(codes: str, zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """Several codes of one list."""
    field = ArrayField(models.CharField(max_length=10), null=True)
    return _declare(field, Kind.CODES, zh, en, merge, codes=codes, **spec)


def integer(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """A whole number."""
    return _declare(models.IntegerField(null=True), Kind.INTEGER, zh, en, merge, **spec)


def decimal(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """A number with two decimals."""
    field = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    return _declare(field, Kind.DECIMAL, zh, en, merge, **spec)


def boolean(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """Yes or no."""
    return _declare(models.BooleanField(null=True), Kind.BOOLEAN, zh, en, merge, **spec)


def day(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """A date."""
    return _declare(models.DateField(null=True), Kind.DATE, zh, en, merge, **spec)


def instant(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """A point in time, UTC."""
    return _declare(models.DateTimeField(null=True), Kind.INSTANT, zh, en, merge, **spec)


def area(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """A 12-digit division code."""
    return _declare(AreaCodeField(null=True), Kind.AREA, zh, en, merge, **spec)


def point(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """A place, WGS 84."""
    return _declare(models.PointField(srid=4326, null=True), Kind.POINT, zh, en, merge, **spec)


def sealed(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """Sealed text (core.sealing.seal_text under the column's name); pair it with `hash_of`."""
    field: Any = models.TextField(null=True)
    field.holds_sealed_text = True
    return _declare(
        field, Kind.SEALED, zh, en, merge, **{"sensitivity": Sensitivity.MASKED, **spec}
    )


def hash_of() -> Any:
    """The keyed hash beside a sealed column, for equality search; not a column of the ledger."""
    return models.BinaryField(max_length=32, null=True)


def sealed_list(purpose: str) -> Any:
    """Several sealed texts, sealed as the column `purpose`; not a column of the ledger."""
    field: Any = ArrayField(models.TextField(), default=list)
    field.sealed_as = purpose
    return field


class SealedValues(SealedJSON):
    """An object of columns and values, sealed as a whole.

    Inside it sealed columns are sealed once more, as ledger rows have them, each with its
    search hash under "column#": so folding needs no key.
    """

    sealed_inside = True


def image(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """The name of an attachment, stored as searched texts are."""
    field = models.TextField(null=True)
    return _declare(field, Kind.IMAGE, zh, en, merge, is_searched=True, **spec)


def counted(
    of: str,
    zh: str,
    en: str,
    *,
    by: str,
    where: tuple[Depends, ...] = (),
    day: str = "",
    once_a_day: bool = False,
    **spec: Any,
) -> Any:
    """How many rows of the ledger `of` name this row in their link `by` (definitions.columns.Counted)."""
    count = Counted(of, by, where, day, once_a_day)
    return integer(zh, en, Merge.FIXED, computed=True, counted=count, **spec)


def entry(
    to: str,
    zh: str,
    en: str,
    merge: Merge,
    *,
    related_name: str = "+",
    is_link: bool = True,
    **spec: Any,
) -> Any:
    """Another ledger's entry; without a constraint, since ledger rows are derived and may be written in any order.

    `is_link`: records of forms name the entry there; else the fold finds it.
    """
    field = models.ForeignKey(
        to, models.DO_NOTHING, null=True, db_constraint=False, related_name=related_name
    )
    return _declare(field, Kind.ENTRY, zh, en, merge, is_link=is_link, **spec)


def user(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """Somebody who logs in, or a community worker."""
    field = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    return _declare(field, Kind.USER, zh, en, merge, **spec)


def structured(zh: str, en: str, merge: Merge, **spec: Any) -> Any:
    """A JSON document that the fold makes, of texts among others; sealed in the database."""
    return _declare(SealedJSON(null=True), Kind.JSON, zh, en, merge, **spec)
