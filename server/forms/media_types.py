"""Under which types the files of forms are sent: browsers must not run them, whatever their names say. Pure."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

UNKNOWN: Final = "application/octet-stream"
_TYPES: Final = {
    "3gp": "video/3gpp",
    "csv": "text/csv",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "png": "image/png",
    "wav": "audio/x-wav",
    "webm": "video/webm",
    "webp": "image/webp",
}
"""Ending → type, the same on every machine, whatever its table of types says. Phones go by the file's name."""
_ALSO_FOR_DESKS: Final = {"geojson": "application/geo+json", "xml": "text/xml"}
"""Lists of choices that ODK Web Forms reads by their type."""


def type_for_phones(filename: str) -> str:
    """The type of a form's file for a phone; UNKNOWN for one that a browser might run."""
    return _TYPES.get(_ending(filename), UNKNOWN)


def type_for_desks(filename: str) -> str:
    """The type of a form's file for ODK Web Forms; UNKNOWN for one that a browser might run."""
    ending = _ending(filename)
    return _ALSO_FOR_DESKS.get(ending) or _TYPES.get(ending, UNKNOWN)


def _ending(filename: str) -> str:
    return PurePath(filename).suffix.removeprefix(".").lower()
