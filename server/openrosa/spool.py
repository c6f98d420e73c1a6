"""Where the files of a large upload wait until all of it has come: one temporary file for all.

Django's handler opens one for each part. Ten thousand small parts then need ten thousand
open files: the whole web process runs out of them, and with it every other phone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO, Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict

_IN_MEMORY: Final = 512 * 1024  # of the whole upload
_CHUNK: Final = 1 << 16


class SpooledFile(UploadedFile):
    """A stretch of the spool; read by `chunks` or whole by `read`."""

    def __init__(self, spool: IO[bytes], start: int, **facts: Any) -> None:
        super().__init__(file=spool, **facts)
        self._spool = spool
        self._start = start

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        position, end = self._start, self._start + (self.size or 0)
        while position < end:
            self._spool.seek(position)  # another part may have been read meanwhile
            chunk = self._spool.read(min(chunk_size or _CHUNK, end - position))
            position += len(chunk)
            yield chunk

    def read(self, *_size: int) -> bytes:
        return b"".join(self.chunks())

    def close(self) -> None:
        """The spool closes them all."""


class Spool(FileUploadHandler):
    """Appends one part after the other. Closed with the request, or at once by `close`."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self._spool = tempfile.SpooledTemporaryFile(  # noqa: SIM115 closed by `close`
            max_size=_IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR
        )
        self._start = 0
        request._files = MultiValueDict({"spool": [self]})  # type: ignore[attr-defined] # closed by Django

    def close(self) -> None:
        self._spool.close()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._start = self._spool.tell()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._spool.write(raw_data)

    def file_complete(self, file_size: int) -> SpooledFile:
        return SpooledFile(
            self._spool,  # type: ignore[arg-type]
            self._start,
            name=self.file_name,
            content_type=self.content_type,
            size=self._spool.tell() - self._start,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
