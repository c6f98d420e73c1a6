"""Encryption at rest, and search for equal values by keyed hashes (security.md, Sealing at rest).

A sealed value begins with the id of its key, so that keys can be rotated while serving
(decision 0270). The nonce is a keyed hash of the plaintext: the same value under the same
key and purpose gives the same bytes, so a rebuilt ledger can be compared with the running
one byte by byte. That two values are equal shows in the database in any case, by the
search hash beside them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.core import keyring

_NONCE = 12
_of_thread = threading.local()


KEY_ID = 4
"""Bytes of a key's id, with which every sealed value begins."""


class UnknownKey(Exception):
    """A value was sealed with a key that this server does not have: restore the key file."""


@dataclass(frozen=True, slots=True)
class _Key:
    id: bytes
    aead: AESGCM
    files: AESGCM
    nonce: bytes
    search: bytes


@lru_cache(maxsize=8)
def _key(secret: bytes) -> _Key:
    def derive(purpose: bytes) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=b"ruhu " + purpose).derive(secret)

    return _Key(
        derive(b"id")[:KEY_ID],
        AESGCM(derive(b"seal")),
        AESGCM(derive(b"files")),
        derive(b"nonce"),
        derive(b"search"),
    )


_known: tuple[Sequence[bytes], list[_Key]] | None = None
"""The secrets as `core.keyring` gave them last, and their keys: a batch opens some ten thousand values."""


def _keys() -> list[_Key]:
    """The current key first, then retired keys, which still open what they sealed."""
    global _known
    secrets, known = keyring.sealing_keys(), _known
    if known is None or known[0] is not secrets:
        known = _known = secrets, [_key(secret) for secret in secrets]
    return known[1]


def key_ids() -> list[bytes]:
    """The ids of all keys, the current one first."""
    return [key.id for key in _keys()]


def is_current(sealed: bytes) -> bool:
    """Whether a sealed value was sealed with the current key."""
    return bytes(sealed[:KEY_ID]) == _keys()[0].id


def text_key_id(sealed: str) -> bytes:
    """The id of the key of a text that `seal_text` sealed; b"" of any other text."""
    try:
        return base64.b64decode(sealed[:8])[:KEY_ID]
    except ValueError:
        return b""


def seal(plain: bytes, purpose: str) -> bytes:
    """AES-GCM ciphertext, bound to a purpose (a column or table name): key id, nonce, ciphertext."""
    key = _keys()[0]
    aad = purpose.encode()
    nonce = hmac.digest(key.nonce, len(aad).to_bytes(2, "big") + aad + plain, "sha256")[:_NONCE]
    return key.id + nonce + key.aead.encrypt(nonce, plain, aad)


def unseal(sealed: bytes, purpose: str) -> bytes:
    """The plaintext. Raises UnknownKey; InvalidTag when the bytes or the purpose are not the same."""
    sealed = bytes(sealed)
    key = _key_named(sealed[:KEY_ID])
    nonce, rest = sealed[KEY_ID : KEY_ID + _NONCE], sealed[KEY_ID + _NONCE :]
    return key.aead.decrypt(nonce, rest, purpose.encode())


def _key_named(key_id: bytes) -> _Key:
    for key in _keys():
        if hmac.compare_digest(key.id, key_id):
            return key
    for secret in keyring.look_again():  # another process may have begun with a new key just now
        if hmac.compare_digest(_key(secret).id, key_id):
            return _key(secret)
    raise UnknownKey


def file_cipher(key_id: bytes | None = None) -> tuple[bytes, AESGCM]:
    """The id and cipher of the key that seals files now, or of the named one. Raises UnknownKey."""
    key = _keys()[0] if key_id is None else _key_named(key_id)
    return key.id, key.files


def reseal(sealed: bytes, purpose: str) -> bytes:
    """The same plaintext sealed with the current key. Raises as `unseal`."""
    return bytes(sealed) if is_current(sealed) else seal(unseal(sealed, purpose), purpose)


def seal_text(plain: str, purpose: str) -> str:
    """`seal` for a text column or a JSON value: base64 of the sealed UTF-8."""
    return base64.b64encode(seal(plain.encode(), purpose)).decode()


def unseal_text(sealed: str, purpose: str) -> str:
    """The text that `seal_text` sealed. Raises as `unseal`."""
    return unseal(base64.b64decode(sealed), purpose).decode()


def seal_document(document: bytes) -> bytes:
    """Compress and encrypt an instance XML; `unseal_document` gives the same bytes back."""
    return seal_packed(document, "document")


def seal_packed(plain: bytes, purpose: str) -> bytes:
    """Compress and encrypt; `unseal_packed` gives the same bytes back."""
    return seal(_compressor().compress(plain), purpose)


def _compressor() -> zstandard.ZstdCompressor:
    """This thread's compressor: creating it takes as long as compressing a survey, and threads must not share it."""
    compressor: zstandard.ZstdCompressor | None = getattr(_of_thread, "compressor", None)
    if compressor is None:
        compressor = _of_thread.compressor = zstandard.ZstdCompressor(level=1)
    return compressor


def unseal_document(sealed: bytes) -> bytes:
    """The instance XML that `seal_document` sealed. Raises as `unseal`."""
    return unseal_packed(sealed, "document")


def unseal_packed(sealed: bytes, purpose: str) -> bytes:
    """What `seal_packed` sealed for the purpose. Raises as `unseal`."""
    return _decompressor().decompress(unseal(sealed, purpose))


def _decompressor() -> zstandard.ZstdDecompressor:
    """This thread's decompressor, kept for the same reason."""
    decompressor: zstandard.ZstdDecompressor | None = getattr(_of_thread, "decompressor", None)
    if decompressor is None:
        decompressor = _of_thread.decompressor = zstandard.ZstdDecompressor()
    return decompressor


def search_hash(value: str, purpose: str) -> bytes:
    """A keyed hash (32 bytes) that is the same for equal values; normalise the value first.

    It is made with the current key: what is stored moves to a new key together with the
    sealed value beside it.
    """
    return _search_hash(_keys()[0], value, purpose)


def search_hashes(value: str, purpose: str) -> list[bytes]:
    """The search hashes of a value under every key: while keys are rotated, rows have one of either."""
    return [_search_hash(key, value, purpose) for key in _keys()]


def _search_hash(key: _Key, value: str, purpose: str) -> bytes:
    return hmac.digest(key.search, purpose.encode() + b"\0" + value.encode(), "sha256")


def oldest_search_secret() -> bytes:
    """What entries were named with before naming had a secret of its own (ledgers.storage.naming)."""
    return _keys()[-1].search


def token_hash(token: str) -> bytes:
    """The SHA-256 under which a phone's token is stored; tokens are long and random, so one round is enough."""
    return hashlib.sha256(token.encode()).digest()


__all__ = [
    "KEY_ID",
    "InvalidTag",
    "UnknownKey",
    "file_cipher",
    "is_current",
    "key_ids",
    "oldest_search_secret",
    "reseal",
    "seal",
    "seal_document",
    "seal_packed",
    "seal_text",
    "search_hash",
    "search_hashes",
    "text_key_id",
    "token_hash",
    "unseal",
    "unseal_document",
    "unseal_packed",
    "unseal_text",
]
