"""What cases need to know of stored visits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from server.ledgers.folding.derive.case_states import VisitFact
from server.ledgers.storage.database import query
from server.ledgers.storage.fragments import office_day


def visits_to_households(households: Iterable[str]) -> dict[str, list[VisitFact]]:
    """Household → its visits, those to one person left out."""
    wanted = list(households)
    visits: dict[str, list[VisitFact]] = defaultdict(list)
    if wanted:
        for household, visit in query(
            f"""
            select household_id::text as household, id::text as id,
                   {office_day("observed_at")} as day, outcome,
                   coalesce(services, '{{}}') as services, next_visit_on,
                   recorded_by_id as worker_id, source_submission_id as submission_id
              from ledgers_visit where household_id = any(%s::uuid[]) and person_id is null
            """,  # noqa: S608 a column
            (wanted,),
            row=_of_household,
        ):
            visits[household].append(visit)
    return visits


def _of_household(*, household: str, services: list[str], **columns: Any) -> tuple[str, VisitFact]:
    return household, VisitFact(services=tuple(services), **columns)
