"""Which keys belong together: an entry is a connected component of keys. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from server.ledgers.definitions.contribution import Contribution


def components(said: Iterable[Contribution]) -> dict[tuple[str, str], str]:
    """(family, key) → the entry it belongs to, for every key of the contributions.

    The contributions must be closed: every contribution of every entry concerned.
    """
    parents: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while (parent := parents[node]) != node:
            parents[node] = parent = parents[parent]
            node = parent
        return node

    ordered: Sequence[Contribution] = sorted(said, key=lambda one: one.order)
    for one in ordered:
        first = (one.family, one.keys[0])
        parents.setdefault(first, first)
        for key in one.keys[1:]:
            node = (one.family, key)
            parents.setdefault(node, node)
            parents[root(node)] = root(first)
    names: dict[tuple[str, str], str] = {}
    for one in ordered:
        names.setdefault(root((one.family, one.keys[0])), one.keys[0])
    return {node: names[root(node)] for node in parents}
