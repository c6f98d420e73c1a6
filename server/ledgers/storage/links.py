"""The links between offices: which entries share an identity, and what the desks' acts made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from server.ledgers.definitions.vocabulary import OF_LINKS, ActKind
from server.ledgers.identity.links import LinkAct
from server.ledgers.models import DeskAct
from server.ledgers.storage.database import dumps, execute, query, query_values

_LINK_KEYS: Final = ("id", "link", "family", "kind", "identity", "area_code", "other_office")
_LINK_VALUES: Final = (
    "entry",
    "other_entry",
    "state",
    "moved_to",
    "asked",
    "asked_by",
    "agreed_on",
    "awaits_us",
    "needs_county",
)


class KnownAt(NamedTuple):
    """An office's entry of an identity."""

    family: str
    identity: str
    office: str
    entry: str


def entries_of_identities(identities: Sequence[str]) -> list[KnownAt]:
    """The entries that offices have of these identities."""
    if not identities:
        return []
    return query(
        "select distinct family, identity, office, entry::text as entry from ledgers_identitykey"
        " where identity = any(%s::text[]) order by family, identity, office",
        (list(identities),),
        row=KnownAt,
    )


def linked_identities() -> list[str]:
    """The identities that several offices know, and those that a stored link has."""
    return query_values(
        "select identity from ledgers_identitykey where identity <> ''"
        " group by identity having count(distinct office) > 1"
        " union select identity from ledgers_entrylink"
    )


def put_links(identities: Sequence[str], rows: Sequence[dict[str, Any]], at: datetime) -> int:
    """Make the stored links of these identities the given ones; how many rows that changes."""
    changed = execute(
        "delete from ledgers_entrylink where identity = any(%s::text[]) and not id = any(%s::uuid[])",
        (list(identities), [row["id"] for row in rows]),
    )
    if not rows:
        return changed
    names = ", ".join((*_LINK_KEYS, *_LINK_VALUES))
    setting = ", ".join(f"{name} = excluded.{name}" for name in _LINK_VALUES)
    stored = ", ".join(f"stored.{name}" for name in _LINK_VALUES)
    incoming = ", ".join(f"excluded.{name}" for name in _LINK_VALUES)
    return changed + execute(
        f"""
        insert into ledgers_entrylink as stored ({names}, opened_at)
        select {names}, %s from json_populate_recordset(null::ledgers_entrylink, %s::json)
            on conflict (id) do update set {setting} where ({stored}) is distinct from ({incoming})
        """,  # noqa: S608 names of fields
        (at, dumps(rows)),
    )


def identities_of_links(links: Iterable[str]) -> list[str]:
    """The identities that these links are about, as far as the offices still know them."""
    return query_values(
        "select distinct identity from ledgers_entrylink where link = any(%s::uuid[])",
        (list(links),),
    )


def links_due(as_of: date) -> list[str]:
    """The links of moves to which silence has agreed by this day."""
    return query_values(
        "select distinct link::text from ledgers_entrylink where agreed_on <= %s order by 1",
        (as_of,),
    )


def acts_on_links(links: Iterable[str]) -> dict[str, list[LinkAct]]:
    """Link → the desk acts on it, undone ones included."""
    acts: dict[str, list[LinkAct]] = {}
    of_links = DeskAct.objects.filter(link__in=list(links), kind__in=OF_LINKS)
    for act in of_links.order_by("at", "pk"):
        details = act.value or {}
        acts.setdefault(str(act.link), []).append(
            LinkAct(
                id=act.pk,
                kind=act.kind,
                office=act.area_code,
                other_office=details["office"],
                at=act.at,
                entry=str(act.entry),
                other=str(act.other),
                user_id=act.user_id,
                needs_county=bool(details.get("needs_county")),
                undone_at=act.undone_at,
            )
        )
    return acts


def moves_confirmed(*, giving: str, receiving: str, since: datetime) -> int:
    """How many standing moves were confirmed since then out of the one office, or into the other."""
    moves = DeskAct.objects.filter(kind=ActKind.MOVE, undone_at=None, at__gte=since)
    return sum(
        area_code == receiving or (value or {}).get("office") == giving
        for area_code, value in moves.values_list("area_code", "value")
    )
