"""Assistance categories (AC) and the day each began to hold: the 2005 set A, the 2023 set B (domain §3, §4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from server.ledgers.definitions.vocabulary import IN_QUESTION
from server.ledgers.folding.derive.ages import add_months
from server.ledgers.folding.derive.households import HouseholdFacts
from server.ledgers.folding.derive.people import is_older, older_from
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.row import Row
from server.ledgers.folding.spells import Spell

RESTRICTED = frozenset({"A05", "A09", "B02", "B08", "B09", "B10"})
"""Shown only with the restricted role: they tell of disability, custody or illness."""

_RECEIVING = "1"
_DISABLED = "6"
_RURAL = "20"
_ALL_LAND = "3"
_LAID_OFF, _LAID_OFF_REASON = "22", "04"
_RELEASED, _LEFT_FORCES = "11", "10"
_EVIDENCE = {"A03": "06", "B03": "06", "A05": "07", "B02": "07"}


@dataclass(frozen=True, slots=True)
class Categories:
    """The rules of category for one person's households."""

    home: HouseholdFacts | None
    registered_at: HouseholdFacts | None
    rules: Rules

    def held(self, row: Row, spell: Spell, day: date) -> dict[str, date]:
        """Category → since when, as of a day within an unemployment spell."""
        area = row["area_code"]
        letter = self.rules.value("category_set", area, day)
        hukou = self.rules.find("category_hukou", area, day)
        if hukou and not (row.get("hukou_area") or hukou).startswith(hukou):
            return {}
        found: dict[str, date] = {}
        for name, since in _CHECKS[letter].items():
            began = since(self, row, spell, day)
            if began is not None and began <= day:
                found[name] = began
        return found

    def _older(self, row: Row, spell: Spell, day: date) -> date | None:
        start = older_from(row, row["area_code"], day, self.rules)
        if start is None or not is_older(row, row["area_code"], day, self.rules):
            return None
        return max(start, spell.start)

    def _zero_urban(self, row: Row, spell: Spell, day: date) -> date | None:
        return spell.start if self._in_zero() and row.get("hukou_type") != _RURAL else None

    def _zero_any(self, row: Row, spell: Spell, day: date) -> date | None:
        return spell.start if self._in_zero() else None

    def _zero_rural(self, row: Row, spell: Spell, day: date) -> date | None:
        poor = self._house("poor_rural") is True
        rural = row.get("hukou_type") == _RURAL
        return spell.start if self._in_zero() and poor and rural else None

    def _dibao(self, row: Row, spell: Spell, day: date) -> date | None:
        return spell.start if self._house("dibao_status") == _RECEIVING else None

    def _poor_rural(self, row: Row, spell: Spell, day: date) -> date | None:
        return spell.start if self._house("poor_rural") is True else None

    def _disabled(self, row: Row, spell: Spell, day: date) -> date | None:
        stated = row.get("health") == _DISABLED or row.get("disability")
        return spell.start if stated else None

    def _some_land_lost(self, row: Row, spell: Spell, day: date) -> date | None:
        return spell.start if (self._house("land_lost_share") or "0") != "0" else None

    def _all_land_lost(self, row: Row, spell: Spell, day: date) -> date | None:
        return spell.start if self._house("land_lost_share") == _ALL_LAND else None

    def _laid_off(self, row: Row, spell: Spell, day: date) -> date | None:
        stated = spell.status == _LAID_OFF or spell.row.get("unemp_reason") == _LAID_OFF_REASON
        return spell.start if stated else None

    def _long(self, row: Row, spell: Spell, day: date) -> date | None:
        months = self.rules.number("long_unemployed_months", row["area_code"], day)
        return add_months(spell.start, months)

    def _released(self, row: Row, spell: Spell, day: date) -> date | None:
        return spell.start if spell.row.get("unemp_reason") == _RELEASED else None

    def _veteran(self, row: Row, spell: Spell, day: date) -> date | None:
        left = spell.row.get("unemp_reason") == _LEFT_FORCES
        return add_months(spell.start, 6) if left else None

    def _in_zero(self) -> bool:
        house = self.registered_at
        return house is not None and house.zero_emp_state in IN_QUESTION

    def _house(self, name: str) -> object:
        return None if self.home is None else getattr(self.home, name)


_Check = Callable[[Categories, Row, Spell, date], date | None]
_CHECKS: dict[str, dict[str, _Check]] = {
    "A": {
        "A01": Categories._older,
        "A02": Categories._zero_any,
        "A03": Categories._dibao,
        "A04": Categories._poor_rural,
        "A05": Categories._disabled,
        "A06": Categories._some_land_lost,
        "A07": Categories._laid_off,
        "A08": Categories._long,
        "A09": Categories._released,
    },
    "B": {
        "B01": Categories._older,
        "B02": Categories._disabled,
        "B03": Categories._dibao,
        "B04": Categories._zero_urban,
        "B05": Categories._zero_rural,
        "B06": Categories._all_land_lost,
        "B07": Categories._long,
        "B09": Categories._released,
        "B11": Categories._veteran,
    },
}


def evidence_of(categories: Sequence[str], row: Row, home: HouseholdFacts | None) -> list[str]:
    """The documents on file for a case's categories (MAT)."""
    on_file = {
        "06": home is not None and home.has_dibao_no,
        "07": row.get("disability_cert") is not None,
    }
    return sorted(
        {
            document
            for category in categories
            if (document := _EVIDENCE.get(category)) and on_file[document]
        }
    )
