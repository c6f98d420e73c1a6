"""Puts the requests of one connection together from the bytes that arrive. Reads no socket.

A thread gets a request only when all of it is here, so a caller that falls silent in the
middle holds none. gunicorn's parser reads the head, once it is whole.
"""

from __future__ import annotations

import io
import re
import tempfile
import threading
from collections.abc import Iterator
from typing import IO, Any, Final

from gunicorn.http.body import CHUNK_EXT_RE, ChunkedReader
from gunicorn.http.errors import (
    ChunkMissingTerminator,
    InvalidChunkExtension,
    InvalidChunkSize,
    InvalidHeader,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader

from server.ops.web.limits import Limits

HEAD_AT_ONCE: Final = 16 * 1024
BODY_AT_ONCE: Final = 256 * 1024
_END: Final = b"\r\n\r\n"
_LONGEST_SIZE_LINE: Final = 300
_LONGEST_TRAILER: Final = 8 * 1024
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*")
_LISTS_ENTITIES: Final = re.compile(
    rb"[A-Z]+ /(?:key/[^/ ]{1,500}|odk|v1/test/[^ ?]{1,900}/draft)/entities/integrity[/? ]"
)
_BY_TOKEN: Final = ("/key/", "/v1/test/")
_KNOWN_BY: Final = ("AUTHORIZATION", "COOKIE")


class DiskBudgetSpent(ParseException):
    """The bodies that are arriving take all the room in temporary files that they may take."""


class EndlessBody(ParseException):
    """Twice as much arrived as any body may have."""


class Disk:
    """How much the bodies of a process may keep in temporary files, and how much they keep."""

    def __init__(self, most: int, folder: str | None = None) -> None:
        self.folder = folder
        self._left = most
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Reserve so many bytes. Raises DiskBudgetSpent."""
        with self._lock:
            if size > self._left:
                raise DiskBudgetSpent
            self._left -= size

    def give_back(self, size: int) -> None:
        """Release so many bytes."""
        with self._lock:
            self._left += size


class Body:
    """A body while it arrives: in memory, and in a temporary file once it is large."""

    def __init__(self, limits: Limits, disk: Disk, most: int) -> None:
        self._limits, self._disk, self._most = limits, disk, most
        self._small = bytearray()
        self._file: IO[bytes] | None = None
        self._on_disk = 0
        self._is_kept = True
        self._received = 0

    def write(self, data: bytes | bytearray) -> None:
        """Append; a body that grows above the limit is forgotten. Raises DiskBudgetSpent, EndlessBody, OSError."""
        self._received += len(data)
        if not self._is_kept:
            if self._received > 2 * self._limits.body:
                raise EndlessBody
        elif self._received > self._most:
            self.forget()
        elif self._received <= self._limits.in_memory:
            self._small += data
        else:
            self._write_file(data)

    def forget(self) -> None:
        """Keep nothing of this body, whatever else arrives."""
        self._is_kept = False
        self._small = bytearray()
        self.close()

    def opened(self) -> IO[bytes]:
        """The body, to be read from its beginning; empty when it was forgotten."""
        if self._file is None:
            return io.BytesIO(self._small)
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Release the temporary file."""
        if self._file is not None:
            self._file.close()
            self._disk.give_back(self._on_disk)
            self._file, self._on_disk = None, 0

    def _write_file(self, data: bytes | bytearray) -> None:
        wanted = len(self._small) + len(data)  # nothing is in memory once there is a file
        self._disk.take(wanted)
        self._on_disk += wanted
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._disk.folder)  # noqa: SIM115 closed by `close`
        if self._small:
            self._file.write(self._small)
            self._small = bytearray()
        self._file.write(data)


class Chunks:
    """Takes a chunked body apart (RFC 9112, Chunked Transfer Coding), as strictly as gunicorn does."""

    def __init__(self, request: Any, limits: Limits) -> None:
        self._request, self._limits = request, limits
        self._left = 0  # bytes of the chunk that have not arrived
        self._is_after_data = False  # the line end behind a chunk's data is due
        self._is_last = False
        self._count = self._received = 0

    def take(self, buffer: bytearray) -> Iterator[bytes]:
        """The data in the buffer, whose bytes are removed. Raises ParseException."""
        while not self.is_done:
            if self._left:
                data = bytes(buffer[: self._left])
                if not data:
                    return
                del buffer[: len(data)]
                self._left -= len(data)
                self._is_after_data = not self._left
                yield data
            elif not (self._ends_data(buffer) if self._is_after_data else self._begins(buffer)):
                return

    is_done = False

    def _ends_data(self, buffer: bytearray) -> bool:
        if len(buffer) < 2:
            return False
        if buffer[:2] != b"\r\n":
            raise ChunkMissingTerminator(bytes(buffer[:2]))
        del buffer[:2]
        self._is_after_data = False
        return True

    def _begins(self, buffer: bytearray) -> bool:
        """Read the line with a chunk's size, or what follows the last one; False until it is whole."""
        if self._is_last:
            return self._ends(buffer)
        end = buffer.find(b"\r\n", 0, _LONGEST_SIZE_LINE)
        if end < 0:
            if len(buffer) >= _LONGEST_SIZE_LINE:
                raise InvalidChunkSize(b"")
            return False
        size, semicolon, extension = bytes(buffer[:end]).partition(b";")
        match = _SIZE.fullmatch(size) if semicolon else _SIZE.fullmatch(size.rstrip(b" \t") or b"-")
        if match is None or (not semicolon and size != match[1]):
            raise InvalidChunkSize(size)
        if semicolon and not CHUNK_EXT_RE.fullmatch(semicolon + extension):
            raise InvalidChunkExtension("invalid chunk extension")
        del buffer[: end + 2]
        self._left = int(match[1], 16)
        self._is_last = not self._left
        self._count += 1
        self._received += self._left
        if self._count > self._limits.chunks + self._received // self._limits.chunk_bytes:
            raise InvalidChunkSize(b"too many small chunks")
        return True

    def _ends(self, buffer: bytearray) -> bool:
        """Read the trailer fields, which nobody needs; False until they are whole."""
        if buffer[:2] == b"\r\n":
            del buffer[:2]
            self.is_done = True
            return True
        end = buffer.find(_END)
        if end < 0:
            if len(buffer) > _LONGEST_TRAILER:
                raise LimitRequestHeaders("trailer fields")
            return False
        self._request.parse_headers(bytes(buffer[:end]), from_trailer=True)
        del buffer[: end + len(_END)]
        self.is_done = True
        return True


class Incoming:
    """The request that is arriving on a connection, and the bytes of those behind it.

    `request` is gunicorn's, once the head is whole. When `is_whole`, its `body` can be read to
    the end without waiting, until `begin_next`.
    """

    def __init__(self, cfg: Any, client: Any, limits: Limits, disk: Disk) -> None:
        self._cfg, self._client, self._limits, self._disk = cfg, client, limits, disk
        self._buffer = bytearray()
        self._searched = 0
        self._left = 0  # bytes of the body that have not arrived, unless it is chunked
        self._chunks: Chunks | None = None
        self._body: Body | None = None
        self.number = 0
        """How many requests have begun on this connection."""
        self.request: Any = None
        self.is_whole = False

    @property
    def has_begun(self) -> bool:
        """Whether any byte of a request is here."""
        return bool(self._buffer) or self.request is not None

    @property
    def wants(self) -> int:
        """How many bytes to read from the socket at once."""
        if self.request is None:
            return HEAD_AT_ONCE
        return BODY_AT_ONCE if self._chunks else min(self._left, BODY_AT_ONCE)

    @property
    def expects_continue(self) -> bool:
        """Whether the caller waits for `100 Continue` before it sends the body; asked once."""
        expects = self.request is not None and bool(self.request._expected_100_continue)
        if expects:
            self.request._expected_100_continue = False
        return expects

    def feed(self, data: bytes) -> bool:
        """Take what arrived; whether a request is whole now. Raises gunicorn's ParseException."""
        if self.request is not None:
            return self._feed_body(data)
        self._buffer += data
        end = self._end_of_head()
        if end < 0:
            return False
        head = bytes(self._buffer[:end])
        self.number += 1
        request = Request(self._cfg, IterUnreader([head]), self._client, self.number)
        del self._buffer[:end]
        self._begin_body(request)
        return self._feed_body(b"")

    def cut_off(self) -> bool:
        """Nothing follows any more: whether there is a request to answer all the same, short as it is."""
        if self.request is None or self._body is None:
            return False
        self.request.force_close()
        self._hand_over(self._body)
        return True

    def begin_next(self) -> bool:
        """Forget the request that was answered; whether another one is whole already. Raises ParseException."""
        self.close()
        self.is_whole = False
        self.request = self._chunks = None
        self._searched = 0
        return bool(self._buffer) and self.feed(b"")

    def close(self) -> None:
        """Release the body's temporary file."""
        if self._body is not None:
            self._body.close()
            self._body = None

    def _end_of_head(self) -> int:
        """The length of the head; -1 when it is not whole. Raises LimitRequestLine, LimitRequestHeaders, InvalidHeader."""
        buffer, begin = self._buffer, max(0, self._searched - 3)
        end = buffer.find(_END, begin)
        size = end + len(_END) if end >= 0 else len(buffer)
        if size > self._limits.line:
            self._check_size(size)
        if end >= 0:
            return size
        at = buffer.find(b"\n", begin)
        while at >= 0:  # a line that ends with LF alone: the head will never end as it should
            if at == 0 or buffer[at - 1] != 13:
                raise InvalidHeader("bare LF as line terminator")
            at = buffer.find(b"\n", at + 1)
        self._searched = len(buffer)
        return -1

    def _check_size(self, size: int) -> None:
        limits = self._limits
        is_long = _LISTS_ENTITIES.match(self._buffer) is not None
        most_line = limits.integrity_line if is_long else limits.line
        line = self._buffer.find(b"\r\n", 2, most_line + 4)
        if line < 0 or line > most_line:
            raise LimitRequestLine(size, most_line)
        if size > (limits.integrity_head if is_long else limits.head):
            raise LimitRequestHeaders("head")

    def _begin_body(self, request: Any) -> None:
        self.request = request
        most = self._limits.body
        if not request.path.startswith(_BY_TOKEN) and not any(
            name in _KNOWN_BY for name, _value in request.headers
        ):
            most = min(most, self._limits.stranger_body)
        self._body = body = Body(self._limits, self._disk, most)
        reader = request.body.reader
        if isinstance(reader, ChunkedReader):
            self._chunks = Chunks(request, self._limits)
            return
        self._left = reader.length
        if self._left > most:
            body.forget()

    def _feed_body(self, data: bytes) -> bool:
        body = self._body
        assert body is not None  # noqa: S101 set together with the request
        if self._chunks is not None:
            self._buffer += data
            for piece in self._chunks.take(self._buffer):
                body.write(piece)
            if not self._chunks.is_done:
                return False
        else:
            if self._buffer:
                data = bytes(self._buffer) + data
                self._buffer.clear()
            piece = data[: self._left]
            body.write(piece)
            self._left -= len(piece)
            if self._left:
                return False
            self._buffer += data[len(piece) :]
        self._hand_over(body)
        return True

    def _hand_over(self, body: Body) -> None:
        self.request.body = body.opened()
        self.request._expected_100_continue = False  # the body is here
        self.is_whole = True
