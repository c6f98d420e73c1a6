"""Reading and writing contributions, many in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.models import ContributionRow
from server.ledgers.storage.database import dumps, query

_CONTRIBUTION = """
    select id, family, entry::text, keys::text[], submission_id, form_version_id, path,
           observed_at, received_at, instance_id, worker_id, level, area_code,
           values::text, links::text, flags
      from ledgers_contribution
"""


def contributions_of_entries(entries: Iterable[str]) -> list[Contribution]:
    """Every contribution of these entries."""
    wanted = list(entries)
    return _said("where entry = any(%s::uuid[])", wanted) if wanted else []


def contributions_of_submissions(
    submissions: Iterable[int], *, family: str | None = None
) -> list[Contribution]:
    """Every contribution of these submissions, or those of one family."""
    wanted = list(submissions)
    if not wanted:
        return []
    where = "where submission_id = any(%s::bigint[])"
    return _said(f"{where} and family = '{family}'" if family else where, wanted)


def contributions_with_ids(ids: Iterable[int]) -> list[Contribution]:
    wanted = list(ids)
    return _said("where id = any(%s::bigint[])", wanted) if wanted else []


def _said(where: str, wanted: list[Any]) -> list[Contribution]:
    found = []
    for row in query(_CONTRIBUTION + where, (wanted,)):
        (id_, family, entry, keys, submission, version, path, observed, received) = row[:9]
        (instance, worker, level, area, values, links, flags) = row[9:]
        found.append(
            Contribution(
                id_,
                family,
                tuple(keys),
                submission,
                version,
                path,
                observed,
                received,
                instance,
                worker,
                level,
                area,
                json.loads(values),
                json.loads(links),
                tuple(flags),
                entry,
            )
        )
    return found


def insert_contributions(said: Iterable[Contribution]) -> None:
    rows = [{name: getattr(one, name) for name in Contribution.__slots__} for one in said]
    if rows:
        names = _names(ContributionRow)
        query(
            f"insert into ledgers_contribution ({names}) select {names}"  # noqa: S608 names of fields
            " from json_populate_recordset(null::ledgers_contribution, %s::json)",
            (dumps(rows),),
        )


def delete_contributions(ids: Iterable[int]) -> None:
    wanted = list(ids)
    if wanted:
        query("delete from ledgers_contribution where id = any(%s::bigint[])", (wanted,))


def move_contributions(entries: Mapping[int, str]) -> None:
    """Give contributions another entry."""
    if entries:
        query(
            "update ledgers_contribution set entry = moved.entry"
            " from unnest(%s::bigint[], %s::uuid[]) as moved (id, entry)"
            " where ledgers_contribution.id = moved.id",
            (list(entries), list(entries.values())),
        )


def _names(model: type[models.Model]) -> str:
    return ", ".join(f'"{one.column}"' for one in model._meta.concrete_fields)
