"""Files encrypted at rest, chunk by chunk, so that they are written and read as streams (decision 0288).

A file begins with MAGIC, the id of its key and eight random bytes. Each chunk of CHUNK bytes is
sealed by itself with AES-GCM; its nonce holds the random bytes and the chunk's number, and
its associated data says whether it is the last, so that no chunk can be exchanged, left out or
cut off. A file that does not begin with MAGIC was stored before files were sealed.
"""

from __future__ import annotations

import io
import os
import secrets
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag

from server.core.sealing import KEY_ID, file_cipher

MAGIC: Final = b"ruhu sealed 1\n"
CHUNK: Final = 1 << 16
_SALT: Final = 8
_TAG: Final = 16
_DAMAGED: Final = "a sealed file is damaged"
_HEAD: Final = len(MAGIC) + KEY_ID + _SALT


class SealedWriter:
    """Seals what is written to it into a file that was opened unbuffered; `finish` writes the last chunk."""

    def __init__(self, file: BinaryIO | io.FileIO) -> None:
        self._file = file
        self._key_id, self._cipher = file_cipher()
        self._salt = secrets.token_bytes(_SALT)
        self._number = 0
        self._waiting = bytearray()
        self._put(MAGIC + self._key_id + self._salt)

    def write(self, data: bytes) -> int:
        """Take bytes; returns how many."""
        self._waiting += data
        while len(self._waiting) > CHUNK:  # the last chunk is known only at the end
            self._seal(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write what is left. Nothing may be written afterwards."""
        self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, plain: bytes, *, is_last: bool) -> None:
        nonce, about = _chunk(self._salt, self._number, is_last=is_last)
        self._put(self._cipher.encrypt(nonce, plain, about))
        self._number += 1

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


class _SealedReader(io.RawIOBase):
    """Reads a sealed file; seeks to any place."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        head = file.read(_HEAD)
        at = len(MAGIC)
        self._cipher = file_cipher(head[at : at + KEY_ID])[1]
        self._salt = head[at + KEY_ID :]
        self._file = file
        self._chunks, self.size = _extent(size)
        if self._chunks > 1 and self.size <= (self._chunks - 1) * CHUNK:  # no such file is written
            raise OSError(_DAMAGED)
        self._at = 0
        self._number, self._plain = -1, b""
        if self.size == 0:  # nothing is read later that would show whether something was cut off
            self._opened(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        begins = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = max(0, begins + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from one chunk. Raises OSError when the file is damaged."""
        if self._at >= self.size:
            return 0
        number, within = divmod(self._at, CHUNK)
        if number != self._number:
            self._plain, self._number = self._opened(number), number
        data = self._plain[within : within + len(buffer)]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _opened(self, number: int) -> bytes:
        self._file.seek(_HEAD + number * (CHUNK + _TAG))
        nonce, about = _chunk(self._salt, number, is_last=number == self._chunks - 1)
        try:
            return self._cipher.decrypt(nonce, self._file.read(CHUNK + _TAG), about)
        except InvalidTag:
            raise OSError(_DAMAGED) from None


def open_sealed(path: Path) -> BinaryIO:
    """Open a file for reading its plain bytes, sealed or not. Raises FileNotFoundError, UnknownKey."""
    file = path.open("rb")
    try:
        if file.read(len(MAGIC)) != MAGIC:
            file.seek(0)
            return file
        file.seek(0)
        reader = _SealedReader(file, os.fstat(file.fileno()).st_size)
    except BaseException:
        file.close()
        raise
    return io.BufferedReader(reader, CHUNK)


def key_of_file(path: Path) -> bytes | None:
    """The id of the key that sealed a file; None when the file is not sealed. Raises FileNotFoundError."""
    with path.open("rb") as file:
        head = file.read(len(MAGIC) + KEY_ID)
    return head[len(MAGIC) :] if head.startswith(MAGIC) else None


def plain_size(path: Path) -> int:
    """The number of plain bytes of a file, sealed or not. Raises FileNotFoundError."""
    size = path.stat().st_size
    return size if key_of_file(path) is None else _extent(size)[1]


def _extent(size: int) -> tuple[int, int]:
    """The number of chunks and of plain bytes of a sealed file of this size."""
    chunks = max(1, -(-(size - _HEAD) // (CHUNK + _TAG)))
    return chunks, max(0, size - _HEAD - chunks * _TAG)


def _chunk(salt: bytes, number: int, *, is_last: bool) -> tuple[bytes, bytes]:
    """The nonce of a chunk, and its associated data."""
    return salt + number.to_bytes(4, "big"), b"last" if is_last else b"more"
