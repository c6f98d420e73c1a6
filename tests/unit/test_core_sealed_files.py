"""Files sealed chunk by chunk: what is read is what was written, or nothing is."""

from __future__ import annotations

import io
import secrets
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from server.core import blobs, sealed_files
from server.core.sealed_files import MAGIC, SealedWriter, key_of_file, open_sealed, plain_size
from server.core.sealing import UnknownKey, key_ids

CHUNK = 16


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch) -> None:
    monkeypatch.setattr(sealed_files, "CHUNK", CHUNK)


def sealed(path: Path, *parts: bytes) -> Path:
    with path.open("wb", buffering=0) as file:
        writer = SealedWriter(file)
        for part in parts:
            writer.write(part)
        writer.finish()
    return path


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=5), st.data())
def test_any_stretch_reads_as_it_was_written(
    tmp_path_factory, parts: list[bytes], data: st.DataObject
) -> None:
    path = sealed(tmp_path_factory.getbasetemp() / secrets.token_hex(8), *parts)
    whole = b"".join(parts)
    assert plain_size(path) == len(whole)
    with open_sealed(path) as file:
        assert file.read() == whole
        for _round in range(3):
            begin = data.draw(st.integers(0, len(whole) + 5))
            length = data.draw(st.integers(0, 50))
            file.seek(begin)
            assert file.read(length) == whole[begin : begin + length]
        assert file.seek(0, io.SEEK_END) == len(whole)


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 1])
def test_a_file_that_was_cut_off_or_altered_is_not_read(tmp_path, size) -> None:
    path = sealed(tmp_path / "file", bytes(size))
    stored = path.read_bytes()
    head = len(stored) - (size + 16 * max(1, -(-size // CHUNK)))
    for damaged in (
        stored[:-1],
        stored + b"x",
        stored[:-1] + bytes([stored[-1] ^ 1]),
        *([stored[: -(17 + (size - 1) % CHUNK)]] if size > CHUNK else []),  # without its last chunk
        stored[: head - 1] + bytes([stored[head - 1] ^ 1]) + stored[head:],
    ):
        path.write_bytes(damaged)
        with pytest.raises(OSError, match="damaged"), open_sealed(path) as file:
            assert len(file.read()) > size


def test_chunks_cannot_be_exchanged(tmp_path) -> None:
    path = sealed(tmp_path / "file", b"a" * CHUNK + b"b" * CHUNK + b"c")
    stored = path.read_bytes()
    head, first, second, last = stored[:26], stored[26:58], stored[58:90], stored[90:]
    path.write_bytes(head + second + first + last)
    with pytest.raises(OSError, match="damaged"), open_sealed(path) as file:
        file.read()


def test_a_file_of_before_is_read_as_it_is(tmp_path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"plain")
    assert key_of_file(path) is None
    assert plain_size(path) == 5
    with open_sealed(path) as file:
        assert file.read() == b"plain"


def test_nothing_readable_lies_on_the_disk(tmp_path) -> None:
    path = sealed(tmp_path / "file", b"449901196501010189 " * 20)
    assert b"4499" not in path.read_bytes()
    assert path.read_bytes().startswith(MAGIC + key_ids()[0])


def test_without_the_key_a_file_does_not_open(tmp_path, settings) -> None:
    path = sealed(tmp_path / "file", b"secret")
    settings.RUHU_KEYS_PATH = None
    settings.RUHU_SECRET_KEYS = [bytes(32)]
    with pytest.raises(UnknownKey):
        open_sealed(path)


def test_a_blob_moves_to_the_current_key_and_keeps_its_time(settings) -> None:
    settings.RUHU_KEYS_PATH = None
    old = settings.RUHU_SECRET_KEYS
    blob = blobs.store([b"photo" * 100])
    path = blobs.path_of(blob.sha256)
    plain = blobs.path_of(blobs.store([b"of before"]).sha256)
    plain.write_bytes(b"of before")
    made = path.stat().st_mtime_ns
    settings.RUHU_SECRET_KEYS = [bytes(range(32)), *old]

    assert list(blobs.names_after("")) == sorted([path.name, plain.name])
    assert [blobs.reseal(name) for name in (path.name, plain.name)] == [True, True]
    assert [blobs.reseal(name) for name in (path.name, plain.name)] == [False, False]

    settings.RUHU_SECRET_KEYS = [bytes(range(32))]
    assert blobs.read(blob.sha256) == b"photo" * 100
    assert open_sealed(plain).read() == b"of before"
    assert path.stat().st_mtime_ns == made
    assert not blobs.reseal("00" * 32)  # discarded meanwhile
