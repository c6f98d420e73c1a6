"""A person's flags as of a day, and the next day on which one of them changes (domain §4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from server.core.clock import office_day
from server.ledgers.definitions.vocabulary import IN_QUESTION, SpellKind
from server.ledgers.folding.derive.ages import (
    FEMALE,
    add_months,
    is_working_age,
    retires_on,
    turns,
    working_ages,
)
from server.ledgers.folding.derive.households import HouseholdFacts
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.row import Row
from server.ledgers.folding.spells import Spell

REGISTERED = "20"
SEEKING = frozenset({"20", "21", "22"})
ABLE = frozenset({"1", "2"})
_LIVES_AT_HUKOU = "1"
_PURPOSES = ("stat", "registration", "assistance", "zero_emp")
_VETERAN_MONTHS = 6


def derive_person(
    row: Row,
    home: HouseholdFacts | None,
    registered_at: HouseholdFacts | None,
    spells: Sequence[Spell],
    as_of: date,
    rules: Rules,
) -> None:
    """Set household, areas, flags and `refold_on`.

    `home` is where the person lives (else is registered), `registered_at` the household of the hukou.
    """
    row["household_id"] = home.id if home else None
    if home is not None:
        row["area_code"] = home.area_code
        row.setdefault("residence_area", home.area_code)
        row.setdefault("residence_addr", home.address)
    if registered_at is not None:
        row.setdefault("hukou_area", registered_at.area_code)
    elif home is not None and row.get("residence_kind") == _LIVES_AT_HUKOU:
        row.setdefault("hukou_area", home.area_code)
    area = row["area_code"]
    current = current_spell(spells)
    since = unemployed_since(row, current)
    row["in_zero_emp_hh"] = bool(registered_at and registered_at.zero_emp_state in IN_QUESTION)
    row["long_term_unemployed"] = bool(
        since
        and row.get("emp_status") == REGISTERED
        and as_of >= add_months(since, rules.number("long_unemployed_months", area, as_of))
    )
    row["is_4050"] = is_seeking(row) and is_older(row, area, as_of, rules)
    row["new_entrant"] = _is_new_entrant(row, spells, area, as_of, rules)
    row["refold_on"] = next_change(row, spells, as_of, rules)
    last_told = [office_day(row["observed_at"])]
    last_told += [
        at.last_confirmed_on for at in (home, registered_at) if at and at.last_confirmed_on
    ]
    if max(last_told) > as_of:  # a phone's clock is ahead: what it tells of comes true day by day
        row["refold_on"] = as_of + timedelta(days=1)


def current_spell(spells: Sequence[Spell]) -> Spell | None:
    """The spell that has not ended."""
    return spells[-1] if spells and spells[-1].end is None else None


def unemployed_since(row: Row, spell: Spell | None) -> date | None:
    """When the present unemployment began: by its registration, else as stated."""
    if spell is None or spell.kind != SpellKind.UNEMPLOYED:
        return None
    registered = spell.row.get("reg_date")
    return date.fromisoformat(registered) if registered else spell.start


def is_seeking(row: Row) -> bool:
    """Without work, able, and willing."""
    return (
        row.get("emp_status") in SEEKING
        and row.get("work_capacity") in ABLE
        and row.get("job_willing") is True
    )


def older_from(row: Row, area: str, day: date, rules: Rules) -> date | None:
    """The day a person counts as older (女≥40 男≥50)."""
    if not row.get("birth_date"):
        return None
    letter = "f" if row.get("sex") == FEMALE else "m"
    return turns(date.fromisoformat(row["birth_date"]), rules.number(f"older.{letter}", area, day))


def is_older(row: Row, area: str, day: date, rules: Rules) -> bool:
    """Old enough for 4050 and below retirement age."""
    start = older_from(row, area, day, rules)
    if start is None:
        return False
    birth = date.fromisoformat(row["birth_date"])
    return start <= day < retires_on(birth, row.get("sex") or "0", area, day, rules)


def _is_new_entrant(
    row: Row, spells: Sequence[Spell], area: str, as_of: date, rules: Rules
) -> bool:
    birth: Any = row.get("birth_date")
    if not birth or row.get("emp_status") not in SEEKING:
        return False
    born = date.fromisoformat(birth)
    return (
        is_working_age(born, row.get("sex") or "0", "stat", area, as_of, rules)
        and as_of < turns(born, rules.number("new_entrant_until", area, as_of))
        and not any(spell.kind == SpellKind.EMPLOYED for spell in spells)
    )


def next_change(row: Row, spells: Sequence[Spell], as_of: date, rules: Rules) -> date | None:
    """The first day after `as_of` on which anything derived from the date may differ."""
    area = row["area_code"]
    days: list[date] = []
    if row.get("birth_date"):
        birth, sex = date.fromisoformat(row["birth_date"]), row.get("sex") or "0"
        for purpose in _PURPOSES:
            days += working_ages(birth, sex, purpose, area, as_of, rules)
        days.append(retires_on(birth, sex, area, as_of, rules))
        days.append(turns(birth, rules.number("new_entrant_until", area, as_of)))
        older = older_from(row, area, as_of, rules)
        if older:
            days.append(older)
    months = (_VETERAN_MONTHS, rules.number("long_unemployed_months", area, as_of))
    for spell in spells:
        days += [day for day in (spell.start, spell.end) if day]
        if spell.kind == SpellKind.UNEMPLOYED:
            since = unemployed_since(row, spell)
            if since:
                days += [add_months(since, count) for count in months]
            days += [add_months(spell.start, count) for count in months]
        elif spell.kind == SpellKind.EMPLOYED:
            days.append(add_months(spell.start, rules.number("stable_months", area, as_of)))
    changed = rules.next_change(as_of)
    if changed:
        days.append(changed)
    return min((day for day in days if day > as_of), default=None)
