"""Which entry each identity key resolves to: (family, key) → entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from server.ledgers.storage.database import execute, query


class _Resolution(NamedTuple):
    family: str
    key: str
    entry: str


def resolved_keys(keys: Iterable[str]) -> dict[tuple[str, str], str]:
    """(family, key) → entry, of those keys that resolve to one."""
    return _resolutions("key", keys)


def keys_of_entries(entries: Iterable[str]) -> dict[tuple[str, str], str]:
    """(family, key) → entry, of every key of these entries."""
    return _resolutions("entry", entries)


def _resolutions(column: str, uuids: Iterable[str]) -> dict[tuple[str, str], str]:
    wanted = list(uuids)
    if not wanted:
        return {}
    resolutions = query(
        "select family, key::text as key, entry::text as entry from ledgers_identitykey"  # noqa: S608 one of two
        f" where {column} = any(%s::uuid[])",
        (wanted,),
        row=_Resolution,
    )
    return {(family, key): entry for family, key, entry in resolutions}


def write_identity_keys(
    entries: Mapping[tuple[str, str], str], unused: Iterable[tuple[str, str]]
) -> None:
    """Set the entry of each (family, key), and delete the keys that no contribution has any more."""
    dropped = list(unused)
    if dropped:
        execute(
            "delete from ledgers_identitykey using unnest(%s::text[], %s::uuid[]) as unused (f, k)"
            " where family = unused.f and key = unused.k",
            ([family for family, _ in dropped], [key for _, key in dropped]),
        )
    if entries:
        execute(
            "insert into ledgers_identitykey (family, key, entry)"
            " select * from unnest(%s::text[], %s::uuid[], %s::uuid[])"
            " on conflict (family, key) do update set entry = excluded.entry",
            (
                [family for family, _ in entries],
                [key for _, key in entries],
                list(entries.values()),
            ),
        )
