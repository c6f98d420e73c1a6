"""Assistance categories (AC) and whether each holds on a day: set A of 2005, set B of 2023 (rules.md, Assistance categories). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from server.ledgers.definitions.codes import (
    AssistanceCategory,
    DibaoStatus,
    EmploymentStatus,
    Health,
    HukouNature,
    LandLost,
    Material,
    UnemploymentReason,
    WorkCapacity,
)
from server.ledgers.definitions.vocabulary import IN_QUESTION, SpellKind
from server.ledgers.folding.derive.ages import add_months
from server.ledgers.folding.derive.homes import HouseholdOn
from server.ledgers.folding.derive.households import HouseholdFacts
from server.ledgers.folding.derive.people import VETERAN_MONTHS
from server.ledgers.folding.derive.rules import CategorySet, Rules
from server.ledgers.folding.row import Row
from server.ledgers.folding.standing import Activity, Standing

_C = AssistanceCategory
_PROOFS: Mapping[str, Material] = {
    _C.A_DIBAO: Material.DIBAO,
    _C.B_DIBAO: Material.DIBAO,
    _C.A_DISABLED: Material.DISABILITY,
    _C.B_DISABLED: Material.DISABILITY,
}


_AT_HOME = frozenset({EmploymentStatus.HOMEMAKER, EmploymentStatus.OTHER})
"""Outside the labour force, and yet free to take work."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What was known on a day of somebody who may need assistance.

    `home` is where the person lived (else was registered), `registered_at` the household of
    the hukou.
    """

    day: date
    standing: Standing
    activity: Activity
    home: HouseholdOn | None
    registered_at: HouseholdOn | None
    ages: tuple[date, date, date] | None
    """The first days of working age and of the age of 4050, and the day of retirement, by the rules of the day; None where the birth is not known."""
    area: str
    rules: Rules

    @property
    def is_unemployed(self) -> bool:
        """Without work in the sense of the labour statistics."""
        return self.activity.kind == SpellKind.UNEMPLOYED

    @property
    def could_work(self) -> bool:
        """Without work, able and willing.

        Who seeks work stays willing until office staff decide otherwise; who keeps house or does
        something else counts while the last answer is that they would work.
        """
        standing, activity = self.standing, self.activity
        if not standing.was_able or standing.capacity == WorkCapacity.NONE:
            return False
        if activity.kind == SpellKind.OUT:
            return activity.status in _AT_HOME and standing.is_willing is True
        return activity.kind == SpellKind.UNEMPLOYED and standing.was_willing

    @property
    def retires_on(self) -> date:
        """The day of retirement by the rules of the day; never, where the birth is not known."""
        return date.max if self.ages is None else self.ages[2]

    @property
    def is_of_working_age(self) -> bool:
        """Whether the day is of working age; always, where the birth is not known."""
        return self.ages is None or self.ages[0] <= self.day < self.ages[2]

    def held(self) -> list[str]:
        """The categories that hold, in order (rules.md, Assistance categories)."""
        if not self.could_work or not self._has_hukou():
            return []
        if not self.is_of_working_age:
            return []
        by_code = CONDITIONS[self.rules.value("category_set", self.area, self.day)]
        return sorted(code for code, holds in by_code.items() if holds(self))

    def turns_on(self) -> Iterator[date]:
        """The days on which time alone may change what holds."""
        if self.ages is not None:
            yield from self.ages
        if self.is_unemployed:
            yield self._unemployed_for(VETERAN_MONTHS)
            yield self._unemployed_for(self._long_months())

    def _has_hukou(self) -> bool:
        """Whether the hukou is of the place that the set asks for; where nobody knows it counts as local."""
        required = self.rules.find("category_hukou", self.area, self.day)
        hukou = self.standing.hukou_area
        if hukou is None and self.registered_at is not None:
            hukou = self.registered_at.facts.area_code
        return not required or not hukou or hukou.startswith(required)

    def _older(self) -> bool:
        if self.ages is None or not self.is_unemployed:
            return False
        _, first, end = self.ages
        return first <= self.day < end

    def _zero_employment(self) -> bool:
        house = self.registered_at
        return house is not None and house.value("zero_emp_state") in IN_QUESTION

    def _is_rural(self) -> bool:
        return self.standing.hukou_type == HukouNature.RURAL

    def _zero_employment_urban(self) -> bool:
        return self._zero_employment() and not self._is_rural()

    def _zero_employment_rural(self) -> bool:
        return self._zero_employment() and self._is_rural() and self._rural_poor()

    def _dibao(self) -> bool:
        return self._home_fact("dibao_status") == DibaoStatus.RECEIVING

    def _rural_poor(self) -> bool:
        return self._home_fact("poor_rural") is True

    def _disabled(self) -> bool:
        """Health says whether somebody is disabled; where nobody asked, the kind of disability does."""
        health = self.standing.health
        return health == Health.DISABLED or (health is None and self.standing.has_disability)

    def _some_land_lost(self) -> bool:
        return (self._home_fact("land_lost_share") or LandLost.NONE) != LandLost.NONE

    def _all_land_lost(self) -> bool:
        return self._home_fact("land_lost_share") == LandLost.ALL

    def _laid_off(self) -> bool:
        by_status = self.activity.status == EmploymentStatus.LAID_OFF
        return by_status or self._reason_is(UnemploymentReason.LAID_OFF)

    def _long_unemployed(self) -> bool:
        return self.is_unemployed and self._unemployed_for(self._long_months()) <= self.day

    def _released(self) -> bool:
        return self._reason_is(UnemploymentReason.RELEASED)

    def _veteran(self) -> bool:
        is_veteran = self._reason_is(UnemploymentReason.LEFT_FORCES)
        return is_veteran and self._unemployed_for(VETERAN_MONTHS) <= self.day

    def _reason_is(self, reason: UnemploymentReason) -> bool:
        return self.is_unemployed and self.activity.reason == reason

    def _long_months(self) -> int:
        return self.rules.number("long_unemployed_months", self.area, self.day)

    def _unemployed_for(self, months: int) -> date:
        """The day on which the unemployment has lasted so many months."""
        return add_months(self.activity.start, months)

    def _home_fact(self, name: str) -> object:
        return None if self.home is None else self.home.value(name)


_Condition = Callable[[Circumstances], bool]

CONDITIONS: Mapping[str, Mapping[AssistanceCategory, _Condition]] = {
    CategorySet.OF_2005: {
        _C.A_OLDER: Circumstances._older,
        _C.A_ZERO_EMPLOYMENT: Circumstances._zero_employment,
        _C.A_DIBAO: Circumstances._dibao,
        _C.A_RURAL_POOR: Circumstances._rural_poor,
        _C.A_DISABLED: Circumstances._disabled,
        _C.A_LAND_LOST: Circumstances._some_land_lost,
        _C.A_LAID_OFF: Circumstances._laid_off,
        _C.A_LONG_UNEMPLOYED: Circumstances._long_unemployed,
        _C.A_RELEASED: Circumstances._released,
    },
    CategorySet.OF_2023: {
        _C.B_OLDER: Circumstances._older,
        _C.B_DISABLED: Circumstances._disabled,
        _C.B_DIBAO: Circumstances._dibao,
        _C.B_ZERO_EMPLOYMENT_URBAN: Circumstances._zero_employment_urban,
        _C.B_ZERO_EMPLOYMENT_RURAL: Circumstances._zero_employment_rural,
        _C.B_ALL_LAND_LOST: Circumstances._all_land_lost,
        _C.B_LONG_UNEMPLOYED: Circumstances._long_unemployed,
        _C.B_RELEASED: Circumstances._released,
        _C.B_VETERAN: Circumstances._veteran,
    },
}
"""The categories of each set that can be derived. Other codes of the list can only be set by office staff."""


def evidence_of(categories: Sequence[str], row: Row, home: HouseholdFacts | None) -> list[Material]:
    """The documents on file that prove a case's categories."""
    on_file = set()
    if home is not None and home.has_dibao_no:
        on_file.add(Material.DIBAO)
    if row.get("disability_cert") is not None:
        on_file.add(Material.DISABILITY)
    return sorted({_PROOFS[category] for category in categories if category in _PROOFS} & on_file)
