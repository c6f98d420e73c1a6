"""Encryption at rest and equality search over what is encrypted (design §8).

Sealed values carry the id of the key that sealed them, so that keys can be rotated.
The nonce is a keyed hash of the plaintext: the same value under the same key and
purpose seals to the same bytes. That makes a rebuilt ledger comparable byte for byte
with the running one; equality of two values is visible in the database anyway,
through the search hash beside them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from dataclasses import dataclass
from functools import lru_cache

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE = 12
_of_thread = threading.local()


class UnknownKey(Exception):
    """A value was sealed with a key this server does not hold: restore the key file."""


@dataclass(frozen=True, slots=True)
class _Key:
    id: bytes  # 4 bytes, first of every sealed value
    aead: AESGCM
    nonce: bytes
    search: bytes


@lru_cache(maxsize=8)
def _key(secret: bytes) -> _Key:
    def derive(purpose: bytes) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=b"ruhu " + purpose).derive(secret)

    return _Key(derive(b"id")[:4], AESGCM(derive(b"seal")), derive(b"nonce"), derive(b"search"))


def _keys() -> list[_Key]:
    """The current key first, then retired ones that can still open."""
    return [_key(secret) for secret in settings.RUHU_SECRET_KEYS]


def seal(plain: bytes, purpose: str) -> bytes:
    """Encrypt for one purpose (a column or table name); opening under another purpose fails."""
    key = _keys()[0]
    aad = purpose.encode()
    nonce = hmac.digest(key.nonce, len(aad).to_bytes(2, "big") + aad + plain, "sha256")[:_NONCE]
    return key.id + nonce + key.aead.encrypt(nonce, plain, aad)


def unseal(sealed: bytes, purpose: str) -> bytes:
    """The plaintext. Raises UnknownKey, or InvalidTag when the bytes were tampered with."""
    sealed = bytes(sealed)
    for key in _keys():
        if hmac.compare_digest(key.id, sealed[:4]):
            return key.aead.decrypt(sealed[4 : 4 + _NONCE], sealed[4 + _NONCE :], purpose.encode())
    raise UnknownKey


def seal_text(plain: str, purpose: str) -> str:
    """`seal` for a text column or a JSON value: base64 of the sealed UTF-8."""
    return base64.b64encode(seal(plain.encode(), purpose)).decode()


def unseal_text(sealed: str, purpose: str) -> str:
    return unseal(base64.b64decode(sealed), purpose).decode()


def seal_document(document: bytes) -> bytes:
    """Compress and encrypt a whole instance XML; the exact bytes come back."""
    return seal(_packing().compress(document), "document")


def _packing() -> zstandard.ZstdCompressor:
    """One a thread: making one takes as long as packing a survey, and threads may not share it."""
    packing: zstandard.ZstdCompressor | None = getattr(_of_thread, "packing", None)
    if packing is None:
        packing = _of_thread.packing = zstandard.ZstdCompressor(level=1)
    return packing


def unseal_document(sealed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(unseal(sealed, "document"))


def search_hash(value: str, purpose: str) -> bytes:
    """32 bytes by which equal values are found without opening them. Normalise first.

    Uses the oldest key, which rotation keeps, so that hashes made before stay valid.
    """
    return hmac.digest(_keys()[-1].search, purpose.encode() + b"\0" + value.encode(), "sha256")


def token_hash(token: str) -> bytes:
    """How app-user tokens are stored: they are long and random, so one SHA-256 is enough."""
    return hashlib.sha256(token.encode()).digest()


__all__ = [
    "InvalidTag",
    "UnknownKey",
    "seal",
    "seal_document",
    "seal_text",
    "search_hash",
    "token_hash",
    "unseal",
    "unseal_document",
    "unseal_text",
]
