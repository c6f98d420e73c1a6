"""Assistance categories (AC) and the day each began to hold: set A of 2005, set B of 2023 (rules.md, Assistance categories). Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from server.ledgers.definitions.codes import (
    AssistanceCategory,
    DibaoStatus,
    EmploymentStatus,
    Health,
    HukouNature,
    LandLost,
    Material,
    UnemploymentReason,
)
from server.ledgers.definitions.vocabulary import IN_QUESTION
from server.ledgers.folding.derive.ages import add_months, ages_4050
from server.ledgers.folding.derive.households import HouseholdFacts, is_rural
from server.ledgers.folding.derive.people import VETERAN_MONTHS, birth_and_sex
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.row import Row
from server.ledgers.folding.spells import Spell

_C = AssistanceCategory
RESTRICTED_CATEGORIES = frozenset(
    {
        _C.A_DISABLED,
        _C.A_RELEASED,
        _C.B_DISABLED,
        _C.B_DRUG_REHABILITATION,
        _C.B_RELEASED,
        _C.B_MENTAL_ILLNESS,
    }
)
"""Shown only with the restricted role: they disclose disability, custody or illness."""

_PROOFS: Mapping[str, Material] = {
    _C.A_DIBAO: Material.DIBAO,
    _C.B_DIBAO: Material.DIBAO,
    _C.A_DISABLED: Material.DISABILITY,
    _C.B_DISABLED: Material.DISABILITY,
}


class CategorySet(StrEnum):
    """The sets by their names in the rule table ("category_set")."""

    OF_2005 = "A"
    OF_2023 = "B"


@dataclass(frozen=True, slots=True)
class Categories:
    """The category rules for a person with these households.

    `home` is where the person lives (else is registered), `registered_at` the household
    of the hukou.
    """

    home: HouseholdFacts | None
    registered_at: HouseholdFacts | None
    rules: Rules

    def held(self, row: Row, spell: Spell, day: date) -> dict[str, date]:
        """Category → the day it began to hold, as of a day within an unemployment spell."""
        area, hukou = row["area_code"], row.get("hukou_area")
        required_hukou = self.rules.find("category_hukou", area, day)
        if required_hukou and hukou and not hukou.startswith(required_hukou):
            return {}  # where the hukou is not known it counts as local
        held: dict[str, date] = {}
        for category, begins in _BEGINNINGS[self.rules.value("category_set", area, day)].items():
            began = begins(self, row, spell, day)
            if began is not None and began <= day:
                held[category] = began
        return held

    def _older(self, row: Row, spell: Spell, day: date) -> date | None:
        born = birth_and_sex(row)
        if born is None:
            return None
        first, end = ages_4050(*born, row["area_code"], day, self.rules)
        return max(first, spell.start) if day < end else None

    def _zero_employment(self, row: Row, spell: Spell, day: date) -> date | None:
        house = self.registered_at
        in_question = house is not None and house.zero_emp_state in IN_QUESTION
        return spell.start if in_question else None

    def _zero_employment_urban(self, row: Row, spell: Spell, day: date) -> date | None:
        is_rural = row.get("hukou_type") == HukouNature.RURAL
        return None if is_rural else self._zero_employment(row, spell, day)

    def _zero_employment_rural(self, row: Row, spell: Spell, day: date) -> date | None:
        is_rural = row.get("hukou_type") == HukouNature.RURAL
        was_poor = self._home_fact("poor_rural") is True
        return self._zero_employment(row, spell, day) if is_rural and was_poor else None

    def _dibao(self, row: Row, spell: Spell, day: date) -> date | None:
        return spell.start if self._home_fact("dibao_status") == DibaoStatus.RECEIVING else None

    def _rural_poor(self, row: Row, spell: Spell, day: date) -> date | None:
        return spell.start if self._home_fact("poor_rural") is True else None

    def _disabled(self, row: Row, spell: Spell, day: date) -> date | None:
        stated = row.get("health") == Health.DISABLED or row.get("disability")
        return spell.start if stated else None

    def _some_land_lost(self, row: Row, spell: Spell, day: date) -> date | None:
        lost = self._home_fact("land_lost_share") or LandLost.NONE
        return None if lost == LandLost.NONE else spell.start

    def _all_land_lost(self, row: Row, spell: Spell, day: date) -> date | None:
        return spell.start if self._home_fact("land_lost_share") == LandLost.ALL else None

    def _laid_off(self, row: Row, spell: Spell, day: date) -> date | None:
        by_status = spell.status == EmploymentStatus.LAID_OFF
        return spell.start if by_status or _reason_is(spell, UnemploymentReason.LAID_OFF) else None

    def _long_unemployed(self, row: Row, spell: Spell, day: date) -> date | None:
        months = self.rules.number("long_unemployed_months", row["area_code"], day)
        return add_months(spell.start, months)

    def _released(self, row: Row, spell: Spell, day: date) -> date | None:
        return spell.start if _reason_is(spell, UnemploymentReason.RELEASED) else None

    def _veteran(self, row: Row, spell: Spell, day: date) -> date | None:
        is_veteran = _reason_is(spell, UnemploymentReason.LEFT_FORCES)
        return add_months(spell.start, VETERAN_MONTHS) if is_veteran else None

    def _home_fact(self, name: str) -> object:
        return None if self.home is None else getattr(self.home, name)


def _reason_is(spell: Spell, reason: UnemploymentReason) -> bool:
    return bool(spell.row.get("unemp_reason") == reason)


_Beginning = Callable[[Categories, Row, Spell, date], date | None]
"""The day a category begins to hold in a spell, as of a day; None when it does not apply."""

_BEGINNINGS: Mapping[str, Mapping[AssistanceCategory, _Beginning]] = {
    CategorySet.OF_2005: {
        _C.A_OLDER: Categories._older,
        _C.A_ZERO_EMPLOYMENT: Categories._zero_employment,
        _C.A_DIBAO: Categories._dibao,
        _C.A_RURAL_POOR: Categories._rural_poor,
        _C.A_DISABLED: Categories._disabled,
        _C.A_LAND_LOST: Categories._some_land_lost,
        _C.A_LAID_OFF: Categories._laid_off,
        _C.A_LONG_UNEMPLOYED: Categories._long_unemployed,
        _C.A_RELEASED: Categories._released,
    },
    CategorySet.OF_2023: {
        _C.B_OLDER: Categories._older,
        _C.B_DISABLED: Categories._disabled,
        _C.B_DIBAO: Categories._dibao,
        _C.B_ZERO_EMPLOYMENT_URBAN: Categories._zero_employment_urban,
        _C.B_ZERO_EMPLOYMENT_RURAL: Categories._zero_employment_rural,
        _C.B_ALL_LAND_LOST: Categories._all_land_lost,
        _C.B_LONG_UNEMPLOYED: Categories._long_unemployed,
        _C.B_RELEASED: Categories._released,
        _C.B_VETERAN: Categories._veteran,
    },
}
"""The categories of each set that can be derived. Other codes of the list can only be set by office staff."""


def zero_employment_category(
    registered: Sequence[Row], area: str, day: date, rules: Rules
) -> AssistanceCategory:
    """The category of a household in which nobody works, by the hukou of those registered in it."""
    if rules.value("category_set", area, day) == CategorySet.OF_2005:
        return AssistanceCategory.A_ZERO_EMPLOYMENT
    if is_rural(registered):
        return AssistanceCategory.B_ZERO_EMPLOYMENT_RURAL
    return AssistanceCategory.B_ZERO_EMPLOYMENT_URBAN


def evidence_of(categories: Sequence[str], row: Row, home: HouseholdFacts | None) -> list[Material]:
    """The documents on file that prove a case's categories."""
    on_file = set()
    if home is not None and home.has_dibao_no:
        on_file.add(Material.DIBAO)
    if row.get("disability_cert") is not None:
        on_file.add(Material.DISABILITY)
    return sorted({_PROOFS[category] for category in categories if category in _PROOFS} & on_file)
