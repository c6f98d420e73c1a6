"""How deep combined keys may go: a record known by a combination may be an owner in another's combination, and no further. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Linked(Protocol):
    """A kind of record: its keys, and the places of the kinds that it links to."""

    @property
    def keys(self) -> Sequence[str]:
        """As the ledgers sheet writes them."""

    @property
    def links(self) -> Mapping[str, int]:
        """Link → place among all kinds."""


def is_too_deep(key: str, kind: Linked, kinds: Sequence[Linked]) -> bool:
    """Whether a combined key would be made of combinations of combinations, or of itself."""
    owners = [kinds[index] for name, index in kind.links.items() if name in key.split("+")]
    return any(_owners(further, kinds) for owner in owners for further in _owners(owner, kinds))


def _owners(kind: Linked, kinds: Sequence[Linked]) -> list[Linked]:
    """The kinds whose keys stand in the combined keys of this one."""
    names = {part for key in kind.keys if "+" in key for part in key.split("+")}
    return [kinds[index] for name, index in kind.links.items() if name in names]
