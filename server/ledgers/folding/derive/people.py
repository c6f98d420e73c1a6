"""A person's flags as of a day, and the next day on which one of them may change (rules.md, Assistance categories). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from server.core.clock import office_day
from server.ledgers.definitions.codes import (
    ABLE,
    SEEKING,
    EmploymentStatus,
    ResidenceKind,
    Sex,
)
from server.ledgers.definitions.conditions import Condition
from server.ledgers.definitions.vocabulary import IN_QUESTION, SpellKind
from server.ledgers.folding.derive.ages import (
    Purpose,
    add_months,
    ages_4050,
    is_working_age,
    turns,
    working_ages,
)
from server.ledgers.folding.derive.households import HouseholdFacts
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.row import Row
from server.ledgers.folding.spells import Spell

VETERAN_MONTHS = 6
"""Months without work after which a veteran is assisted (category B11)."""


def derive_person(
    row: Row,
    home: HouseholdFacts | None,
    registered_at: HouseholdFacts | None,
    spells: Sequence[Spell],
    as_of: date,
    rules: Rules,
) -> None:
    """Set household, areas, flags and `refold_on`.

    `home` is the household where the person lives (else is registered), `registered_at`
    the household of the hukou.
    """
    _set_areas(row, home, registered_at)
    row["in_zero_emp_hh"] = bool(registered_at and registered_at.zero_emp_state in IN_QUESTION)
    known = Known(row, spells, as_of, rules)
    for flag, conditions in FLAGS.items():
        row[flag] = all(is_met for _condition, is_met in conditions(known))
    row["refold_on"] = next_change(row, spells, as_of, rules)
    confirmed_on = [office_day(row["observed_at"])]
    confirmed_on += [
        household.last_confirmed_on
        for household in (home, registered_at)
        if household and household.last_confirmed_on
    ]
    if max(confirmed_on) > as_of:  # a phone's clock is ahead: fold again daily until then
        row["refold_on"] = as_of + timedelta(days=1)


def _set_areas(row: Row, home: HouseholdFacts | None, registered_at: HouseholdFacts | None) -> None:
    """The person belongs to the area of the home; areas that nobody stated follow from the households."""
    row["household_id"] = home.id if home else None
    if home is not None:
        row["area_code"] = home.area_code
        row.setdefault("residence_area", home.area_code)
        row.setdefault("residence_addr", home.address)
    if registered_at is not None:
        row.setdefault("hukou_area", registered_at.area_code)
    elif home is not None and row.get("residence_kind") == ResidenceKind.LIVES_AT_HUKOU:
        row.setdefault("hukou_area", home.area_code)


def birth_and_sex(row: Row) -> tuple[date, str] | None:
    """A person's date of birth and sex, None where the birth is not known."""
    birth = row.get("birth_date")
    return (date.fromisoformat(birth), row.get("sex") or Sex.UNKNOWN) if birth else None


def unemployed_since(spell: Spell) -> date:
    """When an unemployment spell began: by its registration, else as stated."""
    registered: str | None = spell.row.get("reg_date")
    return date.fromisoformat(registered) if registered else spell.start


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of a person on a day."""

    row: Row
    spells: Sequence[Spell]
    day: date
    rules: Rules

    @property
    def is_without_work(self) -> bool:
        """Whether the person has no work and could look for some, by the status stated last."""
        return self.row.get("emp_status") in SEEKING

    def is_of_4050(self) -> bool:
        """Whether the person is old enough for 4050 and below retirement age."""
        born = birth_and_sex(self.row)
        if born is None:
            return False
        first, end = ages_4050(*born, self.row["area_code"], self.day, self.rules)
        return first <= self.day < end

    def is_of_working_age(self) -> bool:
        """Whether the person is of working age in the sense of the labour statistics."""
        born = birth_and_sex(self.row)
        area = self.row["area_code"]
        return born is not None and is_working_age(
            *born, Purpose.STATISTICS, area, self.day, self.rules
        )

    def is_young(self) -> bool:
        """Whether the person is young enough to be a new entrant to the labour force."""
        born = birth_and_sex(self.row)
        years = self.rules.number("new_entrant_until", self.row["area_code"], self.day)
        return born is not None and self.day < turns(born[0], years)

    def is_long_without_work(self) -> bool:
        """Whether the unemployment that goes on has lasted for the months of the rule."""
        current = self.spells[-1] if self.spells and self.spells[-1].end is None else None
        if current is None or current.kind != SpellKind.UNEMPLOYED:
            return False
        months = self.rules.number("long_unemployed_months", self.row["area_code"], self.day)
        return self.day >= add_months(unemployed_since(current), months)


Conditions = Iterator[tuple[Condition, bool]]
"""Conditions, and whether each is met."""


def conditions_of_4050(known: Known) -> Conditions:
    """The conditions of the flag `is_4050`."""
    yield Condition.WITHOUT_WORK, known.is_without_work
    yield Condition.ABLE, known.row.get("work_capacity") in ABLE
    yield Condition.WILLING, known.row.get("job_willing") is True
    yield Condition.OF_4050, known.is_of_4050()


def conditions_of_new_entrant(known: Known) -> Conditions:
    """The conditions of the flag `new_entrant`: a young person who seeks a first job."""
    yield Condition.WITHOUT_WORK, known.is_without_work
    yield Condition.OF_WORKING_AGE, known.is_of_working_age()
    yield Condition.YOUNG, known.is_young()
    employed = any(spell.kind == SpellKind.EMPLOYED for spell in known.spells)
    yield Condition.NEVER_EMPLOYED, not employed


def conditions_of_long_term(known: Known) -> Conditions:
    """The conditions of the flag `long_term_unemployed`."""
    status = known.row.get("emp_status")
    yield Condition.REGISTERED, status == EmploymentStatus.REGISTERED_UNEMPLOYED
    yield Condition.LONG_WITHOUT_WORK, known.is_long_without_work()


FLAGS: Final[Mapping[str, Callable[[Known], Conditions]]] = {
    "long_term_unemployed": conditions_of_long_term,
    "is_4050": conditions_of_4050,
    "new_entrant": conditions_of_new_entrant,
}
"""Flag → the conditions that have to be met, all of them."""


def next_change(row: Row, spells: Sequence[Spell], as_of: date, rules: Rules) -> date | None:
    """The first day after `as_of` on which anything derived from the day may differ; None when never.

    The row is folded again on that day (fold.md, Derivation by day), so a day too many
    costs work and a day too few leaves a stale ledger.
    """
    days = [*_days_by_age(row, as_of, rules), *_days_by_spells(row, spells, as_of, rules)]
    rule_change = rules.next_change(as_of, row["area_code"])
    if rule_change is not None:
        days.append(rule_change)
    return min((day for day in days if day > as_of), default=None)


def _days_by_age(row: Row, as_of: date, rules: Rules) -> Iterator[date]:
    """Days on which the person's age changes something."""
    born, area = birth_and_sex(row), row["area_code"]
    if born is None:
        return
    for purpose in Purpose:
        yield from working_ages(*born, purpose, area, as_of, rules)
    yield from ages_4050(*born, area, as_of, rules)
    yield turns(born[0], rules.number("new_entrant_until", area, as_of))


def _days_by_spells(row: Row, spells: Sequence[Spell], as_of: date, rules: Rules) -> Iterator[date]:
    """Days on which a spell begins, ends, or has lasted long enough for something."""
    area = row["area_code"]
    unemployed_months = (VETERAN_MONTHS, rules.number("long_unemployed_months", area, as_of))
    for spell in spells:
        yield spell.start
        if spell.end is not None:
            yield spell.end
        if spell.kind == SpellKind.UNEMPLOYED:
            for since in (spell.start, unemployed_since(spell)):
                yield from (add_months(since, months) for months in unemployed_months)
        elif spell.kind == SpellKind.EMPLOYED:
            yield add_months(spell.start, rules.number("stable_months", area, as_of))
