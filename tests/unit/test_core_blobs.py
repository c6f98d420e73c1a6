"""Blobs: stored once, under their hash, whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

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

    from pathlib import Path

    assert [path for path in Path(settings.BLOB_ROOT).rglob("*") if path.is_file()] == []
