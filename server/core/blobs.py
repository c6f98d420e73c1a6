"""Files by their content: each is stored once, under the SHA-256 of its bytes.

A blob is written and synced to disk before the row that names it is committed. A blob
no row names is harmless. Who finds a blob there already touches it, and nothing that was
touched since is taken away: both under one lock, so that no row ever names what is gone.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings

_SYNCED_AFTER_NS = 60_000_000_000


@dataclass(frozen=True, slots=True)
class Blob:
    sha256: bytes
    md5: bytes
    size: int
    made_ns: int | None = field(default=None, compare=False)  # its time, when this call made it


def store(chunks: Iterable[bytes]) -> Blob:
    """Write a file durably under its hash; returns at once when it is already there.

    Streams: memory stays flat whatever the size. After return the bytes survive a
    power cut (file and directory are fsynced).
    """
    incoming = _root() / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    temporary = incoming / secrets.token_hex(16)
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    try:
        with temporary.open("xb", buffering=0) as file:
            for chunk in chunks:
                sha256.update(chunk)
                md5.update(chunk)
                size += file.write(chunk)
            target, made_ns = path_of(sha256.digest()), None
            with _lock(fcntl.LOCK_SH):
                if not _touch(target):
                    os.fsync(file.fileno())
                    made_ns = _put(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return Blob(sha256.digest(), md5.digest(), size, made_ns)


def discard(sha256: bytes | memoryview, *, untouched_since_ns: int) -> bool:
    """Take a blob away that no row names, unless somebody stored the same bytes since."""
    path = path_of(sha256)
    with _lock(fcntl.LOCK_EX):
        try:
            if path.stat().st_mtime_ns > untouched_since_ns:
                return False
        except FileNotFoundError:
            return False
        path.unlink()
    return True


def forget_unfinished(*, older_than: timedelta) -> int:
    """Take away what processes killed while storing have left half written; how many files."""
    since = time.time() - older_than.total_seconds()
    gone = 0
    for path in (_root() / "incoming").glob("*"):
        if path.stat().st_mtime < since:
            path.unlink()
            gone += 1
    return gone


def path_of(sha256: bytes | memoryview) -> Path:
    """Where a blob lies; it may not exist."""
    name = bytes(sha256).hex()
    return _root() / name[:2] / name


def read(sha256: bytes | memoryview) -> bytes:
    """The whole blob in memory: for small files only."""
    return path_of(sha256).read_bytes()


def _put(temporary: Path, target: Path) -> int | None:
    """Give a synced file its place; its time, or None when another put the same bytes there first.

    Never over the other's: whoever made a blob may take it away again, so there is one maker.
    """
    if not target.parent.exists():
        target.parent.mkdir(exist_ok=True)
        _sync_directory(_root())
    try:
        target.hardlink_to(temporary)
    except FileExistsError:
        _touch(target)
        return None
    _sync_directory(target.parent)
    return target.stat().st_mtime_ns


def _touch(path: Path) -> bool:
    """Keep a blob that is there from being discarded; whether it is there.

    Who put it there a moment ago may not have synced its folder yet, so this does.
    """
    try:
        age_ns = time.time_ns() - path.stat().st_mtime_ns
        os.utime(path)
    except FileNotFoundError:
        return False
    if age_ns < _SYNCED_AFTER_NS:
        _sync_directory(path.parent)
    return True


def md5_of(sha256: bytes | memoryview) -> str:
    """The blob's MD5, read from the disk."""
    with path_of(sha256).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


@contextmanager
def _lock(kind: int) -> Iterator[None]:
    descriptor = os.open(_root(), os.O_RDONLY)  # the folder itself: no file to be left over
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


def _root() -> Path:
    return Path(settings.BLOB_ROOT)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
