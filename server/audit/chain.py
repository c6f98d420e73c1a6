"""Reads the audit log's chain and checks it (decision 0230).

The link of a row is SHA-256(hash of the row before ‖ content of the row), where the content is
the JSON array CONTENT of all its columns, the position first. Whoever changes, removes, adds
or moves a row breaks the link of the next one, unless all later links are computed anew; then
the last hash is another one than the heads that were written down outside the database.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Self

from django.db import connection, transaction

from server.audit.models import AuditEntry

GENESIS: Final = bytes(32)
"""What stands for the hash before the first row's."""

_TABLE: Final = AuditEntry._meta.db_table
CONTENT: Final = """jsonb_build_array(
  position, id, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor_id, actor_name,
  door, address, device, act, object_type, object_id, area_code, reason, facts
)::text"""
"""The content of a row, as PostgreSQL writes it; the trigger of migration 0001 has the same words."""

_LINKED: Final = f"""
select position, id, previous, hash, {CONTENT} from {_TABLE} where position is not null order by position
"""  # noqa: S608 the table's name
_UNLINKED: Final = f"select id from {_TABLE} where position is null or hash is null order by id"  # noqa: S608
_HEAD: Final = f"""
select position, hash from {_TABLE} where position is not null order by position desc limit 1
"""  # noqa: S608
_BATCH: Final = 2000
_LINE: Final = re.compile(r"(?:.* )?([0-9]{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Head:
    """The last link at some time: how long the chain was, and its last hash."""

    position: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.position}:{self.hash.hex()}"

    @classmethod
    def read(cls, line: str) -> Self | None:
        """The head at the end of a line, as it was written; None when there is none."""
        match = _LINE.fullmatch(line.strip())
        return cls(int(match[1]), bytes.fromhex(match[2])) if match else None


@dataclass(frozen=True, slots=True)
class Link:
    """A row of the chain as it is stored."""

    position: int
    entry: int  # the row's id
    previous: bytes
    hash: bytes
    content: str

    @property
    def computed(self) -> bytes:
        """The hash that the row's content and its `previous` give."""
        return hashlib.sha256(self.previous + self.content.encode()).digest()


class Fault(Enum):
    """What is wrong with the chain at a place."""

    CHANGED = "changed"  # the content is not what was hashed
    CUT = "cut"  # rows before this one are missing, added or in another order
    UNLINKED = "unlinked"  # a row that the chain does not hold
    HEAD = "head"  # a head that was written down is not in the chain


@dataclass(frozen=True, slots=True)
class Break:
    """A fault, with the position at which it shows, and the id of the row there, if there is one."""

    fault: Fault
    position: int | None
    entry: int | None


def check(links: Iterable[Link], heads: Iterable[Head] = ()) -> Iterator[Break]:
    """The faults of the links, which come in the order of position, and of heads written down before. Pure."""
    expected = {head.position: head.hash for head in heads}
    position, previous = 0, GENESIS
    for link in links:
        if link.position != position + 1 or link.previous != previous:
            yield Break(Fault.CUT, link.position, link.entry)
        if link.hash != link.computed:
            yield Break(Fault.CHANGED, link.position, link.entry)
        position, previous = link.position, link.hash
        if expected.pop(position, previous) != previous:
            yield Break(Fault.HEAD, position, link.entry)
    for missing in sorted(expected):
        yield Break(Fault.HEAD, missing, None)


def verify(heads: Iterable[Head] = ()) -> Iterator[Break]:
    """The faults of the whole log. Committed rows have links, so those added meanwhile are none."""
    with transaction.atomic(), connection.cursor() as cursor:
        yield from check(links(), heads)
        cursor.execute(_UNLINKED)
        for (entry,) in cursor.fetchall():
            yield Break(Fault.UNLINKED, None, entry)


def links() -> Iterator[Link]:
    """All links, by position, read in batches. In a transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LINKED)
        while rows := cursor.fetchmany(_BATCH):
            for position, entry, previous, hash_, content in rows:
                yield Link(position, entry, bytes(previous or b""), bytes(hash_ or b""), content)


def head() -> Head | None:
    """The last link; None while the log is empty."""
    with connection.cursor() as cursor:
        cursor.execute(_HEAD)
        row = cursor.fetchone()
    return Head(row[0], bytes(row[1] or b"")) if row else None


def heads_in(file: Path) -> list[Head]:
    """The heads written down in a file, one a line; none when there is no file."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [head for line in lines if (head := Head.read(line)) is not None]
