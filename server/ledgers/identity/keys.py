"""The keys by which records name an entry, and their uuids (fold.md, Identity). Pure.

A key is a uuid. An entry is a connected component of keys over the live contributions,
named by the first key of its earliest contribution, so that the name depends on what
was observed and not on the order of arrival (decision 0050). What a person or an employer is
known by everywhere is one identity, and another key at each office (decision 0250).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID, uuid5

_KEYS = UUID("3f1d1c56-6b3f-5b0e-9a55-1f0d6f2a7c11")
_OWNED = UUID("8d0d2f0c-52a4-5c39-8a0f-6a1f5f5b9e02")
_OFFICES = UUID("b7b0a0a5-0a0e-5d0c-9b43-5f5f1b0f8c77")

_secret: bytes | None = None

STREET_DIGITS: Final = 9
"""Leading digits of a division code that name its street."""

IDENTITIES: Final = frozenset({"id_no", "document", "uscc"})
"""Kinds of key that are made of what a person or an employer is known by everywhere."""
RECOGNISED: Final = IDENTITIES | {"org_code", "employer+title"}
"""These, the old code within a credit code, and the kind made of such a key: another uuid at each office, so that no office's record reaches another's entry."""


class Unnamed(Exception):
    """Nothing has told this process yet by which secret to name (ledgers.storage.naming)."""


def name_with(secret: bytes) -> None:
    """Name entries with this secret from now on, in this process."""
    global _secret
    _secret = secret


class Key(NamedTuple):
    """One way of naming an entry.

    The kind is "id" (an entity's own uuid), "id_no", "document", "uscc", "org_code",
    "instance", "local", or a combination such as "employer+title". A combined key holds the family and
    a key of each entry that its record links to.
    """

    kind: str
    value: str  # normalised
    owners: tuple[tuple[str, Key], ...] = ()

    @property
    def is_recognised(self) -> bool:
        """Whether it is made of what somebody is known by everywhere: another uuid at each office."""
        return self.kind in RECOGNISED or any(key.is_recognised for _family, key in self.owners)


@dataclass(frozen=True, slots=True)
class Offices:
    """Which office keeps an area's ledger, and which keys an office had before offices had keys of their own."""

    digits_of: Callable[[str], int] = field(default=lambda _area: STREET_DIGITS)
    """Division code → how many of its leading digits name the office that keeps the ledger."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Shared uuid of a key → an area of the office whose key it stays (decision 0250)."""
    code_now: Callable[[str], str] = field(default=lambda code: code)
    """Division code → the code of that division today (decision 0358)."""

    def office_of(self, area: str) -> str:
        """The office that keeps the ledger of an area; an area that is wider than any office stands for itself."""
        return area[: self.digits_of(area)]


def shared_uuid(family: str, key: Key) -> UUID:
    """The key as a uuid, the same at every office: an entity's own uuid as it is, anything else by its keyed hash. Raises Unnamed.

    Because the hash is keyed, a dump of the database does not show which ID number a
    uuid stands for.
    """
    if key.kind == "id":
        return UUID(key.value)
    return _hashed(family, key, [shared_uuid(*owner) for owner in key.owners])


def key_uuid(family: str, key: Key, area: str, offices: Offices) -> UUID:
    """The key as the uuid that it has at the office of an area; only kinds of RECOGNISED differ between offices."""
    shared = shared_uuid(family, key)
    if key.kind in RECOGNISED:
        office, kept = offices.office_of(area), offices.kept.get(str(shared))
        if kept is not None and offices.office_of(kept) == office:
            return shared
        if key.owners:
            shared = _hashed(family, key, _owners(key, area, offices))
        return uuid5(_OFFICES, f"{shared}/{office}")
    if key.owners:
        return _hashed(family, key, _owners(key, area, offices))
    return shared


def _owners(key: Key, area: str, offices: Offices) -> list[UUID]:
    return [key_uuid(*owner, area, offices) for owner in key.owners]


def _hashed(family: str, key: Key, owners: Iterable[UUID]) -> UUID:
    if _secret is None:
        raise Unnamed
    value = "|".join((*map(str, owners), key.value))
    keyed = hmac.digest(_secret, b"identity\0" + value.encode(), "sha256")
    return uuid5(_KEYS, f"{family}:{key.kind}:" + keyed.hex())


def identity_of(family: str, key: Key) -> str:
    """What the offices that know the entry have in common, "kind:uuid"; "" when the key names nobody everywhere."""
    return f"{key.kind}:{shared_uuid(family, key)}" if key.kind in IDENTITIES else ""


def owned_uuid(owner: str, discriminator: str) -> str:
    """The uuid of a row that belongs to an entry (a spell, a membership, a case)."""
    return str(uuid5(_OWNED, f"{owner}/{discriminator}"))
