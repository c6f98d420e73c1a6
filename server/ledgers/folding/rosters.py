"""Who belongs to a household, from the rosters of its surveys (L2, M3). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from server.ledgers.definitions.codes import ResidenceKind
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.vocabulary import MembershipRole, PersonStatus
from server.ledgers.identity.keys import owned_uuid

_ROLES: Mapping[str, tuple[MembershipRole, ...]] = {
    ResidenceKind.LIVES_AT_HUKOU: (MembershipRole.HUKOU, MembershipRole.RESIDENT),
    ResidenceKind.LIVES_HERE_ONLY: (MembershipRole.RESIDENT,),
    ResidenceKind.HUKOU_HERE_ONLY: (MembershipRole.HUKOU,),
    ResidenceKind.HUKOU_WITHOUT_TIE: (MembershipRole.HUKOU,),
    ResidenceKind.COLLECTIVE: (MembershipRole.HUKOU, MembershipRole.RESIDENT),
}
"""Residence kind (RK) → the person's roles in the household surveyed."""

MOVED_AWAY = "moved_away"
"""Value of a contribution by which a person has left every household of the office (decision 0251)."""


Order = tuple[datetime, datetime, str, int]
"""A contribution's place in the fold (Contribution.order)."""


def left_every_household(contribution: Contribution) -> bool:
    """Whether the contribution says, outside any roster, that the person has left every household here."""
    return MOVED_AWAY in contribution.values or (
        contribution.values.get("person_status") == PersonStatus.MOVED_OUT
        and "member_of" not in contribution.links
    )


@dataclass(slots=True)
class Membership:
    """A person's place in a household for a time; the end is exclusive."""

    id: str
    household: str
    person: str
    role: str  # MembershipRole
    relation: str | None  # to the head (REL)
    from_on: date
    to_on: date | None
    contribution: int  # the line that began it

    def holds_on(self, day: date) -> bool:
        """Whether the person belonged to the household in this role on a day."""
        return self.from_on <= day and (self.to_on is None or day < self.to_on)


@dataclass(slots=True)
class Roster:
    """All lines of one submission for one household. Who is missing from a complete roster has left."""

    order: Order
    day: date
    lines: dict[str, Contribution]  # person's entry → the line
    is_complete: bool


def roles_of(line: Contribution) -> tuple[MembershipRole, ...]:
    """A line's roles; without a residence kind the person lives in the household."""
    return _ROLES.get(line.values.get("residence_kind", ""), (MembershipRole.RESIDENT,))


def fold_members(
    household: str,
    rosters: Sequence[Roster],
    lines_elsewhere: Mapping[str, Sequence[Contribution]],
) -> list[Membership]:
    """The household's memberships, past and present (rules.md, Identity of households).

    A membership ends at the first later complete roster without the person or without
    the role. Living in another household by a later roster ends living here, and moving to
    moving away ends every membership. `lines_elsewhere` holds each person's lines in other
    households' rosters and such moves.
    """
    in_order = sorted(rosters, key=lambda roster: roster.order)
    people = dict.fromkeys(person for roster in in_order for person in roster.lines)
    return [
        membership
        for person in people
        for role in MembershipRole
        for membership in _memberships_of(
            household, person, role, in_order, lines_elsewhere.get(person, ())
        )
    ]


def _memberships_of(
    household: str,
    person: str,
    role: MembershipRole,
    rosters: Sequence[Roster],
    lines_elsewhere: Iterable[Contribution],
) -> list[Membership]:
    """One person's memberships in one role, oldest first; one that ends on its first day is dropped."""
    memberships: list[Membership] = []
    current: Membership | None = None
    for _order, day, line in _events_of(person, role, rosters, lines_elsewhere):
        if line is not None and role in roles_of(line):
            if current is None:
                current = _begin(household, person, role, day, line)
                memberships.append(current)
            current.relation = line.values.get("relation", current.relation)
        elif current is not None:
            current.to_on = day
            if current.from_on == day:
                memberships.pop()
            current = None
    return memberships


def _events_of(
    person: str,
    role: MembershipRole,
    rosters: Sequence[Roster],
    lines_elsewhere: Iterable[Contribution],
) -> list[tuple[Order, date, Contribution | None]]:
    """What may begin or end a membership, in order: the person's line, or None for being elsewhere or missing."""
    events: list[tuple[Order, date, Contribution | None]] = [
        (roster.order, roster.day, line)
        for roster in rosters
        if (line := roster.lines.get(person)) is not None or roster.is_complete
    ]
    events += [
        (line.order, line.day, None)
        for line in lines_elsewhere
        if left_every_household(line)
        or (role == MembershipRole.RESIDENT and MembershipRole.RESIDENT in roles_of(line))
    ]
    events.sort(key=lambda event: event[0])
    return events


def _begin(
    household: str, person: str, role: MembershipRole, day: date, line: Contribution
) -> Membership:
    return Membership(
        id=owned_uuid(household, f"member/{person}/{role}/{day.isoformat()}"),
        household=household,
        person=person,
        role=role,
        relation=None,
        from_on=day,
        to_on=None,
        contribution=line.id,
    )
