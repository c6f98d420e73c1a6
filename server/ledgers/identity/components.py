"""Which keys belong together: an entry is a connected component of keys (fold.md, Identity). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from server.ledgers.definitions.contribution import Contribution

KeyOfFamily = tuple[str, str]
"""(family, key uuid)."""


def components(contributions: Iterable[Contribution]) -> dict[KeyOfFamily, str]:
    """(family, key) → the entry it belongs to, for every key of the contributions.

    A contribution ties all its keys together. An entry is named by the first key of its
    earliest contribution. The contributions must be closed: they are all the
    contributions of every entry concerned.
    """
    parents: dict[KeyOfFamily, KeyOfFamily] = {}

    def root(node: KeyOfFamily) -> KeyOfFamily:
        while (parent := parents[node]) != node:
            parents[node] = parent = parents[parent]  # halve the path for the next look-up
            node = parent
        return node

    in_order = sorted(contributions, key=lambda contribution: contribution.order)
    for contribution in in_order:
        first = (contribution.family, contribution.keys[0])
        for key in contribution.keys:
            node = (contribution.family, key)
            parents.setdefault(node, node)
            parents[root(node)] = root(first)
    names: dict[KeyOfFamily, str] = {}
    for contribution in in_order:
        first_key = contribution.keys[0]
        names.setdefault(root((contribution.family, first_key)), first_key)
    return {node: names[root(node)] for node in parents}
