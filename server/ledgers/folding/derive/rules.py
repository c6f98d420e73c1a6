"""The rule table: values that differ by place and by date, in rules.csv beside this file (rules.md, Rule table). Pure."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

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
        self._days_of_change = sorted(
            day
            for same_key in self._by_key.values()
            for rule in same_key
            for day in (rule.since, rule.until)
            if day is not None
        )
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

    def next_change(self, after: date) -> date | None:
        """The next day on which any rule begins or ends; None when there is none."""
        place = bisect_right(self._days_of_change, after)
        return self._days_of_change[place] if place < len(self._days_of_change) else None

    @property
    def first_day(self) -> date:
        """The day from which on the table says anything."""
        return self._days_of_change[0]


@lru_cache(maxsize=1)
def rules() -> Rules:
    """The table of the running programme."""
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
