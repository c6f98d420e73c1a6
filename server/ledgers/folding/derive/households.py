"""What a household's members make of it: head, counts, and whether nobody works (rules.md, Zero-employment households). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from server.ledgers.definitions.codes import (
    ABLE,
    EmploymentStatus,
    HukouNature,
    Relation,
    Sex,
)
from server.ledgers.definitions.machines import ZERO_EMPLOYMENT
from server.ledgers.definitions.vocabulary import (
    MembershipRole,
    PersonStatus,
    SpellKind,
    ZeroEmploymentState,
)
from server.ledgers.folding.derive.ages import Purpose, is_working_age
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.merge import Observation
from server.ledgers.folding.rosters import Membership
from server.ledgers.folding.row import Row, RowBuilder, fold_state
from server.ledgers.folding.spells import kind_of

_OUTSIDE_WORKFORCE = frozenset(
    {
        EmploymentStatus.STUDENT,
        EmploymentStatus.RETIRED,
        EmploymentStatus.UNABLE,
        EmploymentStatus.MILITARY,
        EmploymentStatus.IN_CUSTODY,
    }
)
_RESOLVED_BY_A_JOB: Final = frozenset(
    {
        ZeroEmploymentState.APPLIED,
        ZeroEmploymentState.CHECKED,
        ZeroEmploymentState.CERTIFIED,
    }
)


@dataclass(frozen=True, slots=True)
class HouseholdFacts:
    """What persons and cases need to know of a household."""

    id: str
    area_code: str
    address: str | None
    dibao_status: str | None
    has_dibao_no: bool
    poor_rural: bool | None
    land_lost_share: str | None
    zero_emp_state: str | None
    last_confirmed_on: date | None


def facts_of(row: Row) -> HouseholdFacts:
    """The facts in a household's row."""
    parts = (row.get("address"), row.get("building"), row.get("room"))
    return HouseholdFacts(
        id=row["id"],
        area_code=row["area_code"],
        address="".join(part for part in parts if part) or None,
        dibao_status=row.get("dibao_status"),
        has_dibao_no=row.get("dibao_no") is not None,
        poor_rural=row.get("poor_rural"),
        land_lost_share=row.get("land_lost_share"),
        zero_emp_state=row.get("zero_emp_state"),
        last_confirmed_on=row.get("last_confirmed_on"),
    )


def derive_household(
    builder: RowBuilder,
    members: Sequence[tuple[Membership, Row]],
    staff_states: Sequence[Observation],
    as_of: date,
    rules: Rules,
) -> None:
    """Set head, counts and zero-employment state.

    `members` are the open memberships with their persons' rows, `staff_states` the
    zero-employment states that office staff set, in fold order.
    """
    living = [(member, person) for member, person in members if not _has_died(person)]
    _set_head(builder, living)
    _count_members(builder.row, living, as_of, rules)
    _fold_zero_employment(builder, living, staff_states, as_of, rules)


def _set_head(builder: RowBuilder, living: Sequence[tuple[Membership, Row]]) -> None:
    """The head is who was last stated to be."""
    heads = [member for member, _ in living if member.relation == Relation.HEAD]
    if not heads:
        return
    head = max(heads, key=lambda member: (member.from_on, member.person))
    builder.row["head_person_id"] = head.person
    builder.origins.setdefault(head.contribution, []).append("head_person")


def _count_members(
    row: Row, living: Sequence[tuple[Membership, Row]], as_of: date, rules: Rules
) -> None:
    """Residents, and of everybody who lives or is registered here: of working age, employed, able and willing."""
    area = row["area_code"]
    people = list({person["id"]: person for _, person in living}.values())
    of_working_age = [
        person for person in people if _works_age(person, Purpose.STATISTICS, area, as_of, rules)
    ]
    row["n_members"] = len(
        {member.person for member, _ in living if member.role == MembershipRole.RESIDENT}
    )
    row["n_working_age"] = len(of_working_age)
    row["n_employed"] = sum(_is_employed(person) for person in people)
    row["n_able_willing"] = sum(_is_able_and_willing(person) for person in of_working_age)


def _fold_zero_employment(
    builder: RowBuilder,
    living: Sequence[tuple[Membership, Row]],
    staff_states: Sequence[Observation],
    as_of: date,
    rules: Rules,
) -> None:
    """Run the states of zero employment.

    A household in which nobody works is suspected until office staff decide; one that
    they have taken up is helped once somebody works.
    """
    row = builder.row
    registered = [person for member, person in living if member.role == MembershipRole.HUKOU]
    nobody_works = is_without_employment(row, registered, as_of, rules)
    start = ZeroEmploymentState.SUSPECTED if nobody_works else ZeroEmploymentState.NO
    run = fold_state(builder, "zero_emp_state", ZERO_EMPLOYMENT, staff_states, start=start)
    is_resolved = run.state in _RESOLVED_BY_A_JOB and not nobody_works
    row["zero_emp_state"] = ZeroEmploymentState.HELPED if is_resolved else run.state


def is_rural(people: Sequence[Row]) -> bool:
    """Whether everybody whose hukou is known has a rural one, and somebody's is known."""
    natures = {person.get("hukou_type") for person in people} - {None}
    return natures == {HukouNature.RURAL}


def is_without_employment(row: Row, registered: Sequence[Row], as_of: date, rules: Rules) -> bool:
    """Whether somebody registered in the household could and would work, and nobody does.

    In a rural household farming one's own land does not count as a job. Business or
    investment income clears the household; unknown income does not
    (rules.md, Zero-employment households).
    """
    if row.get("other_income"):
        return False
    farming_counts = not is_rural(registered)
    workforce = [
        person
        for person in registered
        if _is_in_workforce(person)
        and _works_age(person, Purpose.ZERO_EMPLOYMENT, row["area_code"], as_of, rules)
    ]
    return bool(workforce) and not any(
        _is_employed(person)
        and (farming_counts or person["emp_status"] != EmploymentStatus.FARMING)
        for person in workforce
    )


def _is_in_workforce(person: Row) -> bool:
    if person.get("emp_status") in _OUTSIDE_WORKFORCE:
        return False
    return _is_employed(person) or _is_able_and_willing(person)


def _has_died(person: Row) -> bool:
    return bool(person.get("person_status") == PersonStatus.DECEASED)


def _is_employed(person: Row) -> bool:
    status: str | None = person.get("emp_status")
    return bool(status and kind_of(status) == SpellKind.EMPLOYED)


def _is_able_and_willing(person: Row) -> bool:
    return person.get("work_capacity") in ABLE and person.get("job_willing") is True


def _works_age(person: Row, purpose: Purpose, area: str, as_of: date, rules: Rules) -> bool:
    birth = person.get("birth_date")
    if not birth:
        return False
    return is_working_age(
        date.fromisoformat(birth), person.get("sex") or Sex.UNKNOWN, purpose, area, as_of, rules
    )
