"""Where a person lived and was registered on each day, and what was known of those households then. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from server.ledgers.definitions.vocabulary import MembershipRole
from server.ledgers.folding.derive.households import HouseholdFacts
from server.ledgers.folding.rosters import Membership


@dataclass(frozen=True, slots=True)
class HouseholdOn:
    """A household as it was known on a day."""

    facts: HouseholdFacts
    day: date

    def value(self, name: str) -> object:
        """What held of a column that the household remembers, None when nobody had said."""
        return self.facts.on(name, self.day)


@dataclass(frozen=True, slots=True)
class Homes:
    """A person's households over time."""

    memberships: Sequence[Membership]  # of households that have a row
    facts: Mapping[str, HouseholdFacts]

    def on(self, day: date) -> tuple[HouseholdOn | None, HouseholdOn | None]:
        """The home and the household of the hukou on a day.

        Who is missing from the last roster and lives nowhere else has not moved yet, as far as
        anybody knows: the household left stands for the home as it was on the last day there
        (rules.md, Judged day by day).
        """
        hukou = self._latest(day, MembershipRole.HUKOU)
        home = self._latest(day, MembershipRole.RESIDENT) or hukou
        if home is None:
            home = self._left(day)
            hukou = home if hukou is None else hukou
        return home, hukou

    def days(self) -> Iterable[date]:
        """The days on which a membership begins or ends, or one of the households changes."""
        for membership in self.memberships:
            yield membership.from_on
            if membership.to_on is not None:
                yield membership.to_on
            yield from self.facts[membership.household].days()

    def _latest(self, day: date, role: MembershipRole) -> HouseholdOn | None:
        open_then = [item for item in self.memberships if item.role == role and item.holds_on(day)]
        latest = latest_of(open_then)
        return HouseholdOn(self.facts[latest.household], day) if latest else None

    def _left(self, day: date) -> HouseholdOn | None:
        ended = [item for item in self.memberships if item.to_on is not None and item.to_on <= day]
        if not ended:
            return None
        last = max(ended, key=lambda item: (item.to_on or date.max, item.from_on, item.household))
        until = (last.to_on or date.max) - timedelta(days=1)
        return HouseholdOn(self.facts[last.household], until)


def latest_of(memberships: Iterable[Membership]) -> Membership | None:
    """The membership that began last."""
    return max(memberships, key=lambda item: (item.from_on, item.household), default=None)
