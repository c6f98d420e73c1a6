"""Stores an upload's files: as blobs first, then as rows that name them (decision 0040)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.core import blobs
from server.core.plain import dumps
from server.submissions.filenames import flat
from server.submissions.models import Attachment, SubmissionVersion


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file of the upload; its bytes are read once."""

    name: str
    content_type: str
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of the upload that is stored as a blob."""

    name: str
    sha256: bytes
    md5: str
    size: int
    content_type: str
    made_ns: int | None = None  # the blob's mtime, when this upload created it


def keep(files: Iterable[IncomingFile]) -> tuple[KeptFile, ...]:
    """Store the files as blobs; of two with one name the first counts, unless the second completes it."""
    kept: dict[str, KeptFile] = {}
    for file in files:
        blob = blobs.store(file.chunks())
        name = flat(file.name)
        content_type = column(file.content_type)
        stored = KeptFile(name, blob.sha256, blob.md5.hex(), blob.size, content_type, blob.made_ns)
        earlier = kept.get(name)
        if earlier is None or completes(stored, earlier.sha256, earlier.size):
            kept[name] = stored
    return tuple(kept.values())


def discard(files: Iterable[KeptFile]) -> None:
    """Delete the blobs that this upload created, when no row will name them."""
    for file in files:
        if file.made_ns is not None:
            blobs.discard(file.sha256, untouched_since_ns=file.made_ns)


def completes(file: KeptFile, earlier_sha256: bytes, earlier_size: int) -> bool:
    """Whether the file begins with all of the earlier bytes and goes on."""
    if file.size <= earlier_size:
        return False
    head = hashlib.sha256()
    with blobs.open_blob(file.sha256) as stored:
        remaining = earlier_size
        while remaining and (chunk := stored.read(min(remaining, 1 << 20))):
            head.update(chunk)
            remaining -= len(chunk)
    return head.digest() == earlier_sha256


def attach(version: SubmissionVersion, files: Iterable[KeptFile], at: datetime) -> None:
    """Write a row for each file of the version."""
    Attachment.objects.bulk_create(
        Attachment(
            version=version,
            name=file.name,
            sha256=file.sha256,
            md5=file.md5,
            size=file.size,
            content_type=file.content_type,
            received_at=at,
        )
        for file in files
    )


def as_json(files: Iterable[KeptFile]) -> str:
    """A JSON array of `as_dict`."""
    return dumps([as_dict(file) for file in files])


def as_dict(file: KeptFile) -> dict[str, Any]:
    """The file as JSON columns keep it; hashes in hex."""
    return {
        "name": file.name,
        "sha256": file.sha256.hex(),
        "md5": file.md5,
        "size": file.size,
        "content_type": file.content_type,
    }


def from_dict(file: Mapping[str, Any]) -> KeptFile:
    """The file that `as_dict` wrote."""
    sha256 = bytes.fromhex(file["sha256"])
    md5 = file.get("md5") or blobs.md5_of(sha256)
    return KeptFile(file["name"], sha256, md5, file["size"], file.get("content_type", ""))


def column(text: str) -> str:
    """A text that a client sent, cut to fit a column, without NUL."""
    return text.replace("\0", "")[:200]
