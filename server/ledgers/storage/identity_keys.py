"""Which entry each identity key resolves to: (family, key) → entry, and what other offices know the entry by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from server.ledgers.storage.database import execute, query


class KeyRow(NamedTuple):
    """What is stored of a key."""

    entry: str
    identity: str = ""  # what every office knows the entry by
    office: str = ""  # whose key it is, when it has an identity


class _Resolution(NamedTuple):
    family: str
    key: str
    entry: str


def resolved_keys(keys: Iterable[str]) -> dict[tuple[str, str], str]:
    """(family, key) → entry, of those keys that resolve to one."""
    wanted = list(keys)
    if not wanted:
        return {}
    resolutions = query(
        "select family, key::text as key, entry::text as entry from ledgers_identitykey"
        " where key = any(%s::uuid[])",
        (wanted,),
        row=_Resolution,
    )
    return {(family, key): entry for family, key, entry in resolutions}


def keys_of_entries(entries: Iterable[str]) -> dict[tuple[str, str], KeyRow]:
    """(family, key) → its row, of every key of these entries."""
    wanted = list(entries)
    if not wanted:
        return {}
    return dict(
        query(
            "select family, key::text as key, entry::text as entry, identity, office"
            "  from ledgers_identitykey where entry = any(%s::uuid[])",
            (wanted,),
            row=_row_of_key,
        )
    )


def _row_of_key(*, family: str, key: str, **columns: str) -> tuple[tuple[str, str], KeyRow]:
    return (family, key), KeyRow(**columns)


def kept_keys(keys: Iterable[str]) -> dict[str, str]:
    """Key → an area of the office that keeps it, of the keys older than keys of offices (decision 0250)."""
    wanted = list(keys)
    if not wanted:
        return {}
    return dict(
        query(
            "select key::text as key, area_code as area from ledgers_keptkey"
            " where key = any(%s::uuid[])",
            (wanted,),
        )
    )


def write_identity_keys(
    entries: Mapping[tuple[str, str], KeyRow], unused: Iterable[tuple[str, str]]
) -> None:
    """Set the row of each (family, key), and delete the keys that no contribution has any more."""
    dropped = list(unused)
    if dropped:
        execute(
            "delete from ledgers_identitykey using unnest(%s::text[], %s::uuid[]) as unused (f, k)"
            " where family = unused.f and key = unused.k",
            ([family for family, _ in dropped], [key for _, key in dropped]),
        )
    if entries:
        execute(
            "insert into ledgers_identitykey (family, key, entry, identity, office)"
            " select * from unnest(%s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::text[])"
            " on conflict (family, key) do update set entry = excluded.entry,"
            " identity = excluded.identity, office = excluded.office",
            (
                [family for family, _ in entries],
                [key for _, key in entries],
                *map(list, zip(*entries.values(), strict=True)),
            ),
        )
