"""A multipart upload, from the socket to bytes and files; large files go through temporary ones."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from server.openrosa import multipart
from server.openrosa.problems import BadMultipart, CutOff, NotMultipart, NoXmlPart
from server.openrosa.spool import Spool
from server.submissions.filenames import flat
from server.submissions.services import MAX_DOCUMENT_MB, IncomingFile

XML_PART: Final = "xml_submission_file"
_BARE: Final = ("text/xml", "application/xml")
_SMALL: Final = 512 * 1024
_TAIL: Final = 300  # bytes: a boundary has 70 at most, an epilogue is hardly ever sent


@dataclass(frozen=True, slots=True)
class Upload:
    document: bytes
    files: Sequence[IncomingFile]


def read(request: HttpRequest) -> Upload:
    """The record and its files.

    Takes the XML part wherever it stands, with any content type and any file name. A body
    that ends early is refused whole. Old clients send the bare XML as the body.
    Raises NotMultipart, NoXmlPart, CutOff, BadMultipart.
    """
    content_type = request.META.get("CONTENT_TYPE", "")
    if content_type.partition(";")[0].strip().lower() in _BARE:
        return _bare(_Body(request))
    if not content_type.lower().startswith("multipart/form-data"):
        raise NotMultipart
    body = _Body(request)
    boundary = multipart.boundary_of(content_type)
    if boundary is None or not 0 < body.announced <= _SMALL or body.is_chunked:
        return _streamed(request, body)
    whole = body.read_all()
    parts = multipart.parts(whole, boundary)
    if parts is None:
        return _streamed(request, _Body(request, io.BytesIO(whole)))
    return _chosen(
        (part.name, part.content, _incoming(part.filename, part.content_type, part.content))
        for part in parts
    )


def _bare(body: _Body) -> Upload:
    """The body is the record; past the limit nothing more is read, and `receive` refuses it."""
    most = MAX_DOCUMENT_MB * 1024 * 1024 + 1
    if 0 < body.announced < most and not body.is_chunked:
        return Upload(body.read_all(), ())
    document = b""
    while len(document) < most and (chunk := body.read(1 << 16)):
        document += chunk
    if not document:
        raise NoXmlPart
    return Upload(document, ())


def _chosen(parts: Iterable[tuple[str, bytes, IncomingFile]]) -> Upload:
    """The first part of the right name is the record; all others are files of it."""
    document: bytes | None = None
    files = []
    for name, content, file in parts:
        if name == XML_PART and document is None:
            document = content
        else:
            files.append(file)
    if document is None:
        raise NoXmlPart
    return Upload(document, files)


def _streamed(request: HttpRequest, body: _Body) -> Upload:
    """By Django's parser: large files go to temporary ones, and every legal form is understood."""
    meta = {**request.META, "CONTENT_LENGTH": body.announced}
    spool = Spool(request)
    try:
        parser = _Parser(meta, body, [spool], "utf-8")
        fields, files = parser.parse()
    except (UnreadablePostError, OSError):
        spool.close()
        raise CutOff from None
    except (MultiPartParserError, SuspiciousOperation, ValueError, LookupError):
        spool.close()
        raise BadMultipart from None
    if not body.is_whole(parser.closing):
        spool.close()
        raise CutOff
    return _sorted(fields, files)


def _sorted(fields: Any, files: Any) -> Upload:
    document: bytes | None = None
    incoming: list[IncomingFile] = []
    for part, uploads in files.lists():
        for upload in uploads:
            if part == XML_PART and document is None:
                document = upload.read()
            else:
                incoming.append(_of_django(upload))
    if document is None and XML_PART in fields:  # a part without a file name
        document = fields[XML_PART].encode()
    if document is None:
        raise NoXmlPart
    return Upload(document, incoming)


def _of_django(upload: UploadedFile) -> IncomingFile:
    return IncomingFile(_sent_name(upload.name or ""), upload.content_type or "", upload.chunks)


def _incoming(filename: str, content_type: str, content: bytes) -> IncomingFile:
    return IncomingFile(_sent_name(filename), content_type, lambda: (content,))


def _sent_name(filename: str) -> str:
    """The one character of a file's name that HTTP clients escape and a phone's names can hold."""
    return filename.replace("%22", '"')


class _Parser(MultiPartParser):
    """Django's parser, which refuses the whole upload for one file named `..`; here it gets a name."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.closing = b"--" + self._boundary + b"--"  # type: ignore[attr-defined]

    def sanitize_file_name(self, file_name: str) -> str:
        return flat(_sent_name(file_name))


class _Body:
    """The request's body, which remembers how much of it came and how it ended."""

    def __init__(self, request: HttpRequest, again: io.BytesIO | None = None) -> None:
        self.is_chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
        # Django reads nothing where no length is announced.
        self._stream = again or (request.META["wsgi.input"] if self.is_chunked else request)
        try:
            self.announced = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            self.announced = 0
        if self.is_chunked:
            self.announced = (
                1  # the parser takes 0 for "nothing sent", and uses it for nothing else
            )
        self._came = 0
        self._tail = b""

    def read(self, size: int) -> bytes:
        chunk: bytes = self._stream.read(size)
        self._came += len(chunk)
        self._tail = (self._tail + chunk[-_TAIL:])[-_TAIL:]
        return chunk

    def read_all(self) -> bytes:
        """The announced bytes. Raises CutOff when fewer come."""
        try:
            whole: bytes = self._stream.read(self.announced)
        except (UnreadablePostError, OSError):
            raise CutOff from None
        if len(whole) != self.announced:
            raise CutOff
        return whole

    def is_whole(self, closing: bytes) -> bool:
        """Whether all announced bytes came and the last boundary was among them."""
        while self.read(1 << 16):
            pass
        return closing in self._tail and (self.is_chunked or self._came == self.announced)
