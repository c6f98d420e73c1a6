"""The rule table: what differs by place and by date (domain §4), in rules.csv beside this file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("rules.csv")


class NoRule(LookupError):
    """The rule table has no value for this key, place and day: add a row to rules.csv."""


@dataclass(frozen=True, slots=True)
class Rule:
    key: str
    area: str  # prefix of division codes
    since: date
    until: date | None  # exclusive
    value: str


class Rules:
    """Looks a rule up by key, place and day; the longest area prefix wins."""

    def __init__(self, rules: list[Rule]) -> None:
        self._by_key: dict[str, list[Rule]] = {}
        for rule in sorted(rules, key=lambda one: -len(one.area)):
            self._by_key.setdefault(rule.key, []).append(rule)
        self._changes = sorted(
            {day for rule in rules for day in (rule.since, rule.until) if day is not None}
        )
        self._found: dict[tuple[str, str, int], str | None] = {}

    def find(self, key: str, area: str, day: date) -> str | None:
        """The value, or None where no rule applies."""
        asked = (key, area, day.toordinal())
        if asked not in self._found:
            if len(self._found) > 50_000:
                self._found.clear()
            self._found[asked] = next(
                (
                    rule.value
                    for rule in self._by_key.get(key, ())
                    if area.startswith(rule.area)
                    and rule.since <= day
                    and (rule.until is None or day < rule.until)
                ),
                None,
            )
        return self._found[asked]

    def value(self, key: str, area: str, day: date) -> str:
        """The value. Raises NoRule: a rule that is relied on must not be silently absent."""
        found = self.find(key, area, day)
        if found is None:
            raise NoRule(f"{key} {area} {day}")
        return found

    def number(self, key: str, area: str, day: date) -> int:
        return int(self.value(key, area, day))

    def next_change(self, after: date) -> date | None:
        """The next day on which any rule begins or ends."""
        return next((day for day in self._changes if day > after), None)


@lru_cache(maxsize=1)
def rules() -> Rules:
    """The table of the running programme."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return Rules(
            [
                Rule(
                    key=row["key"],
                    area=row["area"],
                    since=date.fromisoformat(row["from"]),
                    until=date.fromisoformat(row["to"]) if row["to"] else None,
                    value=row["value"],
                )
                for row in csv.DictReader(file)
            ]
        )
