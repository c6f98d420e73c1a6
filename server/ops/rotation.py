"""Rotating the sealing key while serving: everything sealed and hashed anew, then the old key dropped (decision 0270).

The new key is put first into the key file, which every process reads again within a second;
from then on it seals, and both open. Then every place of sealed values is gone through in
batches, each a transaction that waits for no other. A rotation that was killed goes on where
the values themselves say it stopped: only what another key sealed is touched.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db import connection, transaction

from server.accounts.sealed_factors import SealedFactors
from server.audit.models import Act
from server.audit.services import Actor, record
from server.core import keyring
from server.core.resealing import SealedBlobs, SealedPlace, sealed_bytes
from server.core.sealing import UnknownKey, key_ids
from server.ledgers.storage import resealing as ledgers
from server.ledgers.storage.naming import load_naming

_BATCH: Final = 500
_PASSES: Final = 20
_LOCK: Final = 0x52756B79
SETTLED: Final = 60.0
"""Seconds after the last change of the key file before which no key is dropped: requests that began with it have ended."""

NOT_SEALED: Final = b""
"""Stands for the key of files that were stored before files were sealed."""

Progress = Callable[[int, int], None]


class CannotRotate(Exception):
    """The rotation cannot begin or go on; `reason` says why."""

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason, self.facts = reason, facts


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """The sealed values of one place."""

    name: str
    by_key: Counter[bytes]
    wrong_hashes: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Which keys seal what is stored."""

    keys: tuple[bytes, ...]  # ids, the current one first
    places: tuple[PlaceCounts, ...]

    def total(self, key: bytes) -> int:
        """How many values a key seals."""
        return sum(place.by_key[key] for place in self.places)

    @property
    def retired(self) -> int:
        """How many values wait for the current key, files that are not sealed at all among them."""
        return sum(self.total(key) for key in (*self.keys[1:], NOT_SEALED))

    @property
    def unknown(self) -> int:
        """How many values no key of this server opens."""
        known = {*self.keys, NOT_SEALED}
        return sum(
            count
            for place in self.places
            for key, count in place.by_key.items()
            if key not in known
        )

    @property
    def wrong_hashes(self) -> int:
        """How many search hashes do not fit their values."""
        return sum(place.wrong_hashes for place in self.places)

    @property
    def is_settled(self) -> bool:
        """Whether the current key alone seals and hashes everything."""
        return not (self.retired or self.unknown or self.wrong_hashes)


def places() -> list[SealedPlace]:
    """Every place of sealed values, from the declarations of the models."""
    return [*sealed_bytes(), SealedFactors(), *ledgers.sealed_places(), SealedBlobs()]


def usage(*, hashes: bool = True) -> Usage:
    """Count the sealed values by key; with `hashes`, compute every search hash again and compare. Raises CannotRotate."""
    counted = []
    for place in places():
        by_key = place.counts()
        opens = set(by_key) <= {*key_ids(), NOT_SEALED}
        wrong = place.wrong_hashes() if hashes and opens else 0
        counted.append(PlaceCounts(place.name, by_key, wrong))
    return Usage(tuple(key_ids()), tuple(counted))


def is_under_way() -> bool:
    """Whether a rotation was begun and values are still sealed with an older key. Raises CannotRotate."""
    return len(key_ids()) > 1 and bool(usage(hashes=False).retired)


def rotate(*, actor: Actor, progress: Progress) -> Usage:
    """Seal and hash everything with a new key, or finish a rotation that was interrupted. Returns the usage afterwards.

    Serving goes on. Likely duplicates are compared again at the end, because a person that was
    merged meanwhile had a hash of another key than its neighbours. Raises CannotRotate.
    """
    with _alone():
        with transaction.atomic():
            load_naming()  # a database from before takes its secret from the oldest key, which goes
        _begin(actor)
        before = usage()
        if before.unknown:
            raise CannotRotate("unknown", values=before.unknown)
        total = before.retired + before.wrong_hashes
        _reseal_all(before, total, progress)
        for page in ledgers.people_in_pages():
            ledgers.compare_again(page)
        after = usage()
        if not after.is_settled:
            raise CannotRotate("busy", values=after.retired + after.wrong_hashes)
        facts = {"key": after.keys[0].hex(), "values": total}
        with transaction.atomic():
            record(Act.SEALING_ROTATED, actor=actor, facts=facts)
    progress(total, total)
    return after


def _begin(actor: Actor) -> None:
    """Put a new key into the file, unless a rotation is under way. Raises CannotRotate."""
    if len(keyring.look_again()) > 1:
        return
    path = settings.RUHU_KEYS_PATH
    if path is None:
        raise CannotRotate("not_a_file")
    try:
        keyring.write(path, [keyring.new(), *keyring.sealing_keys()])
    except OSError as error:
        raise CannotRotate("not_writable", path=path, error=error.strerror) from None
    keyring.look_again()
    with transaction.atomic():
        record(Act.SEALING_KEY_MADE, actor=actor, facts={"key": key_ids()[0].hex()})
    time.sleep(2 * keyring.CHECKED_EACH)  # until every process searches by the new hashes, too


def _reseal_all(before: Usage, total: int, progress: Progress) -> None:
    """Go through all places until nothing is left of another key."""
    hashed = {place.name for place in before.places if place.wrong_hashes}
    done = 0
    for attempt in range(_PASSES):
        changed = 0
        for place in places():
            every = not attempt and place.name in hashed
            for count in _reseal(place, every=every):
                changed += count
                progress(min(done + changed, total), total)
        done += changed
        if not usage(hashes=False).retired:
            return
        time.sleep(0.5)  # rows that somebody holds


def _reseal(place: SealedPlace, *, every: bool) -> Iterator[int]:
    after = None
    while True:
        try:
            batch = place.reseal(after, _BATCH, every=every)
        except (UnknownKey, InvalidTag):
            raise CannotRotate("damaged", place=place.name, after=after) from None
        if batch.last is None:
            return
        after = batch.last
        yield batch.changed


def drop(*, actor: Actor) -> tuple[bytes, ...]:
    """Take the retired keys out of the file; returns them. Raises CannotRotate while anything still needs one."""
    with _alone():
        keys = tuple(keyring.look_again())
        path = settings.RUHU_KEYS_PATH
        if path is None:
            raise CannotRotate("not_a_file")
        if len(keys) < 2:
            raise CannotRotate("nothing_retired")
        counted = usage()
        if not counted.is_settled:
            raise CannotRotate("still_used", values=counted.retired + counted.wrong_hashes)
        changed_at = path.stat().st_mtime
        left = changed_at + SETTLED - time.time()
        if left > 0:
            raise CannotRotate("too_soon", seconds=int(left) + 1)
        if _transactions_since_before(datetime.fromtimestamp(changed_at, UTC)):
            raise CannotRotate("old_transactions")
        try:
            keyring.write(path, keys[:1])
        except OSError as error:
            raise CannotRotate("not_writable", path=path, error=error.strerror) from None
        keyring.look_again()
        with transaction.atomic():
            dropped = " ".join(key.hex() for key in counted.keys[1:])
            record(Act.SEALING_KEY_DROPPED, actor=actor, facts={"keys": dropped})
        return keys[1:]


def _transactions_since_before(moment: datetime) -> bool:
    """Whether another transaction of this database began before a moment, and so may have sealed with a former key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and xact_start < %s)",
            [moment],
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def _alone() -> Iterator[None]:
    """One rotation at a time: an advisory lock of this connection, which ends with it. Raises CannotRotate."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise CannotRotate("under_way")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [_LOCK])
