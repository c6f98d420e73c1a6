"""Passwords that Ruhu makes for phones, and the secret by which HTTP Digest proves one.

Digest needs MD5(user:realm:password), which opens this door as the password itself does
and can be tried offline by whoever overhears one answer. It is kept, sealed, only for
passwords made here: 16 letters of 31 are 79 bits, which nobody tries through.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from server.core.sealing import seal, unseal

REALM: Final = "Ruhu"
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


def made_up() -> str:
    """A new password, in four groups that can be typed."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def secret_of(username: str, password: str) -> bytes:
    """Digest's HA1, in hexadecimal."""
    plain = f"{username}:{REALM}:{password}".encode()
    return hashlib.md5(plain, usedforsecurity=False).hexdigest().encode()


def sealed_secret(username: str, password: str) -> bytes:
    """The HA1 as it is stored; it opens for this user name only."""
    return seal(secret_of(username, password), _purpose(username))


def opened_secret(username: str, sealed: bytes) -> bytes:
    """The HA1. Raises sealing's UnknownKey, InvalidTag."""
    return unseal(sealed, _purpose(username))


def _purpose(username: str) -> str:
    return f"device password of {username}"
