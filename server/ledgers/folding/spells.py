"""Employment and unemployment of a person as spells that never overlap (L3). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import Family, Ledger, SpellKind
from server.ledgers.folding.history import Step, Why
from server.ledgers.folding.row import Row, fold_columns, observations_by_column, start_row
from server.ledgers.identity.keys import owned_uuid

_PREFIX = "spell."
_SET_HERE = frozenset({"spell_kind", "start_on", "end_on", "person"})
_KIND_BY_FIRST_DIGIT = {"1": SpellKind.EMPLOYED, "2": SpellKind.UNEMPLOYED}


def kind_of(status: str) -> SpellKind:
    """Spell kind (SPK) of an employment status (ES)."""
    return _KIND_BY_FIRST_DIGIT.get(status[0], SpellKind.OUT)


@dataclass(slots=True)
class Spell:
    """A time of one kind of activity; half-open: its end is the next spell's start."""

    kind: SpellKind
    start: date
    first_stated_on: date  # the day of the first statement about it
    last_stated_on: date  # the day of the last one
    contributions: list[Contribution] = field(default_factory=list)
    status: str = ""  # the employment status (ES) stated last
    statuses: list[Step] = field(
        default_factory=list
    )  # as stated, each on the day of its statement
    employer: str = ""  # the employer's name stated last
    is_corrected: bool = False  # office staff set the start
    end: date | None = None
    row: Row = field(default_factory=dict)


class SpellFold:
    """A person's spells, contribution by contribution in fold order."""

    def __init__(self) -> None:
        self.spells: list[Spell] = []

    @property
    def last(self) -> Spell | None:
        """The spell that the last statement was about."""
        return self.spells[-1] if self.spells else None

    def take(self, contribution: Contribution) -> None:
        """Add what a contribution says of the spells.

        A statement of the same kind (and employer) confirms the last spell; any other ends
        it and begins the next on the day it says it began. A day already confirmed as
        something else is not rewritten: the new spell then begins where that confirmation
        ends. A start that office staff correct holds against all (rules.md, Employment
        status and spells).
        """
        status = contribution.values.get("emp_status")
        if status is not None:
            _apply_statement(self.spells, contribution, status)
        elif self.spells and any(name.startswith(_PREFIX) for name in contribution.values):
            last = self.spells[-1]
            last.contributions.append(contribution)  # facts of the current spell
            if contribution.is_desk_act:
                _correct_start(self.spells, contribution)

    def finish(self, person: str, died_on: date | None) -> list[Spell]:
        """The spells with their rows, oldest first; death ends the last."""
        spells = self.spells
        for earlier, later in pairwise(spells):
            earlier.end = later.start
        if died_on is not None:
            spells = _until_death(spells, died_on)
        for spell in spells:
            spell.row = _row(person, spell)
        return spells


def fold_spells(
    person: str, contributions: Sequence[Contribution], died_on: date | None
) -> list[Spell]:
    """The person's spells, oldest first, out of contributions in fold order."""
    spells = SpellFold()
    for contribution in contributions:
        spells.take(contribution)
    return spells.finish(person, died_on)


def statuses_of(spells: Sequence[Spell]) -> list[Step]:
    """The employment statuses (ES) of spells, oldest first; the first of a spell holds from the spell's first day."""
    steps: list[Step] = []
    for spell in spells:
        for place, step in enumerate(spell.statuses):
            day = spell.start if place == 0 else max(step.day, spell.start)
            if steps and steps[-1].day == day:
                steps.pop()
            if not steps or steps[-1].value != step.value:
                steps.append(step._replace(day=day))
    return steps


def _apply_statement(spells: list[Spell], contribution: Contribution, status: str) -> None:
    """Confirm the last spell or begin another, as a stated employment status asks."""
    kind, day = kind_of(status), contribution.day
    stated_start = _stated_start(contribution, kind)
    start = min(stated_start or day, day)
    employer = contribution.values.get("spell.employer_name") or ""
    last = spells[-1] if spells else None
    if last is None or not _continues(last, kind, employer, start):
        last = _begin(spells, kind, start, day)
    elif stated_start is not None and not last.is_corrected:
        _move_start(spells, start)
    last.contributions.append(contribution)
    if status != last.status:
        why = Why.DECIDED if contribution.is_desk_act else Why.STATED
        last.statuses.append(Step(day, status, contribution.id, why))
    last.status = status
    last.employer = employer or last.employer
    last.last_stated_on = day


def _continues(last: Spell, kind: SpellKind, employer: str, start: date) -> bool:
    """Whether a statement speaks of the last spell: same kind; same or unnamed employer, or begun no later."""
    if last.kind != kind:
        return False
    if kind != SpellKind.EMPLOYED or not employer or not last.employer:
        return True
    return employer == last.employer or start <= last.start


def _begin(spells: list[Spell], kind: SpellKind, start: date, day: date) -> Spell:
    """Begin a spell, no earlier than the last one was confirmed; it replaces one of which no day is left."""
    if spells:
        start = max(start, spells[-1].last_stated_on)
        if start == spells[-1].start:
            spells.pop()
    spell = Spell(kind, start, first_stated_on=day, last_stated_on=day)
    spells.append(spell)
    return spell


def _move_start(spells: list[Spell], start: date) -> None:
    """Let the last spell begin as newly stated.

    Not after its first statement and not before the spell before it was last confirmed;
    that spell goes when no day of it is left.
    """
    last = spells[-1]
    start = min(start, last.first_stated_on)
    if len(spells) > 1:
        before = spells[-2]
        start = max(start, before.last_stated_on)
        if start == before.start:
            del spells[-2]
    last.start = start


def _correct_start(spells: list[Spell], act: Contribution) -> None:
    """Let the last spell begin on the day that office staff set; spells of which no day is left go."""
    last = spells[-1]
    stated = _stated_start(act, last.kind)
    if stated is None:
        return
    last.start, last.is_corrected = min(stated, act.day), True
    while len(spells) > 1 and spells[-2].start >= last.start:
        del spells[-2]


def _stated_start(contribution: Contribution, kind: SpellKind) -> date | None:
    """The first day of the spell as the contribution gives it: for unemployment the date of losing work first."""
    columns = ["spell.start_on"]
    if kind == SpellKind.UNEMPLOYED:
        columns = ["spell.unemp_date", *columns]
    return next(
        (date.fromisoformat(value) for name in columns if (value := contribution.values.get(name))),
        None,
    )


def _until_death(spells: Sequence[Spell], died_on: date) -> list[Spell]:
    """The spells begun before the death, the last of them ended by it."""
    lived = [spell for spell in spells if spell.start < died_on]
    if lived:
        lived[-1].end = died_on
    return lived


def _row(person: str, spell: Spell) -> Row:
    entry = owned_uuid(person, f"spell/{spell.start.isoformat()}")
    builder = start_row(Family.PERSON, entry, spell.contributions)
    fold_columns(
        builder,
        COLUMNS[Ledger.SPELL],
        observations_by_column(spell.contributions, _PREFIX),
        skip=_SET_HERE,
    )
    row = builder.finish()
    row["person_id"] = person
    row["spell_kind"] = spell.kind
    row["start_on"] = spell.start
    row["end_on"] = spell.end
    return row
