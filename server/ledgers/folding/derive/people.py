"""A person's flags as of a day, and the next day on which one of them may change (rules.md, Assistance categories). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from server.core.clock import office_day
from server.ledgers.definitions.codes import (
    ABLE,
    SEEKING,
    EmploymentStatus,
    ResidenceKind,
    Sex,
)
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
    row["long_term_unemployed"] = _is_long_term_unemployed(row, spells, as_of, rules)
    row["is_4050"] = _is_seeking(row) and is_4050_age(row, as_of, rules)
    row["new_entrant"] = _is_new_entrant(row, spells, as_of, rules)
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


def _is_long_term_unemployed(row: Row, spells: Sequence[Spell], as_of: date, rules: Rules) -> bool:
    """Registered as unemployed, and for so many months already."""
    current = spells[-1] if spells and spells[-1].end is None else None
    if current is None or current.kind != SpellKind.UNEMPLOYED:
        return False
    if row.get("emp_status") != EmploymentStatus.REGISTERED_UNEMPLOYED:
        return False
    months = rules.number("long_unemployed_months", row["area_code"], as_of)
    return as_of >= add_months(unemployed_since(current), months)


def _is_seeking(row: Row) -> bool:
    """Without work, able, and willing."""
    return (
        row.get("emp_status") in SEEKING
        and row.get("work_capacity") in ABLE
        and row.get("job_willing") is True
    )


def is_4050_age(row: Row, day: date, rules: Rules) -> bool:
    """Whether a person is old enough for 4050 on a day and below retirement age."""
    born = birth_and_sex(row)
    if born is None:
        return False
    first, end = ages_4050(*born, row["area_code"], day, rules)
    return first <= day < end


def _is_new_entrant(row: Row, spells: Sequence[Spell], as_of: date, rules: Rules) -> bool:
    """Whether a young person seeks a first job."""
    born = birth_and_sex(row)
    if born is None or row.get("emp_status") not in SEEKING:
        return False
    area = row["area_code"]
    return (
        is_working_age(*born, Purpose.STATISTICS, area, as_of, rules)
        and as_of < turns(born[0], rules.number("new_entrant_until", area, as_of))
        and not any(spell.kind == SpellKind.EMPLOYED for spell in spells)
    )


def next_change(row: Row, spells: Sequence[Spell], as_of: date, rules: Rules) -> date | None:
    """The first day after `as_of` on which anything derived from the day may differ; None when never.

    The row is folded again on that day (fold.md, Derivation by day), so a day too many
    costs work and a day too few leaves a stale ledger.
    """
    days = [*_days_by_age(row, as_of, rules), *_days_by_spells(row, spells, as_of, rules)]
    rule_change = rules.next_change(as_of)
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
