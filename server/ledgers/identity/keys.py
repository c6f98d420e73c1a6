"""The keys by which records name an entry, and their uuids (fold.md, Identity). Pure.

A key is a uuid. An entry is a connected component of keys over the live contributions,
named by the first key of its earliest contribution, so that the name depends on what
was observed and not on the order of arrival (decision 0050).
"""

from __future__ import annotations

import hmac
from typing import NamedTuple
from uuid import UUID, uuid5

_KEYS = UUID("3f1d1c56-6b3f-5b0e-9a55-1f0d6f2a7c11")
_OWNED = UUID("8d0d2f0c-52a4-5c39-8a0f-6a1f5f5b9e02")


_secret: bytes | None = None


class Unnamed(Exception):
    """Nothing has told this process yet by which secret to name (ledgers.storage.naming)."""


def name_with(secret: bytes) -> None:
    """Name entries with this secret from now on, in this process."""
    global _secret
    _secret = secret


class Key(NamedTuple):
    """One way of naming an entry.

    The kind is "id" (an entity's own uuid), "id_no", "document", "uscc", "instance",
    "employer+title" or "local".
    """

    kind: str
    value: str  # normalised


def key_uuid(family: str, key: Key) -> UUID:
    """The key as a uuid: an entity's own uuid as it is, anything else by its keyed hash. Raises Unnamed.

    Because the hash is keyed, a dump of the database does not show which ID number a
    uuid stands for.
    """
    if key.kind == "id":
        return UUID(key.value)
    if _secret is None:
        raise Unnamed
    keyed = hmac.digest(_secret, b"identity\0" + key.value.encode(), "sha256")
    return uuid5(_KEYS, f"{family}:{key.kind}:" + keyed.hex())


def owned_uuid(owner: str, discriminator: str) -> str:
    """The uuid of a row that belongs to an entry (a spell, a membership, a case)."""
    return str(uuid5(_OWNED, f"{owner}/{discriminator}"))
