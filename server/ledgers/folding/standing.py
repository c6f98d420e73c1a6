"""What was known of a person at the end of each day on which somebody spoke of them. Pure.

The later stages judge every day by what had been observed up to that day, so that a later
answer changes what is so from then on, and never what was (rules.md, Judged day by day).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from server.ledgers.definitions.codes import ABLE
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.vocabulary import CloseReason, PersonStatus, SpellKind
from server.ledgers.folding.history import Step
from server.ledgers.folding.merge import replaces_area
from server.ledgers.folding.spells import Spell, SpellFold


@dataclass(frozen=True, slots=True)
class Activity:
    """A spell as it was known on a day: later statements may move its start, never this."""

    spell: Spell
    kind: SpellKind
    start: date
    status: str  # ES
    reason: str | None  # UR, of unemployment


@dataclass(frozen=True, slots=True)
class Gone:
    """Why and since when a person is no longer there to be assisted."""

    reason: CloseReason
    since: date


@dataclass(frozen=True, slots=True)
class Standing:
    """A person at the end of a day, and until the next standing."""

    day: date
    contribution: int | None  # the last one of the day
    activity: Activity | None
    capacity: str | None  # WC
    was_able: bool  # somebody has said so, now or before
    is_willing: bool | None
    was_willing: bool
    health: str | None
    has_disability: bool
    hukou_area: str | None
    hukou_type: str | None
    gone: Gone | None


class _Best:
    """The value of a column with rule M2, observation by observation."""

    __slots__ = ("level", "value")

    def __init__(self) -> None:
        self.value: Any = None
        self.level = -1

    def take(self, value: Any, level: int) -> None:
        if level >= self.level:
            self.value, self.level = value, level


_VERIFIED = ("work_capacity", "health", "disability", "hukou_type", "death_date")
_FOLLOWED = frozenset(
    {*_VERIFIED, "emp_status", "job_willing", "hukou_area", "spell.unemp_reason"}
    | {"spell.start_on", "spell.unemp_date"}
)


class _Follower:
    """What is known of a person, contribution by contribution."""

    def __init__(self) -> None:
        self.best = {name: _Best() for name in _VERIFIED}
        self.reason = _Best()
        self.of_spell: Spell | None = None
        self.was_able = self.was_willing = False
        self.is_willing: bool | None = None
        self.hukou_area: str | None = None

    def take(self, contribution: Contribution, spell: Spell | None) -> None:
        values, level = contribution.values, contribution.level
        if spell is not self.of_spell:
            self.of_spell, self.reason = spell, _Best()
        for name, best in self.best.items():
            if name in values:
                best.take(values[name], level)
        if "spell.unemp_reason" in values:
            self.reason.take(values["spell.unemp_reason"], level)
        if values.get("work_capacity") in ABLE:
            self.was_able = True
        if "job_willing" in values:
            self.is_willing = values["job_willing"]
            self.was_willing = self.was_willing or bool(self.is_willing)
        area = values.get("hukou_area")
        if area is not None and replaces_area(area, self.hukou_area):
            self.hukou_area = area

    def standing(self, day: date, contribution: int | None, status: Step) -> Standing:
        best = self.best
        return Standing(
            day=day,
            contribution=contribution,
            activity=self._activity(),
            capacity=best["work_capacity"].value,
            was_able=self.was_able,
            is_willing=self.is_willing,
            was_willing=self.was_willing,
            health=best["health"].value,
            has_disability=bool(best["disability"].value),
            hukou_area=self.hukou_area,
            hukou_type=best["hukou_type"].value,
            gone=_gone(status, best["death_date"].value),
        )

    def _activity(self) -> Activity | None:
        spell = self.of_spell
        if spell is None:
            return None
        return Activity(spell, spell.kind, spell.start, spell.status, self.reason.value)


def _gone(status: Step, died: str | None) -> Gone | None:
    if status.value == PersonStatus.DECEASED or (died and status.value == PersonStatus.ACTIVE):
        return Gone(CloseReason.DIED, date.fromisoformat(died) if died else status.day)
    if status.value == PersonStatus.MOVED_OUT:
        return Gone(CloseReason.MOVED_OUT, status.day)
    return None


def follow(
    contributions: Sequence[Contribution], statuses: Sequence[Step]
) -> tuple[list[Standing], SpellFold]:
    """The person's standings, oldest first, and the spells, out of contributions in fold order.

    `statuses` are the states of the record in the same order; the first is the one it starts with.
    """
    follower, spells = _Follower(), SpellFold()
    standings: list[Standing] = []
    status, *coming = statuses

    def keep(day: date, contribution: int | None) -> None:
        if standings and standings[-1].day == day:
            standings.pop()
        standings.append(follower.standing(day, contribution, status))

    for contribution in contributions:
        day = contribution.day
        while coming and coming[0].day < day:
            status = coming.pop(0)
            keep(status.day, status.contribution)
        spells.take(contribution)
        changes = not standings or not _FOLLOWED.isdisjoint(contribution.values)
        follower.take(contribution, spells.last)
        while coming and coming[0].day == day:
            status, changes = coming.pop(0), True
        if changes:
            keep(day, contribution.id)
    for status in coming:
        keep(status.day, status.contribution)
    return standings, spells
