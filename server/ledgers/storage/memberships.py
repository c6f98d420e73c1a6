"""Which persons belong to which households."""

from __future__ import annotations

from collections.abc import Iterable

from server.ledgers.folding.rosters import Membership
from server.ledgers.folding.row import Row
from server.ledgers.storage.database import query, query_values


def households_with_members(people: Iterable[str]) -> set[str]:
    """The households to which any of these persons belongs or has belonged."""
    return _linked("household_id", "person_id", people)


def members_of_households(households: Iterable[str]) -> set[str]:
    """The persons who belong or have belonged to any of these households."""
    return _linked("person_id", "household_id", households)


def _linked(wanted: str, by: str, entries: Iterable[str]) -> set[str]:
    uuids = list(entries)
    if not uuids:
        return set()
    return set(
        query_values(
            f"select distinct {wanted}::text from ledgers_membership where {by} = any(%s::uuid[])",  # noqa: S608 names of columns
            (uuids,),
        )
    )


def memberships_elsewhere(people: Iterable[str], households: Iterable[str]) -> list[Membership]:
    """The memberships of these persons in other households than these."""
    wanted = list(people)
    if not wanted:
        return []
    return query(
        "select id::text as id, household_id::text as household, person_id::text as person,"
        "       role, relation, from_on, to_on, contribution from ledgers_membership"
        " where person_id = any(%s::uuid[]) and not household_id = any(%s::uuid[])",
        (wanted, list(households)),
        row=Membership,
    )


def membership_rows(memberships: Iterable[Membership]) -> list[Row]:
    """Folded memberships as rows of their table."""
    return [
        {
            "id": membership.id,
            "household_id": membership.household,
            "person_id": membership.person,
            "role": membership.role,
            "relation": membership.relation,
            "from_on": membership.from_on,
            "to_on": membership.to_on,
            "contribution": membership.contribution,
        }
        for membership in memberships
    ]
