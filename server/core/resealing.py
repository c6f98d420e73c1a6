"""Columns of sealed bytes, and their way to the current key (decision 0270).

A model declares such a column as `SealedField`, or as one of its kinds in core.sealed_fields;
the rotation, its counts and its tests find it by that. What is sealed inside texts and JSON
of the ledgers: ledgers.storage.resealing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol

from django.apps import apps
from django.db import connection, models, transaction

from server.core import blobs
from server.core.sealed_files import key_of_file
from server.core.sealing import KEY_ID, key_ids, reseal

_NAMED: Final = re.compile(r"{(\w+)}")


class SealedField(models.BinaryField):
    """Bytes that `core.sealing.seal` made for `purpose`, or b"" once they are erased.

    {names} in the purpose are columns of the same row. What is `sealed_inside`, too, has a
    place of its own in the rotation (ledgers.storage.resealing).
    """

    sealed_inside = False

    def __init__(self, *args: Any, purpose: str = "", **kwargs: Any) -> None:
        self.purpose = purpose
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """A plain BinaryField, so that migrations know nothing of purposes."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did: the key of its last row, None when no row was left, and how many rows it changed."""

    last: Any
    changed: int


class SealedPlace(Protocol):
    """A place of sealed values that the rotation brings to the current key."""

    @property
    def name(self) -> str:
        """Table and column, as reports name the place."""

    def counts(self) -> Counter[bytes]:
        """Id of a key → how many values it sealed."""

    def reseal(self, after: Any, limit: int, *, every: bool) -> Batch:
        """Seal up to `limit` rows behind the row `after` anew, in one transaction of its own.

        Only rows that another key sealed, or `every` row, whose search hashes are then
        made anew, too. Never waits for a row: one that is locked stays for a later pass.
        """

    def wrong_hashes(self) -> int:
        """How many search hashes do not fit the sealed value beside them."""


@dataclass(frozen=True, slots=True)
class SealedBytes:
    """The place of one `SealedField`."""

    table: str
    key: str
    key_type: str
    column: str
    purpose: str

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"

    def counts(self) -> Counter[bytes]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"select substring({self.column} from 1 for {KEY_ID}), count(*) from {self.table}"  # noqa: S608 a model's names
                f" where length({self.column}) > 0 group by 1"
            )
            return Counter({bytes(key): count for key, count in cursor.fetchall()})

    def reseal(self, after: Any, limit: int, *, every: bool) -> Batch:
        del every  # nothing is hashed beside these
        named = _NAMED.findall(self.purpose)
        more = "".join(f", {column}" for column in named)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"select {self.key}, {self.column}{more} from {self.table}"  # noqa: S608
                f" where (%s::{self.key_type} is null or {self.key} > %s::{self.key_type})"
                f"   and length({self.column}) > 0 and substring({self.column} from 1 for {KEY_ID}) <> %s"
                f" order by {self.key} limit %s for no key update skip locked",
                (after, after, key_ids()[0], limit),
            )
            rows = cursor.fetchall()
            if not rows:
                return Batch(None, 0)
            sealed = [
                reseal(bytes(value), self.purpose.format(**dict(zip(named, rest, strict=True))))
                for _key, value, *rest in rows
            ]
            cursor.execute(
                f"update {self.table} set {self.column} = anew.sealed"  # noqa: S608
                f"  from unnest(%s::{self.key_type}[], %s::bytea[]) as anew (key, sealed)"
                f" where {self.table}.{self.key} = anew.key",
                ([row[0] for row in rows], sealed),
            )
        return Batch(rows[-1][0], len(rows))

    def wrong_hashes(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class SealedBlobs:
    """The stored files; those of before files were sealed count for the key b""."""

    name: str = "blobs"

    def counts(self) -> Counter[bytes]:
        return Counter(key for name in blobs.names_after("") for key in self._key(name))

    def reseal(self, after: Any, limit: int, *, every: bool) -> Batch:
        del every  # nothing is hashed beside these
        names = list(islice(blobs.names_after(after or ""), limit))
        changed = sum(blobs.reseal(name) for name in names)
        return Batch(names[-1] if names else None, changed)

    def wrong_hashes(self) -> int:
        return 0

    def _key(self, name: str) -> Iterator[bytes]:
        with suppress(FileNotFoundError):  # discarded meanwhile
            yield key_of_file(blobs.path_of(bytes.fromhex(name))) or b""


def sealed_bytes() -> Iterator[SealedBytes]:
    """The places of all columns declared as `SealedField`."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, SealedField) and not field.sealed_inside:
                yield SealedBytes(
                    model._meta.db_table,
                    str(model._meta.pk.column),
                    key_type(model),
                    str(field.column),
                    field.purpose,
                )


def key_type(model: type[models.Model]) -> str:
    """The database type of a model's key: uuid or bigint."""
    return "uuid" if isinstance(model._meta.pk, models.UUIDField) else "bigint"
