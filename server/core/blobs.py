"""Files by their content: each is stored once, under the SHA-256 of its bytes.

A blob is written and synced to disk before the row that names it is committed. A blob
no row names is harmless and is swept by `./ruhu sweep_blobs`.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Blob:
    sha256: bytes
    md5: bytes
    size: int


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
            os.fsync(file.fileno())
        target = path_of(sha256.digest())
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.rename(target)
            _sync_directory(target.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return Blob(sha256.digest(), md5.digest(), size)


def path_of(sha256: bytes | memoryview) -> Path:
    """Where a blob lies; it may not exist."""
    name = bytes(sha256).hex()
    return _root() / name[:2] / name


def read(sha256: bytes | memoryview) -> bytes:
    """The whole blob in memory: for small files only."""
    return path_of(sha256).read_bytes()


def _root() -> Path:
    return Path(settings.BLOB_ROOT)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
