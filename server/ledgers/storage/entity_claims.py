"""What forms claimed of list entries, and how it was judged on arrival (table ledgers_entityclaim, decision 0151)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict

from server.ledgers.storage.database import dumps, execute, query, query_values


class ClaimRow(TypedDict):
    """A judged claim, as it is stored."""

    version_id: int  # of the submission version
    ordinal: int  # in the document, from 0
    submission_id: int
    list: str
    entity: str | None
    branch_id: str
    base_version: int | None
    trunk_version: int | None
    made_version: int | None  # the entity version that the claim's submission made
    verdict: str
    columns: list[str]


@dataclass(slots=True)
class MadeVersion:
    """An entity version that the submission of an earlier claim made."""

    list: str
    entity: str
    branch_id: str
    submission_id: int
    made_version: int
    is_creation: bool


def judged_versions(versions: Iterable[int]) -> set[int]:
    """Those of the submission versions whose claims were judged before."""
    return set(
        query_values(
            "select distinct version_id from ledgers_entityclaim where version_id = any(%s::bigint[])",
            (list(versions),),
        )
    )


def made_versions(entities: Iterable[str]) -> list[MadeVersion]:
    """The versions of these entities that claims made."""
    return query(
        "select list, entity::text as entity, branch_id, submission_id, made_version,"
        "       branch_id = '' and base_version is null as is_creation"
        "  from ledgers_entityclaim where made_version is not null"
        "   and entity = any(%s::uuid[])",
        (list(entities),),
        row=MadeVersion,
    )


def insert_claims(claims: Sequence[ClaimRow]) -> None:
    """Store judged claims; one that is stored already stays as it is."""
    execute(
        "insert into ledgers_entityclaim"
        " select * from json_populate_recordset(null::ledgers_entityclaim, %s::json)"
        " on conflict do nothing",
        (dumps(claims),),
    )
