"""What is read and kept of household rows beside the fold."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from server.core.sealed_fields import opened_json
from server.ledgers.folding.derive.households import HouseholdFacts
from server.ledgers.storage.database import execute, query
from server.ledgers.storage.fragments import open_case


def household_facts(households: Iterable[str]) -> dict[str, HouseholdFacts]:
    """Household → what folding its members needs to know of it, read from its stored row."""
    wanted = list(households)
    if not wanted:
        return {}
    facts = query(
        "select id::text as id, area_code,"
        "       address, building, room, whole_texts,"
        "       dibao_no is not null as has_dibao_no, zero_emp_state, last_confirmed_on,"
        "       history::text as history"
        "  from ledgers_household where id = any(%s::uuid[])",
        (wanted,),
        row=_facts,
    )
    return {household.id: household for household in facts}


def _facts(
    *,
    history: str,
    address: str | None,
    building: str | None,
    room: str | None,
    whole_texts: bytes | None,
    **columns: Any,
) -> HouseholdFacts:
    texts = {"address": address, "building": building, "room": room}
    if whole_texts is not None:
        whole = opened_json(whole_texts, "ledgers_household.whole_texts")
        texts = {name: whole.get(name, text) for name, text in texts.items()}
    return HouseholdFacts(
        history=json.loads(history),
        address="".join(text for text in texts.values() if text) or None,
        **columns,
    )


def update_assisted_categories(households: Iterable[str]) -> None:
    """Set the categories of the open cases of these households and their residents: what the map shows.

    A household whose categories change counts its row_version on.
    """
    wanted = list(households)
    if not wanted:
        return
    execute(
        f"""
        with assisted as (
            select house.id, array(
                select distinct unnest(open_case.category) from (
                    select category from ledgers_assistancecase
                     where subject_household_id = house.id and {open_case("ledgers_assistancecase")}
                    union all
                    select category from ledgers_assistancecase
                     where {open_case("ledgers_assistancecase")} and subject_person_id in (
                           select id from ledgers_person where household_id = house.id)
                ) open_case order by 1)::varchar(10)[] as categories
              from ledgers_household house where house.id = any(%s::uuid[])
        )
        update ledgers_household house
           set assisted_categories = assisted.categories, row_version = row_version + 1
          from assisted
         where assisted.id = house.id and house.assisted_categories <> assisted.categories
        """,  # noqa: S608 a member of an enum
        (wanted,),
    )


class _Count(NamedTuple):
    area: str
    households: int


def count_households(areas: Iterable[str], at_most: int) -> dict[str, int]:
    """Area prefix → how many households it has, counted no further than `at_most`."""
    counts = query(
        """
        select area, (select count(*) from (
                   select from ledgers_household house
                    where house.area_code >= area and house.area_code < area || '~'
                    limit %s) few) as households
          from unnest(%s::text[]) as area
        """,
        (at_most, sorted(set(areas))),
        row=_Count,
    )
    return dict(counts)
