"""Makes passwords for phones, and the secret by which HTTP Digest checks them.

Digest needs MD5(user:realm:password). That secret lets a phone in just as the password
does, and whoever overhears one answer can search for the password offline. It is kept,
sealed, only for passwords made here: 16 letters of 31 are 79 bits, too many to search.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from server.core.sealing import seal, unseal

REALM: Final = "Ruhu"
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


def new_password() -> str:
    """A random password, in four groups that are easy to type."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def secret_of(username: str, password: str) -> bytes:
    """Digest's HA1, MD5(user:realm:password), in hexadecimal."""
    plain = f"{username}:{REALM}:{password}".encode()
    return hashlib.md5(plain, usedforsecurity=False).hexdigest().encode()


def sealed_secret(username: str, password: str) -> bytes:
    """The HA1, sealed for storage; it can be unsealed for this user name only."""
    return seal(secret_of(username, password), _purpose(username))


def opened_secret(username: str, sealed: bytes) -> bytes:
    """The HA1, unsealed. Raises UnknownKey, InvalidTag (core.sealing)."""
    return unseal(sealed, _purpose(username))


def _purpose(username: str) -> str:
    return f"device password of {username}"
