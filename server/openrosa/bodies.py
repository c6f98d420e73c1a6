"""Reads the body of an upload: counts its bytes, unpacks gzip within the limit, detects a missing end."""

from __future__ import annotations

import io
import zlib
from typing import Any, Final, NoReturn, Protocol

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

from server.openrosa.problems import (
    BadMultipart,
    CutOff,
    TooManyParts,
    UnknownEncoding,
    UploadTooLarge,
)

MOST_PARTS: Final = 2_000
"""Files of one upload, the record included: each is synced to the disk by itself."""
_TAIL: Final = 300  # bytes: a boundary has at most 70, and hardly any client sends an epilogue
_CHUNK: Final = 1 << 16


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Body:
    """The body of a request as a stream that counts its bytes and remembers its end.

    Raises UnknownEncoding; UploadTooLarge when the announced, received or unpacked size is
    above the limit.
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
            self.announced = 1  # any number but 0, which Django's parser takes for an empty body
        self._received = 0
        self._tail = b""
        self._delimiter = b""
        self._undecided = b""  # may be the beginning of a delimiter
        self.delimiters = 0

    def read(self, size: int) -> bytes:
        """At most `size` bytes of the unpacked body. Raises UploadTooLarge, CutOff, BadMultipart."""
        chunk: bytes = self._stream.read(size)
        self._received += len(chunk)
        if self._received > self._limit_mb * 1_000_000:
            self._refuse()
        self._tail = (self._tail + chunk[-_TAIL:])[-_TAIL:]
        if self._delimiter:
            *before, rest = (self._undecided + chunk).split(self._delimiter)
            self.delimiters += len(before)
            self._undecided = rest[1 - len(self._delimiter) :]
            if self.delimiters > MOST_PARTS + 1:  # the last one closes the body
                raise TooManyParts(most=MOST_PARTS)
        return chunk

    def count(self, delimiter: bytes) -> None:
        """Count from here on how often the delimiter occurs (`delimiters`)."""
        self._delimiter = delimiter

    def _refuse(self) -> NoReturn:
        """Read and discard the rest, because a phone reads the answer only after it has sent everything.

        Stops after twice the limit. Raises UploadTooLarge, CutOff.
        """
        discarded = 0
        try:
            while discarded < 2 * self._limit_mb * 1_000_000 and (
                chunk := self._source.read(_CHUNK)
            ):
                discarded += len(chunk)
        except (UnreadablePostError, OSError):
            raise CutOff from None
        raise UploadTooLarge(limit_mb=self._limit_mb)

    def read_all(self) -> bytes:
        """The whole body, in memory. Raises CutOff when fewer bytes arrive than were announced."""
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
        """Read to the end; whether all announced bytes arrived and the closing boundary is near the end."""
        while self.read(_CHUNK):
            pass
        return closing in self._tail and (not self.is_plain or self._received == self.announced)


class _Gunzip:
    """Unpacks gzip, never more bytes than the caller asks for. Raises CutOff, BadMultipart."""

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
