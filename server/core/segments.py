"""A slash inside a segment of a path, while requests are routed. Pure."""

from __future__ import annotations

from typing import Final, overload

SLASH: Final = "\x1f"
"""Stands for an escaped slash. XML cannot hold it, so no instanceID, form_id or file name has it."""


@overload
def as_sent(name: str) -> str: ...
@overload
def as_sent(name: object) -> object: ...
def as_sent(name: object) -> object:
    """A name from a path with its slashes; anything else as it is."""
    return name.replace(SLASH, "/") if isinstance(name, str) else name
