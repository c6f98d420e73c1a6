"""Blobs: stored once, under their hash, whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from server.core import blobs


@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.binary(max_size=300), max_size=5))
def test_the_bytes_come_back_under_their_hash(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)

    blob = blobs.store(chunks)

    assert blob.sha256 == hashlib.sha256(whole).digest()
    assert blob.md5 == hashlib.md5(whole, usedforsecurity=False).digest()
    assert blob.size == len(whole)
    assert blobs.read(blob.sha256) == whole
    assert blobs.store([whole]) == blob


def test_an_upload_that_breaks_off_leaves_nothing(settings) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        blobs.store(broken())

    assert [path for path in Path(settings.BLOB_ROOT).rglob("*") if path.is_file()] == []


def test_who_meets_a_blob_that_was_just_put_there_makes_sure_of_it_too(monkeypatch) -> None:
    """The process that created it may be killed before its folder is synced."""
    folder = blobs.path_of(blobs.store([b"photo"]).sha256).parent
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(os.fstat(fd).st_ino), fsync(fd)))

    blobs.store([b"photo"])

    assert folder.stat().st_ino in synced


def test_of_two_who_store_the_same_bytes_at_once_one_made_them(monkeypatch) -> None:
    """The other's row may name them, so taking back what oneself made must not take that away."""
    fsync, others = os.fsync, []

    def meanwhile(descriptor: int) -> None:
        if not others:
            others.append(None)  # what follows syncs, too
            others[0] = blobs.store([b"photo"])
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", meanwhile)
    mine = blobs.store([b"photo"])

    makers = [blob for blob in (mine, *others) if blob.made_ns is not None]
    assert len(makers) == 1
    assert not blobs.discard(mine.sha256, untouched_since_ns=makers[0].made_ns)
    assert blobs.read(mine.sha256) == b"photo"


def test_what_a_killed_process_left_half_written_is_forgotten_after_a_day(settings) -> None:
    blob = blobs.store([b"photo"])
    incoming = Path(settings.BLOB_ROOT) / "incoming"
    old, new = incoming / "old", incoming / "new"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))

    assert blobs.forget_unfinished(older_than=timedelta(days=1)) == 1

    assert not old.exists()
    assert new.exists()
    assert blobs.read(blob.sha256) == b"photo"
