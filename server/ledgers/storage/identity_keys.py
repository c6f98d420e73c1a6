"""Where identity keys lead: (family, key) → entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from server.ledgers.storage.database import query


def resolved_keys(keys: Iterable[str]) -> dict[tuple[str, str], str]:
    """(family, key) → entry of the keys that live."""
    return _identity("key", keys)


def keys_of_entries(entries: Iterable[str]) -> dict[tuple[str, str], str]:
    """(family, key) → entry of every key of these entries."""
    return _identity("entry", entries)


def _identity(column: str, wanted: Iterable[str]) -> dict[tuple[str, str], str]:
    uuids = list(wanted)
    if not uuids:
        return {}
    rows = query(
        "select family, key::text, entry::text from ledgers_identitykey"  # noqa: S608 one of two
        f" where {column} = any(%s::uuid[])",
        (uuids,),
    )
    return {(family, key): entry for family, key, entry in rows}


def write_identity(put: Mapping[tuple[str, str], str], gone: Iterable[tuple[str, str]]) -> None:
    """Set where keys lead and drop keys nobody uses."""
    dropped = list(gone)
    if dropped:
        query(
            "delete from ledgers_identitykey using unnest(%s::text[], %s::uuid[]) as gone (f, k)"
            " where family = gone.f and key = gone.k",
            ([family for family, _ in dropped], [key for _, key in dropped]),
        )
    if put:
        query(
            "insert into ledgers_identitykey (family, key, entry)"
            " select * from unnest(%s::text[], %s::uuid[], %s::uuid[])"
            " on conflict (family, key) do update set entry = excluded.entry",
            ([family for family, _ in put], [key for _, key in put], list(put.values())),
        )
