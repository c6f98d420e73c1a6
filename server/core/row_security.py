"""Whose areas the database shows to a request: the settings that its row-level security reads (decision 0275).

A request begins as nobody and sees no row that belongs to an area. The door that has found out
who asks says so (`read_as`). The settings go in front of the next statement, in the same round
trip, and end with its transaction, so that a connection never keeps another reader's areas.
Outside of requests, in the worker and in commands, nothing is set: their database roles have
policies of their own. The policies are made in server/ops/row_policies.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeVar

from django.conf import settings
from psycopg import pq

T = TypeVar("T")

EVERYWHERE: Final = "*"
"""The value of `ruhu.areas` for a reader of all areas."""


class Crossing(Enum):
    """Work of a request that has to see rows of every area. This is the whole list; each member says why.

    PAST answers a reader, with what its reason says. What the others read decides something, and
    what is then shown is read through the reader's areas.
    """

    ARRIVAL = "a record is new, a resend or an edit whatever area holds its instanceID, and is stored or quarantined before its area is known"
    QUARANTINE = (
        "an item is judged by the area of the record that it corrects, and becomes a version of it"
    )
    DESK = "an entry is folded from all contributions that share a key with it, wherever they lie"
    APPROVAL = "a form's records are folded again by another rule, which needs the right in every area they came from"
    ERASURE = "everything that records say of a person goes, whichever office they came to"
    ENTITY_LISTS = "whoever administers all areas of an entity list says which property holds the area of each of its entities"
    PAST = "what an entry was is folded as the entry is, and given if it lay in the reader's areas then"
    RULES = "a rule of an area changes what is folded from contributions of every area; its preview shows the rows of that area alone"
    KEYS = (
        "an encrypted record names its area inside, so that no area is known before it is decrypted"
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose rows a request sees: those of the areas, and of the audit log also the user's own."""

    areas: tuple[str, ...] = ()
    user_id: int | None = None


_NOBODY: Final = Reader()
_EVERYBODY: Final = Reader(areas=("",))
_current: Final[ContextVar[Reader | None]] = ContextVar("row_security", default=None)

_NOTHING_SET: Final = ("none", "", "", "", "")
_NAMES: Final = ("role", "ruhu.area_from", "ruhu.area_to", "ruhu.areas", "ruhu.reader")
_AFTER_DIGITS: Final = ":"  # sorts after every digit
_LAST: Final = "\U0010ffff"  # sorts after every text of an area
_HELD: Final = "_ruhu_settings"


@contextmanager
def entered() -> Iterator[None]:
    """A request, which sees no row of any area until `read_as` is called inside the block."""
    token = _current.set(_NOBODY)
    try:
        yield
    finally:
        _current.reset(token)


def read_as(areas: Iterable[str], user_id: int | None) -> None:
    """From here to the end of the request, see the rows of these areas; nothing changes outside of requests."""
    if _current.get() is not None:
        _current.set(Reader(tuple(areas), user_id))


def carried(parts: Iterable[T]) -> Iterator[T]:
    """The parts of an answer that is made while it is sent, after the request's end: each is made as who reads now."""
    return _as_reader(_current.get(), iter(parts))


def _as_reader(reader: Reader | None, remaining: Iterator[T]) -> Iterator[T]:
    try:
        while True:
            token = _current.set(reader)
            try:
                part = next(remaining)
            except StopIteration:
                return
            finally:
                _current.reset(token)
            yield part
    finally:
        close = getattr(remaining, "close", None)
        if close is not None:
            close()


@contextmanager
def across_areas(_why: Crossing) -> Iterator[None]:
    """See and write rows of every area inside the block."""
    reader = _current.get()
    if reader is None:
        yield
        return
    token = _current.set(Reader(_EVERYBODY.areas, reader.user_id))
    try:
        yield
    finally:
        _current.reset(token)


def sees_all() -> bool:
    """Whether rows of every area are seen now: outside of requests, across areas, by a reader of everywhere."""
    reader = _current.get()
    return reader is None or "" in reader.areas


def areas_now() -> tuple[str, ...]:
    """The areas whose rows are seen now, as an argument for functions of the database; ("",) is everywhere."""
    reader = _current.get()
    return _EVERYBODY.areas if reader is None else reader.areas


def view_of_places(table: str) -> str:
    """The view of the table's rows that the reader sees by their place, through the index of places (decision 0301)."""
    return f"{table}_placed"


def view_of_words(table: str) -> str:
    """The view of the table's rows that the reader sees by their words, through the index over words (decision 0340)."""
    return f"{table}_worded"


def due(raw: Any) -> str:
    """The statement to send with the connection's next one; "" when what holds there is what has to.

    The caller sends it in the same round trip. Settings end with the transaction, so that
    nothing holds on a connection without one.
    """
    status = raw.pgconn.transaction_status
    if status == pq.TransactionStatus.INERROR:  # only a rollback is taken now
        return ""
    wanted = _wanted()
    held = _NOTHING_SET if status == pq.TransactionStatus.IDLE else getattr(raw, _HELD, None)
    setattr(raw, _HELD, wanted)
    if held == wanted:
        return ""
    pairs = list(zip(_NAMES, wanted, strict=True))
    if held is not None and held[0] == wanted[0]:
        pairs = pairs[1:]  # not the role, which costs a look-up
    return "select " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in pairs)


def forget(raw: Any) -> None:
    """What the connection holds is not known any more: a savepoint was rolled back."""
    if raw is not None:
        setattr(raw, _HELD, None)


def changes_role() -> bool:
    """Whether requests take on another database role than the one that the process logs in as."""
    return bool(settings.RUHU_WEB_ROLE)


def _wanted() -> tuple[str, str, str, str, str]:
    reader = _current.get()
    if reader is None:
        return _NOTHING_SET
    role = settings.RUHU_WEB_ROLE or "none"
    number = "" if reader.user_id is None else str(int(reader.user_id))
    if "" in reader.areas:
        return role, "", _LAST, EVERYWHERE, number
    areas = sorted(area for area in reader.areas if area.isascii() and area.isdigit())
    if not areas:
        return role, "", "", "", number
    end = max(f"{area}{_AFTER_DIGITS}" for area in areas)
    return role, areas[0], end, ",".join(areas), number
