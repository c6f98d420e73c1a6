"""Parses an upload into the submission's XML and its files; files of large uploads go to a temporary file."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from server.openrosa import multipart
from server.openrosa.bodies import MOST_PARTS, Body
from server.openrosa.problems import (
    BadMultipart,
    CutOff,
    NotMultipart,
    NoXmlPart,
    TooManyParts,
    UploadTooLarge,
)
from server.openrosa.scratch import Piece, Scratch
from server.submissions.services import IncomingFile

XML_PART: Final = "xml_submission_file"
_NO_FILES: Final = frozenset({"*isIncomplete*", "Date"})
"""Parts by which clients say something about the upload: that more of it follows, and when it was sent."""
_BARE: Final = ("text/xml", "application/xml")
_SMALL: Final = 512 * 1024
MAX_XML_MB: Final = 64
_BYTES_AS_TEXT: Final = "iso-8859-1"
"""The encoding Django's parser is given: each byte becomes one character, and is decoded again where it matters."""


@dataclass(frozen=True, slots=True)
class Upload:
    """The XML of an upload, and its files in the order of the body."""

    document: bytes
    files: Sequence[IncomingFile]


def read(request: HttpRequest) -> Upload:
    """Parse the upload of a request.

    The XML part may stand anywhere, with any content type and file name. Old clients send the
    XML as the body. A body that ends too early is refused as a whole.
    Raises NotMultipart, NoXmlPart, CutOff, BadMultipart, TooManyParts, UploadTooLarge, UnknownEncoding.
    """
    content_type = request.META.get("CONTENT_TYPE", "")
    if content_type.partition(";")[0].strip().lower() in _BARE:
        return _bare(Body(request, limit_mb=MAX_XML_MB))
    if not content_type.lower().startswith("multipart/form-data"):
        raise NotMultipart
    body = Body(request)
    boundary = multipart.boundary_of(content_type)
    if boundary is None or not 0 < body.announced <= _SMALL or not body.is_plain:
        return _streamed(request, body)
    whole = body.read_all()
    parts = multipart.parts(whole, boundary)
    if parts is None:
        return _streamed(request, Body(request, io.BytesIO(whole)))
    if len(parts) > MOST_PARTS:
        raise TooManyParts(most=MOST_PARTS)
    return _chosen(
        (part.name, part.content, _incoming(part.filename, part.content_type, part.content))
        for part in parts
    )


def _bare(body: Body) -> Upload:
    """The body is the XML itself."""
    document = body.read_all()
    if not document:
        raise NoXmlPart
    return Upload(document, ())


def _chosen(parts: Iterable[tuple[str, bytes, IncomingFile]]) -> Upload:
    """The first part named xml_submission_file is the XML; all others are files."""
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


def _streamed(request: HttpRequest, body: Body) -> Upload:
    """Parse with Django's parser, which understands every legal form and writes files to the temporary file."""
    meta = {**request.META, "CONTENT_LENGTH": body.announced}
    try:
        parser = _Parser(meta, body, [Scratch(request)], _BYTES_AS_TEXT)
        body.count(parser.delimiter)
        fields, files = parser.parse()
    except (UnreadablePostError, OSError):
        raise CutOff from None
    except (MultiPartParserError, SuspiciousOperation, ValueError, LookupError):
        raise BadMultipart from None
    if not body.is_whole(parser.delimiter + b"--"):
        raise CutOff
    understood = sum(len(parts) for parsed in (fields, files) for _name, parts in parsed.lists())
    if understood != body.delimiters - 1:  # the parser skips parts whose headers it cannot read
        raise BadMultipart
    return _sorted(fields, files)


def _sorted(fields: Any, files: Any) -> Upload:
    document: bytes | None = None
    incoming: list[IncomingFile] = []
    for part, uploads in files.lists():
        for upload in uploads:
            if part == XML_PART and document is None:
                document = _document(upload)
            else:
                incoming.append(_of_piece(upload))
    for part, contents in fields.lists():  # parts without a file name
        name = _as_sent(part)
        for content in contents:
            plain = content.encode(_BYTES_AS_TEXT)
            if part == XML_PART and document is None:
                document = plain
            elif name not in _NO_FILES:
                incoming.append(_nameless(name, plain))
    if document is None:
        raise NoXmlPart
    return Upload(document, incoming)


def _nameless(part: str, content: bytes) -> IncomingFile:
    """A file whose part has no file name goes by the part's name, as OpenRosa has it. Raises BadMultipart without that."""
    if not part:
        raise BadMultipart
    return IncomingFile(_sent_name(part), "", lambda: (content,))


def _document(piece: Piece) -> bytes:
    """The XML, which must fit in memory. Raises UploadTooLarge; a smaller limit for forms is the room's."""
    if piece.size > MAX_XML_MB * 1_000_000:
        raise UploadTooLarge(limit_mb=MAX_XML_MB)
    return b"".join(piece.chunks())


def _of_piece(piece: Piece) -> IncomingFile:
    return IncomingFile(_sent_name(piece.name), piece.content_type, piece.chunks)


def _incoming(filename: str, content_type: str, content: bytes) -> IncomingFile:
    return IncomingFile(_sent_name(filename), content_type, lambda: (content,))


def _sent_name(filename: str) -> str:
    """The file name with its quotation marks, the only character of a phone's names that HTTP clients escape."""
    return filename.replace("%22", '"')


class _Parser(MultiPartParser):
    """Django's parser, but with file names as they were sent: the submissions room makes them safe."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.delimiter = b"--" + self._boundary  # type: ignore[attr-defined]

    def sanitize_file_name(self, file_name: str) -> str:
        return _as_sent(file_name)


def _as_sent(text: str) -> str:
    """The text of bytes that the parser was made to read as one character each."""
    return text.encode(_BYTES_AS_TEXT).decode("utf-8", "replace")
