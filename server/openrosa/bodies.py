"""An upload's body as it comes in: how much of it there is, how it ends, and unpacked within limits."""

from __future__ import annotations

import io
import zlib
from typing import Any, Final, NoReturn, Protocol

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

from server.openrosa.problems import BadMultipart, CutOff, UnknownEncoding, UploadTooLarge

_TAIL: Final = 300  # bytes: a boundary has 70 at most, an epilogue is hardly ever sent
_CHUNK: Final = 1 << 16


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Body:
    """The request's body, which remembers how much of it came and how it ended.

    Raises UploadTooLarge when more is announced, comes or is unpacked than is taken;
    UnknownEncoding.
    """

    def __init__(
        self, request: HttpRequest, again: io.BytesIO | None = None, limit_mb: int | None = None
    ) -> None:
        meta = request.META
        self._limit_mb = limit_mb or int(settings.RUHU_UPLOAD_MAX_MB)
        is_chunked = "chunked" in meta.get("HTTP_TRANSFER_ENCODING", "").lower()
        # Django reads nothing where no length is announced.
        source: Any = again or (meta["wsgi.input"] if is_chunked else request)
        packed = meta.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        if packed not in ("", "identity", "gzip", "x-gzip"):
            raise UnknownEncoding
        self._source: _Readable = source
        self._unpacking = _Gunzip(source) if packed.endswith("gzip") and not again else None
        self._stream: _Readable = self._unpacking or source
        self.is_plain = not is_chunked and self._unpacking is None
        try:
            self.announced = int(meta.get("CONTENT_LENGTH") or 0)
        except ValueError:
            self.announced = 0
        if self.announced > self._limit_mb * 1_000_000:
            self._refuse()
        if not self.is_plain:
            self.announced = (
                1  # the parser takes 0 for "nothing sent", and uses it for nothing else
            )
        self._came = 0
        self._tail = b""
        self._delimiter = b""
        self._undecided = b""  # may be the beginning of a delimiter
        self.delimiters = 0

    def read(self, size: int) -> bytes:
        chunk: bytes = self._stream.read(size)
        self._came += len(chunk)
        if self._came > self._limit_mb * 1_000_000:
            self._refuse()
        self._tail = (self._tail + chunk[-_TAIL:])[-_TAIL:]
        if self._delimiter:
            *before, rest = (self._undecided + chunk).split(self._delimiter)
            self.delimiters += len(before)
            self._undecided = rest[1 - len(self._delimiter) :]
        return chunk

    def count(self, delimiter: bytes) -> None:
        """Count from here on how often the delimiter comes."""
        self._delimiter = delimiter

    def _refuse(self) -> NoReturn:
        """Let the rest pass, so that the phone comes to read the answer: it reads none while it sends.

        Nothing is kept of it, and who sends without end is cut off.
        """
        passed = 0
        try:
            while passed < 2 * self._limit_mb * 1_000_000 and (chunk := self._source.read(_CHUNK)):
                passed += len(chunk)
        except (UnreadablePostError, OSError):
            raise CutOff from None
        raise UploadTooLarge(limit_mb=self._limit_mb)

    def read_all(self) -> bytes:
        """The whole body in memory. Raises CutOff when fewer bytes come than were announced."""
        try:
            if not self.is_plain:
                return b"".join(iter(lambda: self.read(_CHUNK), b""))
            whole: bytes = self._stream.read(self.announced)
        except (UnreadablePostError, OSError):
            raise CutOff from None
        if len(whole) != self.announced:
            raise CutOff
        return whole

    def is_whole(self, closing: bytes) -> bool:
        """Whether all announced bytes came and the last boundary was among them."""
        while self.read(_CHUNK):
            pass
        return closing in self._tail and (not self.is_plain or self._came == self.announced)


class _Gunzip:
    """Unpacks as much as is asked for, never more. Raises CutOff, BadMultipart."""

    def __init__(self, source: _Readable) -> None:
        self._source = source
        self._packed = zlib.decompressobj(wbits=31)

    def read(self, size: int) -> bytes:
        while not self._packed.eof:
            some = self._packed.unconsumed_tail or self._source.read(_CHUNK)
            try:
                plain = self._packed.decompress(some, size)
            except zlib.error:
                raise BadMultipart from None
            if plain:
                return plain
            if not some:
                raise CutOff
        return b""
