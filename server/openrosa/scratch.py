"""An upload handler for Django's parser that keeps all files of an upload in one temporary file.

Ten thousand small files need one file descriptor, and a large one needs no memory.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler

_CHUNK: Final = 1 << 16


class _File:
    """A temporary file without a name, closed when nothing refers to it."""

    def __init__(self) -> None:
        self.descriptor, path = tempfile.mkstemp(dir=settings.FILE_UPLOAD_TEMP_DIR)
        weakref.finalize(self, os.close, self.descriptor)
        os.unlink(path)


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of the upload: a range of the temporary file."""

    name: str
    content_type: str
    start: int
    size: int
    file: _File

    def chunks(self) -> Iterator[bytes]:
        """The content of the file, piece by piece."""
        at, end = self.start, self.start + self.size
        while at < end:
            chunk = os.pread(self.file.descriptor, min(_CHUNK, end - at), at)
            if not chunk:
                raise OSError("the temporary file is shorter than what was written to it")
            at += len(chunk)
            yield chunk

    def close(self) -> None:
        """Called by Django's parser when an upload fails; the temporary file closes itself."""


class Scratch(FileUploadHandler):
    """Writes each file to the temporary file while Django's parser reads it."""

    def __init__(self, request: Any) -> None:
        super().__init__(request)
        self._file = _File()
        self._start = self._end = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._start = self._end

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        left = memoryview(raw_data)
        while left:
            written = os.write(self._file.descriptor, left)
            self._end += written
            left = left[written:]

    def file_complete(self, file_size: int) -> Any:
        return Piece(
            self.file_name or "", self.content_type or "", self._start, file_size, self._file
        )
