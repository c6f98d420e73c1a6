"""Who belongs to a household, from the rosters of its surveys (L2 members, M3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.vocabulary import MembershipRole
from server.ledgers.identity.keys import owned_uuid

HUKOU, RESIDENT = MembershipRole.HUKOU, MembershipRole.RESIDENT
ROLES = {
    "1": (HUKOU, RESIDENT),
    "2": (RESIDENT,),
    "3": (HUKOU,),
    "4": (HUKOU,),
    "5": (HUKOU, RESIDENT),
}
"""Residence kind (RK) → the person's roles in the household surveyed."""


@dataclass(slots=True)
class Membership:
    """A person's place in a household for a time; the end is exclusive."""

    id: str
    household: str
    person: str
    role: str
    relation: str | None
    from_on: date
    to_on: date | None
    contribution: int


@dataclass(slots=True)
class Roster:
    """All lines of one submission for one household. A complete one says of everybody else that they left."""

    order: tuple
    day: date
    lines: dict[str, Contribution]  # person's entry → the line
    is_complete: bool


def roles_of(line: Contribution) -> tuple[str, ...]:
    """A line's roles; one whose residence kind was not asked lives here."""
    return ROLES.get(line.values.get("residence_kind", ""), (RESIDENT,))


def fold_members(
    household: str, rosters: Sequence[Roster], elsewhere: dict[str, list[Contribution]]
) -> list[Membership]:
    """The household's memberships, past and present.

    A membership ends at the first later complete roster without the person or without
    the role; living in another household's later roster ends living here.
    `elsewhere` holds each person's lines in other households' rosters.
    """
    rosters = sorted(rosters, key=lambda one: one.order)
    people = dict.fromkeys(person for roster in rosters for person in roster.lines)
    found: list[Membership] = []
    for person in people:
        for role in (HUKOU, RESIDENT):
            found.extend(_walk(household, person, role, rosters, elsewhere.get(person, ())))
    return found


def _walk(
    household: str,
    person: str,
    role: str,
    rosters: Sequence[Roster],
    elsewhere: Iterable[Contribution],
) -> list[Membership]:
    events = [
        (roster.order, roster.day, line)
        for roster in rosters
        if (line := roster.lines.get(person)) is not None or roster.is_complete
    ]
    if role == RESIDENT:
        events += [(line.order, line.day, None) for line in elsewhere if RESIDENT in roles_of(line)]
        events.sort(key=lambda event: event[0])
    found: list[Membership] = []
    current: Membership | None = None
    for _order, day, line in events:
        if line is not None and role in roles_of(line):
            if current is None:
                current = Membership(
                    id=owned_uuid(household, f"member/{person}/{role}/{day.isoformat()}"),
                    household=household,
                    person=person,
                    role=role,
                    relation=None,
                    from_on=day,
                    to_on=None,
                    contribution=line.id,
                )
                found.append(current)
            current.relation = line.values.get("relation", current.relation)
        elif current is not None:
            current.to_on = day
            if current.from_on == day:
                found.pop()
            current = None
    return found
