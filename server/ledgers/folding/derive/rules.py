"""The rule table: values that differ by place and by date, shipped in rules.csv beside this file (rules.md, Rule table). Pure."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from server.ledgers.definitions.rule_keys import RULE_KEYS
from server.ledgers.definitions.vocabulary import Family

_NOT_OF_PEOPLE = frozenset(
    key for key, rule in RULE_KEYS.items() if Family.PERSON not in rule.families
)
_FILE = Path(__file__).with_name("rules.csv")
_MOST_CACHED = 50_000


class CategorySet(StrEnum):
    """The sets by their names in the rule table ("category_set")."""

    OF_2005 = "A"
    OF_2023 = "B"


class NoRule(LookupError):
    """The rule table has no value for this key, place and day: add a row to rules.csv."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    key: str
    area: str  # prefix of division codes
    since: date
    until: date | None  # exclusive
    value: str

    def applies(self, area: str, day: date) -> bool:
        """Whether the rule holds in an area on a day."""
        in_force = self.since <= day and (self.until is None or day < self.until)
        return in_force and area.startswith(self.area)


class Rules:
    """Looks a rule up by key, place and day; the longest area prefix wins."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._by_key: dict[str, list[Rule]] = {}
        for rule in sorted(self._rules, key=lambda rule: -len(rule.area)):
            self._by_key.setdefault(rule.key, []).append(rule)
        self._days_of_change: dict[str, list[date]] = {}  # by area, cache of next_change()
        self._first_day = min((rule.since for rule in self._rules), default=date.max)
        self._values: dict[tuple[str, str, int], str | None] = {}  # cache of find()

    def find(self, key: str, area: str, day: date) -> str | None:
        """The value, or None where no rule applies."""
        place = (key, area, day.toordinal())
        if place not in self._values:
            if len(self._values) >= _MOST_CACHED:
                self._values.clear()
            candidates = self._by_key.get(key, ())
            self._values[place] = next(
                (rule.value for rule in candidates if rule.applies(area, day)), None
            )
        return self._values[place]

    def value(self, key: str, area: str, day: date) -> str:
        """The value. Raises NoRule: a rule that is relied on must not be silently absent."""
        value = self.find(key, area, day)
        if value is None:
            raise NoRule(f"{key} {area} {day}")
        return value

    def number(self, key: str, area: str, day: date) -> int:
        """The value as a whole number. Raises NoRule."""
        return int(self.value(key, area, day))

    def with_rule(self, rule: Rule) -> Rules:
        """The table with one more rule, which goes before the others of its key and area while it is in force."""
        return Rules((rule, *self._rules))

    def of_key(self, key: str) -> tuple[Rule, ...]:
        """The rules of a key in the order of the table; empty for a key that it does not have."""
        return tuple(rule for rule in self._rules if rule.key == key)

    @property
    def all(self) -> tuple[Rule, ...]:
        """Every rule in the order of the table."""
        return self._rules

    def without_rule(self, rule: Rule) -> Rules:
        """The table without the first of its rules that is equal to this."""
        place = self._rules.index(rule)
        return Rules((*self._rules[:place], *self._rules[place + 1 :]))

    def next_change(self, after: date, area: str) -> date | None:
        """The next day on which a rule of an area begins or ends on which people's rows rest; None when there is none.

        People rest on every rule of the table that RULE_KEYS does not give to other families alone.
        """
        days = self._days_of_change.get(area)
        if days is None:
            if len(self._days_of_change) >= _MOST_CACHED:
                self._days_of_change.clear()
            days = self._days_of_change[area] = sorted(
                {
                    day
                    for rule in self._rules
                    if area.startswith(rule.area) and rule.key not in _NOT_OF_PEOPLE
                    for day in (rule.since, rule.until)
                    if day is not None
                }
            )
        place = bisect_right(days, after)
        return days[place] if place < len(days) else None

    @property
    def first_day(self) -> date:
        """The day from which on the table says anything."""
        return self._first_day


@lru_cache(maxsize=1)
def rules() -> Rules:
    """The table as shipped; what offices decided lies over it (storage/rules.py)."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return Rules(
            Rule(
                key=row["key"],
                area=row["area"],
                since=date.fromisoformat(row["from"]),
                until=date.fromisoformat(row["to"]) if row["to"] else None,
                value=row["value"],
            )
            for row in csv.DictReader(file)
        )
