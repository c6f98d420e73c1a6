"""Reading and writing contributions, many in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from server.core.sealed_fields import opened_json, sealed_json
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.vocabulary import LINKS_OF_ACTS
from server.ledgers.models import ContributionRow
from server.ledgers.storage.database import dumps, execute, query, query_values
from server.ledgers.storage.resealing import is_rotating, with_current_key

_PURPOSE = "ledgers_contribution.values"
_SELECT = """
    select id, family, entry::text as entry, keys::text[] as keys, submission_id, form_version_id,
           path, observed_at, received_at, instance_id, worker_id, level, area_code,
           "values", links::text as links, flags,
           identities::text as identities, corrected::text as corrected
      from ledgers_contribution
"""


_EMPTY = "{}"


def _loaded(text: str) -> dict[str, Any]:
    """A stored object; most are empty."""
    loaded: dict[str, Any] = {} if text == _EMPTY else json.loads(text)
    return loaded


@dataclass(slots=True)
class ReceiptSpan:
    """When the contributions of an entry were received."""

    first_at: datetime
    last_at: datetime
    first_worker_id: int


def contributions_of_entries(entries: Iterable[str]) -> list[Contribution]:
    """Every contribution of these entries."""
    return _contributions("entry = any(%s::uuid[])", list(entries))


def contributions_of_submissions(
    submissions: Iterable[int], *, families: Iterable[str] = ()
) -> list[Contribution]:
    """Every contribution of these submissions, or those of some families."""
    wanted = list(dict.fromkeys(families))
    if not wanted:
        return _contributions("submission_id = any(%s::bigint[])", list(submissions))
    return _contributions(
        "submission_id = any(%s::bigint[]) and family = any(%s::text[])", list(submissions), wanted
    )


def contributions_with_ids(ids: Iterable[int]) -> list[Contribution]:
    """The contributions with these ids, as far as they exist."""
    return _contributions("id = any(%s::bigint[])", list(ids))


def desk_acts_naming(
    *, entries: Iterable[str] = (), keys: Iterable[str] = ()
) -> list[Contribution]:
    """The contributions of desk acts whose links name these entries, under any of their keys, or these keys."""
    named = list(keys)
    if wanted := list(entries):
        named += query_values(
            "select key::text from ledgers_identitykey where entry = any(%s::uuid[])", (wanted,)
        )
    conditions = " or ".join(f"links ->> '{link}' = any(%s::text[])" for link in LINKS_OF_ACTS)
    more = (named,) * (len(LINKS_OF_ACTS) - 1)
    return _contributions(f"submission_id is null and ({conditions})", named, *more)


def _contributions(where: str, wanted: list[Any], *more: Any) -> list[Contribution]:
    if not wanted:
        return []
    read = query(f"{_SELECT} where {where}", (wanted, *more), row=_contribution)
    if is_rotating():
        for contribution in read:
            contribution.values = with_current_key(contribution.values)
    return read


def _contribution(
    *,
    keys: list[str],
    values: bytes,
    links: str,
    flags: list[str],
    identities: str,
    corrected: str,
    **columns: Any,
) -> Contribution:
    return Contribution(
        keys=tuple(keys),
        values=opened_json(values, _PURPOSE),
        links=_loaded(links),
        identities=_loaded(identities),
        corrected=_loaded(corrected),
        flags=tuple(flags),
        **columns,
    )


def receipt_spans(entries: Iterable[str]) -> dict[str, ReceiptSpan]:
    """Entry → when its first and last contribution were received, for those that have any."""
    return dict(
        query(
            "select entry::text as entry, min(received_at) as first_at, max(received_at) as last_at,"
            "       (array_agg(worker_id order by received_at, id))[1] as first_worker_id"
            "  from ledgers_contribution where entry = any(%s::uuid[]) group by entry",
            (list(entries),),
            row=_span_of_entry,
        )
    )


def _span_of_entry(*, entry: str, **columns: Any) -> tuple[str, ReceiptSpan]:
    return entry, ReceiptSpan(**columns)


def insert_contributions(contributions: Iterable[Contribution]) -> None:
    """Store new contributions."""
    rows = [
        {
            **{name: getattr(contribution, name) for name in Contribution.__slots__},
            "values": "\\x" + sealed_json(contribution.values, _PURPOSE).hex(),
        }
        for contribution in contributions
    ]
    if rows:
        names = _column_names(ContributionRow)
        execute(
            f"insert into ledgers_contribution ({names}) select {names}"  # noqa: S608 names of fields
            " from json_populate_recordset(null::ledgers_contribution, %s::json)",
            (dumps(rows),),
        )


def delete_contributions(ids: Iterable[int]) -> None:
    """Delete the contributions with these ids."""
    wanted = list(ids)
    if wanted:
        execute("delete from ledgers_contribution where id = any(%s::bigint[])", (wanted,))


def note_withdrawn_keys(removed: Iterable[Contribution]) -> None:
    """Note by which keys submissions were in the ledgers that are taken out."""
    named = {
        (key, item.submission_id)
        for item in removed
        if item.submission_id is not None
        for key in item.keys
    }
    if named:
        execute(
            "insert into ledgers_withdrawnkey (key, submission_id)"
            " select * from unnest(%s::uuid[], %s::bigint[]) on conflict do nothing",
            ([key for key, _ in named], [submission for _, submission in named]),
        )


def move_contributions(entries: Mapping[int, str]) -> None:
    """Give contributions another entry; `entries` is contribution id → entry."""
    if entries:
        execute(
            "update ledgers_contribution set entry = moved.entry"
            " from unnest(%s::bigint[], %s::uuid[]) as moved (id, entry)"
            " where ledgers_contribution.id = moved.id",
            (list(entries), list(entries.values())),
        )


def _column_names(model: type[models.Model]) -> str:
    return ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
