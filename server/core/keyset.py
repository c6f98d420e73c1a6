"""Pages of long lists by the place of a row: the rows after one, before one, the first and the last of all.

A page costs the same at any depth, and the last page as little as the first, where an index
holds the order (decision 0361). A place is named by the key of a row, never by its values: an
address would tell them. Reads through querysets; changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Combinable


@dataclass(frozen=True, slots=True)
class Key:
    """What rows are sorted by: a column, or an expression; `falls` from the greatest down. Rows without a value come last, or first where it falls."""

    of: str | Combinable
    falls: bool = False

    def turned(self) -> Key:
        """The same order backwards."""
        return Key(self.of, not self.falls)


@dataclass(frozen=True, slots=True)
class Place:
    """Which page: the rows `after` a row, `before` it, or the `last` ones; the first ones where nothing is given.

    A row is named by its primary key. A `page` by number is what old links ask for; the rows
    before it are counted off, so callers bound it.
    """

    after: UUID | int | None = None
    before: UUID | int | None = None
    is_last: bool = False
    page: int = 1

    @property
    def is_first(self) -> bool:
        return not (self.after or self.before or self.is_last or self.page > 1)


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of a page in order, and whether there are others before and after them."""

    rows: list[Any]
    has_before: bool
    has_after: bool

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    @property
    def first(self) -> Any:
        """The key of the first row."""
        return self.rows[0].pk if self.rows else None

    @property
    def last(self) -> Any:
        """The key of the last row."""
        return self.rows[-1].pk if self.rows else None


def ordered(rows: QuerySet[Any], keys: Sequence[Key]) -> QuerySet[Any]:
    """The rows in the order of the keys, and lastly of the primary key. Expressions are annotated as `key_0`, `key_1`, …"""
    named = _named(rows, keys)
    return named.order_by(*_order(_names(keys), keys))


def slice_of(rows: QuerySet[Any], keys: Sequence[Key], place: Place, size: int) -> Slice:
    """The page at a place, of at most `size` rows.

    A place that is not in the list any more counts as its beginning. One query, and one more
    for a place that is named by a row.
    """
    is_back = place.is_last or place.before is not None
    keys = [*keys, Key("pk")]
    if is_back:
        keys = [key.turned() for key in keys]
    named, names = _named(rows, keys), _names(keys)
    page = named.order_by(*_order(names, keys))
    row = place.before or place.after
    is_placed = False
    if row is not None:
        values = named.filter(pk=row).order_by().values_list(*names).first()
        if values is not None:
            is_placed = True
            page = page.filter(_beyond(rows, names, keys, values))
        elif is_back:
            return slice_of(rows, [key.turned() for key in keys[:-1]], Place(), size)
    skipped = 0 if is_back or is_placed else (place.page - 1) * size
    taken = list(page[skipped : skipped + size + 1])
    if skipped and not taken:
        return slice_of(rows, keys[:-1], Place(is_last=True), size)
    has_more, taken = len(taken) > size, taken[:size]
    if is_back:
        return Slice(taken[::-1], has_before=has_more, has_after=is_placed)
    return Slice(taken, has_before=is_placed or skipped > 0, has_after=has_more)


def _names(keys: Sequence[Key]) -> list[str]:
    return [key.of if isinstance(key.of, str) else f"key_{place}" for place, key in enumerate(keys)]


def _named(rows: QuerySet[Any], keys: Sequence[Key]) -> QuerySet[Any]:
    """The rows with the expressions among the keys under names."""
    pairs = zip(_names(keys), keys, strict=True)
    expressions: dict[str, Any] = {
        name: key.of for name, key in pairs if not isinstance(key.of, str)
    }
    return rows.annotate(**expressions) if expressions else rows


def _order(names: Sequence[str], keys: Sequence[Key]) -> list[Any]:
    return [
        F(name).desc() if key.falls else F(name).asc()
        for name, key in zip(names, keys, strict=True)
    ]


def _beyond(rows: QuerySet[Any], names: Sequence[str], keys: Sequence[Key], values: Any) -> Q:
    """The rows that follow the one with these values, as PostgreSQL sorts: nulls after all values, or before them when it falls."""
    beyond, same = Q(), Q()
    for name, key, value in zip(names, keys, values, strict=True):
        further = _further(name, key, value, is_filled=_is_filled(rows, name))
        if further is not None:
            beyond |= same & further
        same &= Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})
    if values[0] is None or not _is_filled(rows, names[0]):
        return beyond
    # Says once more what follows from the rest, so that an index begins there.
    return beyond & Q(**{f"{names[0]}__{'lte' if keys[0].falls else 'gte'}": values[0]})


def _further(name: str, key: Key, value: Any, *, is_filled: bool) -> Q | None:
    if value is None:
        return Q(**{f"{name}__isnull": False}) if key.falls else None
    if key.falls:
        return Q(**{f"{name}__lt": value})
    greater = Q(**{f"{name}__gt": value})
    return greater if is_filled else greater | Q(**{f"{name}__isnull": True})


def _is_filled(rows: QuerySet[Any], name: str) -> bool:
    """Whether a column has a value in every row."""
    columns = {column.name: column for column in rows.model._meta.concrete_fields}
    return name == "pk" or (name in columns and not columns[name].null)
