"""Sealed values of the ledgers, and their way to the current key (decision 0270).

Which columns of a table are sealed follows from their declarations (definitions/columns.py):
sealed columns with the search hash beside them, lists of sealed texts, and sealed objects of
columns and values, in which those columns are sealed once more. Contributions are read
through `with_current_key`, so that a fold meets values of one key only, whatever the rotation
has reached. Texts and JSON that are sealed and not hashed: core.resealing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db import transaction

from server.core.resealing import Batch, key_type
from server.core.sealed_fields import opened_json, sealed_json
from server.core.sealing import (
    KEY_ID,
    key_ids,
    seal_text,
    search_hash,
    search_hashes,
    text_key_id,
    unseal_text,
)
from server.ledgers.definitions.columns import Kind, SealedValues, column_of, hash_purpose
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.storage.database import dumps, execute, query, query_values
from server.ledgers.storage.duplicates import reconcile_duplicates
from server.ledgers.storage.locks import take_merge_lock

_PAGE: Final = 2_000


@cache
def _hash_purposes() -> dict[str, str]:
    """Sealed column → the purpose of its search hash; columns of one name are declared alike in all ledgers."""
    return {
        column.name: hash_purpose(column)
        for columns in COLUMNS.values()
        for column in columns.values()
        if column.kind is Kind.SEALED
    }


def is_rotating() -> bool:
    """Whether there is more than one key, so that what is stored may be sealed with another than the current one."""
    return len(key_ids()) > 1


def with_current_key(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a contribution with what is sealed, and its hashes, under the current key. Raises UnknownKey."""
    if not is_rotating():
        return values
    return _anew(values, every=False) or values


def _anew(values: Mapping[str, Any], *, every: bool) -> dict[str, Any] | None:
    """The values under the current key, or None when nothing is to be changed."""
    current, anew = key_ids()[0], dict(values)
    for column, purpose in _hash_purposes().items():
        sealed = values.get(column)
        if not isinstance(sealed, str) or not (every or text_key_id(sealed) != current):
            continue
        plain = unseal_text(sealed, column)
        anew[column] = seal_text(plain, column)
        if column + "#" in values:
            anew[column + "#"] = search_hash(plain, purpose).hex()
    return anew if anew != values else None


def _key_of(text: str) -> str:
    """SQL: the id of the key that sealed a text."""
    return f"substring(decode(left({text}, 8), 'base64') from 1 for {KEY_ID})"


@dataclass(frozen=True, slots=True)
class _Rows:
    """What sealed places of ledger tables have in common: batches of rows, taken in the order of their key."""

    table: str
    key_type: str  # of the column id

    def _take(self, columns: str, stale: str, after: Any, limit: int) -> list[tuple[Any, ...]]:
        return query(
            f"select id::text as id, {columns} from {self.table}"  # noqa: S608 a model's names
            f" where (%(after)s::{self.key_type} is null or id > %(after)s::{self.key_type})"
            f"   and ({stale}) order by id limit %(limit)s for no key update skip locked",
            {"after": after, "limit": limit, "current": key_ids()[0]},
        )

    def _pages(self, columns: str, where: str) -> Iterator[tuple[Any, ...]]:
        after = None
        while True:
            rows = query(
                f"select id::text as id, {columns} from {self.table}"  # noqa: S608
                f" where (%(after)s::{self.key_type} is null or id > %(after)s::{self.key_type})"
                f"   and ({where}) order by id limit %(limit)s",
                {"after": after, "limit": _PAGE},
            )
            if not rows:
                return
            yield from rows
            after = rows[-1][0]


@dataclass(frozen=True, slots=True)
class SealedColumns(_Rows):
    """The sealed columns and sealed lists of one ledger table."""

    singles: tuple[tuple[str, str], ...]  # column, purpose of its hash
    lists: tuple[tuple[str, str], ...]  # column, purpose of its texts

    @property
    def name(self) -> str:
        return f"{self.table}.{'|'.join(name for name, _purpose in self.singles + self.lists)}"

    def counts(self) -> Counter[bytes]:
        texts = [f"select {name} as sealed from {self.table}" for name, _p in self.singles]  # noqa: S608
        texts += [f"select unnest({name}) from {self.table}" for name, _p in self.lists]  # noqa: S608
        return _counted(" union all ".join(texts))

    def _columns(self) -> str:
        pairs = [f"{name}, {name}_hash" for name, _purpose in self.singles]
        return ", ".join([*pairs, *(name for name, _purpose in self.lists)])

    def reseal(self, after: Any, limit: int, *, every: bool) -> Batch:
        stale = [f"{_key_of(name)} <> %(current)s" for name, _purpose in self.singles]
        stale += [
            f"exists (select from unnest({name}) as sealed where {_key_of('sealed')} <> %(current)s)"
            for name, _purpose in self.lists
        ]
        with transaction.atomic():
            rows = self._take(
                self._columns(), "true" if every else " or ".join(stale), after, limit
            )
            if not rows:
                return Batch(None, 0)
            changed = [anew for row in rows if (anew := self._row_anew(row)) is not None]
            if changed:
                names = list(changed[0])[1:]
                setting = ", ".join(f"{name} = anew.{name}" for name in names)
                execute(
                    f"update {self.table} set {setting}"  # noqa: S608
                    f"  from json_populate_recordset(null::{self.table}, %s::json) as anew"
                    f" where {self.table}.id = anew.id",
                    (dumps(changed),),
                )
        return Batch(rows[-1][0], len(changed))

    def _row_anew(self, row: tuple[Any, ...]) -> dict[str, Any] | None:
        anew: dict[str, Any] = {"id": row[0]}
        differs = False
        values = iter(row[1:])
        for name, purpose in self.singles:
            sealed, hashed = next(values), next(values)
            anew[name], anew[f"{name}_hash"] = sealed, hashed and "\\x" + bytes(hashed).hex()
            if sealed is not None:
                plain = unseal_text(sealed, name)
                anew[name] = seal_text(plain, name)
                fresh = search_hash(plain, purpose)
                anew[f"{name}_hash"] = "\\x" + fresh.hex()
                differs |= anew[name] != sealed or hashed is None or fresh != bytes(hashed)
        for name, purpose in self.lists:
            texts = next(values)
            anew[name] = [seal_text(unseal_text(text, purpose), purpose) for text in texts]
            differs |= anew[name] != texts
        return anew if differs else None

    def wrong_hashes(self) -> int:
        if not self.singles:
            return 0
        where = " or ".join(f"{name} is not null" for name, _purpose in self.singles)
        pairs = ", ".join(f"{name}, {name}_hash" for name, _purpose in self.singles)
        wrong = 0
        for row in self._pages(pairs, where):
            values = iter(row[1:])
            for name, purpose in self.singles:
                sealed, hashed = next(values), next(values)
                if sealed is not None:
                    wrong += not _fits(sealed, hashed and bytes(hashed), name, purpose)
        return wrong


@dataclass(frozen=True, slots=True)
class SealedObjects(_Rows):
    """A column of sealed objects, in which values are sealed once more, with their search hashes."""

    column: str
    purpose: str

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"

    def counts(self) -> Counter[bytes]:
        rows = query(
            f'select substring("{self.column}" from 1 for {KEY_ID}) as key, count(*) as objects'  # noqa: S608
            f'  from {self.table} where length("{self.column}") > 0 group by 1'
        )
        return Counter({bytes(key): count for key, count in rows})

    def reseal(self, after: Any, limit: int, *, every: bool) -> Batch:
        stale = f'length("{self.column}") > 0'
        if not every:
            stale += f' and substring("{self.column}" from 1 for {KEY_ID}) <> %(current)s'
        with transaction.atomic():
            rows = self._take(f'"{self.column}" as sealed', stale, after, limit)
            if not rows:
                return Batch(None, 0)
            changed = {
                key: anew
                for key, sealed in rows
                if (anew := self._object_anew(bytes(sealed))) != sealed
            }
            if changed:
                execute(
                    f'update {self.table} set "{self.column}" = anew.sealed'  # noqa: S608
                    f"  from unnest(%s::{self.key_type}[], %s::bytea[]) as anew (key, sealed)"
                    f" where {self.table}.id = anew.key",
                    (list(changed), list(changed.values())),
                )
        return Batch(rows[-1][0], len(changed))

    def _object_anew(self, sealed: bytes) -> bytes:
        """The same values under the current key, what is sealed inside among them, with hashes made anew."""
        values = opened_json(sealed, self.purpose)
        return sealed_json(_anew(values, every=True) or values, self.purpose)

    def wrong_hashes(self) -> int:
        """Those that do not fit, and values that another key sealed than the object they are in."""
        wrong = 0
        for _key, sealed in self._pages(
            f'"{self.column}" as sealed', f'length("{self.column}") > 0'
        ):
            outer = bytes(sealed[:KEY_ID])
            values = opened_json(bytes(sealed), self.purpose)
            for name, purpose in _hash_purposes().items():
                if not isinstance(values.get(name), str):
                    continue
                hashed = values.get(name + "#")
                wrong += text_key_id(values[name]) != outer or (
                    hashed is not None
                    and not _fits(values[name], bytes.fromhex(hashed), name, purpose)
                )
        return wrong


def _fits(sealed: str, hashed: bytes | None, column: str, purpose: str) -> bool:
    """Whether a search hash is that of the sealed value, made with the key that sealed it."""
    plain = unseal_text(sealed, column)
    by_key = dict(zip(key_ids(), search_hashes(plain, purpose), strict=True))
    return hashed == by_key.get(text_key_id(sealed))


def _counted(sealed: str) -> Counter[bytes]:
    """Id of a key → how many of these sealed texts it made."""
    rows = query(
        f"select {_key_of('sealed')} as key, count(*) as values_of_key"  # noqa: S608
        f"  from ({sealed}) as texts where sealed is not null group by 1"
    )
    return Counter({bytes(key): count for key, count in rows})


def sealed_places() -> Iterator[SealedColumns | SealedObjects]:
    """Every place of the ledgers' tables where sealed texts are, from the declarations of their columns."""
    for model in apps.get_app_config("ledgers").get_models():
        table = model._meta.db_table
        fields = model._meta.concrete_fields
        singles = tuple(
            (column.name, hash_purpose(column))
            for column in map(column_of, fields)
            if column is not None and column.kind is Kind.SEALED
        )
        lists = tuple(
            (str(field.column), field.sealed_as) for field in fields if hasattr(field, "sealed_as")
        )
        if singles or lists:
            yield SealedColumns(table, key_type(model), singles, lists)
        for field in fields:
            if isinstance(field, SealedValues):
                yield SealedObjects(table, key_type(model), str(field.column), field.purpose)


@transaction.atomic
def compare_again(people: Iterable[str]) -> None:
    """Look again for likely duplicates of these persons, whose hashes may not have been comparable. Takes the merge lock."""
    take_merge_lock()
    reconcile_duplicates({Family.PERSON: people})


def people_in_pages() -> Iterator[list[str]]:
    """The ids of all persons, in pages."""
    after = "00000000-0000-0000-0000-000000000000"
    while page := query_values(
        "select id::text as id from ledgers_person where id > %s::uuid order by id limit %s",
        (after, _PAGE),
    ):
        yield page
        after = page[-1]
