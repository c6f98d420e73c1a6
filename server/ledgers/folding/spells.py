"""Employment and unemployment as spells that never overlap (L3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import Family, SpellKind
from server.ledgers.folding.row import Row, fold_columns, observations_by_column, start_row
from server.ledgers.identity.keys import owned_uuid

_PREFIX = "spell."
_SKIP = frozenset({"spell_kind", "start_on", "end_on", "person"})


_KIND_BY_FIRST_DIGIT = {"1": SpellKind.EMPLOYED, "2": SpellKind.UNEMPLOYED}


def kind_of(status: str) -> SpellKind:
    """Spell kind (SPK) of an employment status (ES)."""
    return _KIND_BY_FIRST_DIGIT.get(status[0], SpellKind.OUT)


@dataclass(slots=True)
class Spell:
    """A stretch of one kind; half-open, its end is the next one's start."""

    kind: SpellKind
    start: date
    contributions: list[Contribution] = field(default_factory=list)
    status: str = ""  # the last ES heard in it
    employer: str = ""
    seen: date = date.min  # the last day somebody confirmed it
    seen_first: date = date.min  # the first day somebody spoke of it
    end: date | None = None
    row: Row = field(default_factory=dict)


def fold_spells(person: str, said: Sequence[Contribution], died_on: date | None) -> list[Spell]:
    """The person's spells, oldest first.

    A statement of the same kind (and employer) confirms the open spell; any other closes
    it and opens the next, at the day it says it began. A day already confirmed as
    something else is not rewritten: the new spell then begins where that confirmation ends.
    """
    spells: list[Spell] = []
    for one in said:
        status = one.values.get("emp_status")
        if status is None:
            if spells and any(name.startswith(_PREFIX) for name in one.values):
                spells[-1].contributions.append(one)
            continue
        _state(spells, one, status)
    for before, after in pairwise(spells):
        before.end = after.start
    if died_on is not None:
        spells = [spell for spell in spells if spell.start < died_on]
        if spells and (spells[-1].end is None or spells[-1].end > died_on):
            spells[-1].end = died_on
    for spell in spells:
        spell.row = _row(person, spell)
    return spells


def _state(spells: list[Spell], one: Contribution, status: str) -> None:
    kind, day = kind_of(status), one.day
    stated = _stated_start(one, kind)
    employer = one.values.get("spell.employer_name") or ""
    last = spells[-1] if spells else None
    start = min(stated or day, day)
    if last is not None and last.kind == kind and _is_same(last, employer, start):
        if stated is not None:
            floor = spells[-2].seen if len(spells) > 1 else date.min
            last.start = max(min(start, last.seen_first), floor)
            if len(spells) > 1 and last.start <= spells[-2].start:
                del spells[-2]
    else:
        if last is not None:
            start = max(start, last.seen)
            if start <= last.start:
                spells.pop()
        last = Spell(kind, start, seen_first=day)
        spells.append(last)
    last.contributions.append(one)
    last.status = status
    last.employer = employer or last.employer
    last.seen = max(last.seen, day)


def _stated_start(one: Contribution, kind: SpellKind) -> date | None:
    names = (
        ("spell.unemp_date", "spell.start_on")
        if kind == SpellKind.UNEMPLOYED
        else ("spell.start_on",)
    )
    for name in names:
        if value := one.values.get(name):
            return date.fromisoformat(value)
    return None


def _is_same(last: Spell, employer: str, start: date) -> bool:
    """Whether a statement of the same kind continues the spell: same or unnamed employer, or begun no later."""
    if last.kind != SpellKind.EMPLOYED or not employer or not last.employer:
        return True
    return employer == last.employer or start <= last.start


def _row(person: str, spell: Spell) -> Row:
    said = spell.contributions
    fold = start_row(Family.PERSON, owned_uuid(person, f"spell/{spell.start.isoformat()}"), said)
    fold_columns(fold, COLUMNS["spell"], observations_by_column(said, _PREFIX), skip=_SKIP)
    row = fold.finish()
    row["person_id"] = person
    row["spell_kind"] = spell.kind
    row["start_on"] = spell.start
    row["end_on"] = spell.end
    return row
