"""Small multipart bodies as ODK clients write them, taken apart in memory. Pure.

Django's parser streams, and knows every form the standard allows; it costs a fifth of the
whole accept path. Nearly all uploads are a few kilobytes in one well-known form: those are
read here, everything else is left to Django's parser, which must find the same parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'multipart/form-data; ?boundary="?([\w\'()+,./:=?-]{1,70})"?', re.ASCII)
_DISPOSITION = re.compile(r'form-data; name="([^"\\]*)"; filename="([^"\\]+)"')
_IGNORED = frozenset({"content-length", "content-transfer-encoding: binary"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part with a file name."""

    name: str
    filename: str
    content_type: str
    content: bytes


def boundary_of(content_type: str) -> bytes | None:
    """The boundary of an ordinary multipart/form-data header."""
    found = _BOUNDARY.fullmatch(content_type)
    return found[1].encode() if found else None


def parts(body: bytes, boundary: bytes) -> list[Part] | None:
    """The parts of a whole body, in order; None when anything about it is out of the ordinary."""
    delimiter = b"\r\n--" + boundary
    opening, *middle = (b"\r\n" + body).split(delimiter)
    if opening or not middle or middle.pop() not in (b"--", b"--\r\n"):
        return None
    found = []
    for raw in middle:
        part = _part(raw)
        if part is None:
            return None
        found.append(part)
    return found


def _part(raw: bytes) -> Part | None:
    head, blank, content = raw.partition(b"\r\n\r\n")
    if not blank or not head.startswith(b"\r\n"):
        return None
    names, content_type = None, ""
    try:
        lines = head[2:].decode().split("\r\n")
    except UnicodeDecodeError:
        return None
    for line in lines:
        field, _colon, value = line.partition(": ")
        match field.lower():
            case "content-disposition":
                names = _DISPOSITION.fullmatch(value)
            case "content-type":
                content_type = value.partition(";")[0].strip()
            case lowered if lowered not in _IGNORED and line.lower() not in _IGNORED:
                return None
    return Part(names[1], names[2], content_type, content) if names else None
