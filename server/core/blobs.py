"""Stores files by their content: each once, under the SHA-256 of its bytes (a blob), sealed on the disk.

A blob is written and synced to disk before the row that names it is committed; a blob that
no row names is harmless. `store` updates the time of a blob that exists already, and
`discard` spares a blob whose time is newer than the caller's. Both hold the same file lock,
so no row ever names a blob that was deleted.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from server.core.sealed_files import CHUNK, SealedWriter, key_of_file, open_sealed, plain_size
from server.core.sealing import key_ids

_SYNCED_AFTER_NS = 60_000_000_000


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored file: its hashes and its size in bytes."""

    sha256: bytes
    md5: bytes
    size: int
    made_ns: int | None = field(
        default=None, compare=False
    )  # modification time, when this call created the file


def store(chunks: Iterable[bytes]) -> Blob:
    """Write a file under its hash, unless it exists. Afterwards it survives a power cut (fsync).

    The chunks are streamed to disk, so memory use does not depend on the size.
    """
    incoming = _root() / "incoming"
    if not incoming.exists():
        incoming.mkdir(parents=True, exist_ok=True)
        _give(incoming)
    temporary = incoming / secrets.token_hex(16)
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    try:
        with temporary.open("xb", buffering=0) as file:
            sealed = SealedWriter(file)
            for chunk in chunks:
                sha256.update(chunk)
                md5.update(chunk)
                size += sealed.write(chunk)
            sealed.finish()
            _give(temporary)
            target, made_ns = path_of(sha256.digest()), None
            with _lock(fcntl.LOCK_SH):
                if not _touch(target):
                    os.fsync(file.fileno())
                    made_ns = _put(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return Blob(sha256.digest(), md5.digest(), size, made_ns)


def discard(sha256: bytes | memoryview, *, untouched_since_ns: int) -> bool:
    """Delete a blob that no row names, unless the same bytes were stored after that time.

    Returns whether it was deleted.
    """
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
    """Delete files that killed processes left half written. Returns how many."""
    since = time.time() - older_than.total_seconds()
    deleted = 0
    for path in (_root() / "incoming").glob("*"):
        if path.stat().st_mtime < since:
            path.unlink()
            deleted += 1
    return deleted


def path_of(sha256: bytes | memoryview) -> Path:
    """The blob's path, whether it exists or not. The file there is sealed: `open_blob` reads it."""
    name = bytes(sha256).hex()
    return _root() / name[:2] / name


def exists(sha256: bytes | memoryview) -> bool:
    """Whether the blob is here."""
    return path_of(sha256).exists()


def open_blob(sha256: bytes | memoryview) -> BinaryIO:
    """Open the blob for reading; it can be sought. Raises FileNotFoundError, UnknownKey."""
    return open_sealed(path_of(sha256))


def size_of(sha256: bytes | memoryview) -> int:
    """The blob's size in bytes. Raises FileNotFoundError."""
    return plain_size(path_of(sha256))


def read(sha256: bytes | memoryview) -> bytes:
    """The whole blob, in memory: for small files only. Raises FileNotFoundError, UnknownKey."""
    with open_blob(sha256) as file:
        return file.read()


def add_to_archive(packed: zipfile.ZipFile, name: str, sha256: bytes | memoryview) -> None:
    """Add the blob to a zip archive, as it is, without holding it in memory. Raises FileNotFoundError, UnknownKey."""
    for _step in steps_of_adding(packed, name, sha256):
        pass


def steps_of_adding(
    packed: zipfile.ZipFile, name: str, sha256: bytes | memoryview
) -> Iterator[None]:
    """The same step by step: whoever streams the archive sends on after each step what was written. Raises the same."""
    entry = zipfile.ZipInfo(name)
    entry.file_size = size_of(sha256)  # decides whether the entry is made for more than 2 GB
    with open_blob(sha256) as content, packed.open(entry, "w") as target:
        while chunk := content.read(CHUNK):
            target.write(chunk)
            yield


def names_after(name: str) -> Iterator[str]:
    """The names (SHA-256 in hex) of all blobs behind this one, in order."""
    for folder in sorted(path for path in _root().glob("??") if path.is_dir()):
        if folder.name >= name[:2]:
            yield from sorted(path.name for path in folder.iterdir() if path.name > name)


def reseal(name: str) -> bool:
    """Seal a blob with the current key, unless it is; its time stays. Returns whether it was sealed anew.

    A blob that is discarded meanwhile stays away. Raises UnknownKey, OSError.
    """
    path = _root() / name[:2] / name
    try:
        if key_of_file(path) == key_ids()[0]:
            return False
        times = path.stat()
        temporary = _root() / "incoming" / secrets.token_hex(16)
        with open_sealed(path) as plain, temporary.open("xb", buffering=0) as file:
            sealed = SealedWriter(file)
            while chunk := plain.read(CHUNK):
                sealed.write(chunk)
            sealed.finish()
            _give(temporary)
            os.fsync(file.fileno())
    except FileNotFoundError:
        return False
    with _lock(fcntl.LOCK_EX):
        if not path.exists():
            temporary.unlink()
            return False
        os.utime(temporary, ns=(times.st_atime_ns, path.stat().st_mtime_ns))
        temporary.replace(path)
    _sync_directory(path.parent)
    return True


def _put(temporary: Path, target: Path) -> int | None:
    """Hard-link a synced file to its place. Returns its time, or None when the place is taken.

    Never overwrites: the creator of a blob may discard it, so exactly one caller must be
    the creator.
    """
    if not target.parent.exists():
        target.parent.mkdir(exist_ok=True)
        _give(target.parent)
        _sync_directory(_root())
    try:
        target.hardlink_to(temporary)
    except FileExistsError:
        _touch(target)
        return None
    _sync_directory(target.parent)
    return target.stat().st_mtime_ns


def _touch(path: Path) -> bool:
    """Update the blob's time, which spares it from `discard`. Returns whether it exists.

    Whoever created it a moment ago may not have synced its folder yet, so this does.
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
    """The blob's MD5 in hex, computed from the file."""
    with open_blob(sha256) as file:
        digest = hashlib.md5(usedforsecurity=False)
        while chunk := file.read(CHUNK):
            digest.update(chunk)
        return digest.hexdigest()


@contextmanager
def _lock(kind: int) -> Iterator[None]:
    descriptor = os.open(
        _root(), os.O_RDONLY
    )  # the folder itself, so that no lock file is left over
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


def _root() -> Path:
    return Path(settings.BLOB_ROOT)


def _give(path: Path) -> None:
    """Give what root makes, in a command, to the account of the web processes, which owns the folder."""
    if os.geteuid() == 0:
        owner = _root().stat()
        if owner.st_uid:
            os.chown(path, owner.st_uid, owner.st_gid)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
