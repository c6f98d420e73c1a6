"""What a household's members make of it: head, counts, and whether nobody works (domain §4 zero_emp_hh)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from server.ledgers.definitions.machines import ZERO_EMPLOYMENT
from server.ledgers.definitions.vocabulary import (
    ExceptionKind,
    PersonStatus,
    ZeroEmploymentState,
)
from server.ledgers.folding.derive.ages import is_working_age
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.merge import Observation, run_machine
from server.ledgers.folding.rosters import HUKOU, RESIDENT, Membership
from server.ledgers.folding.row import Row, RowBuilder

_RURAL_HUKOU = "20"
_FARMING = "14"
_NOT_COUNTED = frozenset({"30", "31", "33", "34", "35"})  # in school, retired, unable, serving
_ASSISTED = frozenset(
    {ZeroEmploymentState.APPLIED, ZeroEmploymentState.CHECKED, ZeroEmploymentState.CERTIFIED}
)
_ABLE = frozenset({"1", "2"})
HEAD = "0"


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
    parts = (row.get("address"), row.get("building"), row.get("room"))
    confirmed = row.get("last_confirmed_on")
    return HouseholdFacts(
        id=row["id"],
        area_code=row["area_code"],
        address="".join(part for part in parts if part) or None,
        dibao_status=row.get("dibao_status"),
        has_dibao_no=row.get("dibao_no") is not None,
        poor_rural=row.get("poor_rural"),
        land_lost_share=row.get("land_lost_share"),
        zero_emp_state=row.get("zero_emp_state"),
        last_confirmed_on=confirmed,
    )


def derive_household(
    fold: RowBuilder,
    members: Sequence[tuple[Membership, Row]],
    desk_states: Sequence[Observation],
    as_of: date,
    rules: Rules,
) -> None:
    """Set head, counts and zero-employment state. `members` are the open memberships with their persons' rows."""
    row, area = fold.row, fold.row["area_code"]
    people = {person["id"]: person for _, person in members if not _is_gone(person)}
    heads = [one for one, person in members if one.relation == HEAD and person["id"] in people]
    if heads:
        head = max(heads, key=lambda one: (one.from_on, one.person))
        row["head_person_id"] = head.person
        fold.origins.setdefault(head.contribution, []).append("head_person")
    living = list(people.values())
    row["n_members"] = len(
        {one.person for one, _ in members if one.role == RESIDENT and one.person in people}
    )
    row["n_working_age"] = sum(_works_age(person, "stat", area, as_of, rules) for person in living)
    row["n_employed"] = sum(_is_employed(person) for person in living)
    row["n_able_willing"] = sum(
        _is_able_and_willing(person) and _works_age(person, "stat", area, as_of, rules)
        for person in living
    )
    registered = {one.person for one, _ in members if one.role == HUKOU}
    suspected = _nobody_works(
        row,
        [person for person in living if person["id"] in registered],
        area,
        as_of,
        rules,
    )
    state, mover, illegal = run_machine(
        ZERO_EMPLOYMENT,
        desk_states,
        start=ZeroEmploymentState.SUSPECTED if suspected else ZeroEmploymentState.NO,
    )
    if mover is not None:
        fold.origins.setdefault(mover.id, []).append("zero_emp_state")
        if state in _ASSISTED and not suspected:
            state = ZeroEmploymentState.HELPED
    for one in illegal:
        fold.raise_exception(ExceptionKind.ILLEGAL_MOVE, one, "zero_emp_state")
    row["zero_emp_state"] = state


def is_rural(people: Sequence[Row]) -> bool:
    """Whether everybody registered here has a rural hukou."""
    kinds = {person.get("hukou_type") for person in people} - {None}
    return kinds == {_RURAL_HUKOU}


def _nobody_works(
    row: Row, registered: Sequence[Row], area: str, as_of: date, rules: Rules
) -> bool:
    """Somebody registered here could and would work, and nobody does (farming one's own land is no job here).

    Only suspected: certification is a person's act. Unknown income of other kinds does
    not clear a household.
    """
    if row.get("other_income"):
        return False
    farming_counts = not is_rural(registered)
    workforce = [
        person
        for person in registered
        if (person.get("emp_status") or "39") not in _NOT_COUNTED
        and _works_age(person, "zero_emp", area, as_of, rules)
        and (_is_employed(person) or _is_able_and_willing(person))
    ]
    return bool(workforce) and not any(
        _is_employed(person) and (farming_counts or person["emp_status"] != _FARMING)
        for person in workforce
    )


def _is_gone(person: Row) -> bool:
    return bool(person.get("person_status") == PersonStatus.DECEASED)


def _is_employed(person: Row) -> bool:
    return (person.get("emp_status") or "").startswith("1")


def _is_able_and_willing(person: Row) -> bool:
    return person.get("work_capacity") in _ABLE and person.get("job_willing") is True


def _works_age(person: Row, purpose: str, area: str, as_of: date, rules: Rules) -> bool:
    birth: Any = person.get("birth_date")
    if not birth:
        return False
    return is_working_age(
        date.fromisoformat(birth), person.get("sex") or "0", purpose, area, as_of, rules
    )
