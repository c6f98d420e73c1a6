"""What a household's members make of it: head, counts, what persons need to know of it, and its zero-employment state (rules.md, Zero-employment households). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from server.ledgers.definitions.codes import ABLE, Relation, Sex
from server.ledgers.definitions.vocabulary import (
    ExceptionKind,
    MembershipRole,
    PersonStatus,
    SpellKind,
)
from server.ledgers.folding.derive.ages import Purpose, is_working_age
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.derive.zero_employment import ZeroEmployment
from server.ledgers.folding.history import Step, Stored, Why, stored, value_on
from server.ledgers.folding.merge import Observation
from server.ledgers.folding.rosters import Membership
from server.ledgers.folding.row import Row, RowBuilder
from server.ledgers.folding.spells import kind_of

REMEMBERED = ("dibao_status", "poor_rural", "land_lost_share")
"""Columns of which a household's history keeps every value: persons' categories follow from them."""
_INCOME = "other_income"


@dataclass(frozen=True, slots=True)
class HouseholdFacts:
    """What persons and cases need to know of a household."""

    id: str
    area_code: str
    address: str | None
    has_dibao_no: bool
    zero_emp_state: str | None
    last_confirmed_on: date | None
    history: Mapping[str, Stored]  # column → its steps

    def on(self, name: str, day: date) -> Any:
        """What was known of a remembered column, or of the zero-employment state, on a day."""
        return value_on(self.history.get(name, ()), day)

    def days(self) -> Iterator[date]:
        """The days on which something of that changed."""
        for steps in self.history.values():
            yield from (date.fromisoformat(step[0]) for step in steps)


def facts_of(row: Row) -> HouseholdFacts:
    """The facts in a household's row."""
    parts = (row.get("address"), row.get("building"), row.get("room"))
    return HouseholdFacts(
        id=row["id"],
        area_code=row["area_code"],
        address="".join(part for part in parts if part) or None,
        has_dibao_no=row.get("dibao_no") is not None,
        zero_emp_state=row.get("zero_emp_state"),
        last_confirmed_on=row.get("last_confirmed_on"),
        history=row["history"],
    )


def derive_household(
    builder: RowBuilder,
    members: Sequence[tuple[Membership, Row]],
    observations: Mapping[str, Sequence[Observation]],
    as_of: date,
    rules: Rules,
) -> None:
    """Set head and counts, and remember what persons' categories follow from.

    `members` are the open memberships with their persons' rows, `observations` those of the
    household's columns.
    """
    living = [(member, person) for member, person in members if not _has_died(person)]
    _set_head(builder, living)
    _count_members(builder.row, living, as_of, rules)
    builder.row["history"] = {
        name: stored(verified_steps(observations[name]))
        for name in REMEMBERED
        if name in observations
    }


def set_zero_employment(builder: RowBuilder, course: ZeroEmployment, as_of: date) -> None:
    """Set the state of zero employment, its history and the day on which it may change by itself."""
    row = builder.row
    row["zero_emp_state"] = course.state
    if course.steps:
        row["history"]["zero_emp_state"] = stored(course.steps)
    row["refold_on"] = course.changes_on
    if row["last_confirmed_on"] > as_of:  # a phone's clock is ahead: fold again daily until then
        row["refold_on"] = as_of + timedelta(days=1)
    if course.mover is not None:
        builder.add_origin(course.mover, "zero_emp_state")
    for contribution in course.illegal:
        builder.raise_exception(ExceptionKind.ILLEGAL_MOVE, contribution, "zero_emp_state")


def incomes_of(observations: Mapping[str, Sequence[Observation]]) -> list[Step]:
    """Whether the household has income from business or investment, from day to day."""
    return verified_steps(observations.get(_INCOME, ()))


def verified_steps(observations: Sequence[Observation]) -> list[Step]:
    """How the value of a column with rule M2 went: a worse verified answer changes nothing."""
    steps: list[Step] = []
    level = -1
    for contribution, value in observations:
        if contribution.level < level:
            continue
        level = contribution.level
        if steps and steps[-1].value == value:
            continue
        if steps and steps[-1].day == contribution.day:
            steps.pop()
        why = Why.DECIDED if contribution.is_desk_act else Why.STATED
        steps.append(Step(contribution.day, value, contribution.id, why))
    return steps


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
    """Who lives here, and of them those of working age, employed, and able and willing.

    Who is only registered here is counted where they live, so that nobody counts twice.
    """
    area = row["area_code"]
    people = list(
        {
            person["id"]: person
            for member, person in living
            if member.role == MembershipRole.RESIDENT
        }.values()
    )
    of_working_age = [person for person in people if _works_age(person, area, as_of, rules)]
    row["n_members"] = len(people)
    row["n_working_age"] = len(of_working_age)
    row["n_employed"] = sum(_is_employed(person) for person in people)
    row["n_able_willing"] = sum(_is_able_and_willing(person) for person in of_working_age)


def _has_died(person: Row) -> bool:
    return bool(person.get("person_status") == PersonStatus.DECEASED)


def _is_employed(person: Row) -> bool:
    status: str | None = person.get("emp_status")
    return bool(status and kind_of(status) == SpellKind.EMPLOYED)


def _is_able_and_willing(person: Row) -> bool:
    return person.get("work_capacity") in ABLE and person.get("job_willing") is True


def _works_age(person: Row, area: str, as_of: date, rules: Rules) -> bool:
    birth = person.get("birth_date")
    if not birth:
        return False
    sex = person.get("sex") or Sex.UNKNOWN
    return is_working_age(date.fromisoformat(birth), sex, Purpose.STATISTICS, area, as_of, rules)
