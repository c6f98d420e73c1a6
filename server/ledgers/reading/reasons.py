"""Why a person's flags hold or do not: the conditions of each, by what the reader may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from server.accounts.access import Access
from server.ledgers.definitions.conditions import WORDINGS, Condition
from server.ledgers.definitions.vocabulary import SpellKind
from server.ledgers.folding.derive.people import FLAGS, Known
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.spells import Spell as FoldedSpell
from server.ledgers.models import Person
from server.ledgers.reading.entries import hidden_columns, spells, value_for
from server.ledgers.storage.rules import standing_rules

_COLUMNS = ("emp_status", "work_capacity", "job_willing", "sex")


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition of a flag, whether it is met, and the values of the rules that it applies."""

    condition: Condition
    is_met: bool
    rules: tuple[tuple[str, str], ...]  # (key of the rule table, value in force)

    @property
    def label(self) -> str:
        """The condition in the reader's language."""
        return str(WORDINGS[self.condition].label)


def reasons(access: Access, person: Person, on: date) -> dict[str, list[Reason]]:
    """Flag → its conditions, each met or not on a day, by the person's row and spells as they are now. Two queries.

    A flag with a condition on a column that the reader may not see is left out; a value that is
    hidden counts as the value that is shown for it.
    """
    table = standing_rules()
    known = Known(_row(access, person), _spells(access, person), on, table)
    hidden = hidden_columns(access, person)
    area = person.area_code
    explained = {
        flag: [
            _reason(condition, is_met, table, area, on) for condition, is_met in conditions(known)
        ]
        for flag, conditions in FLAGS.items()
    }
    explained["in_zero_emp_hh"] = [
        _reason(Condition.HOME_WITHOUT_WORK, bool(person.in_zero_emp_hh), table, area, on)
    ]
    return {
        flag: parts
        for flag, parts in explained.items()
        if not any(hidden.intersection(WORDINGS[part.condition].columns) for part in parts)
    }


def _reason(condition: Condition, is_met: bool, table: Rules, area: str, on: date) -> Reason:
    values = ((key, table.find(key, area, on)) for key in WORDINGS[condition].rules)
    return Reason(condition, is_met, tuple((key, value) for key, value in values if value))


def _row(access: Access, person: Person) -> dict[str, object]:
    """What the fold knows of the person's row, as the reader may see it: nothing follows from what a row hides."""
    columns = Person.ledger.columns
    born = person.birth_date
    row = {
        name: value_for(access, person, columns[name], getattr(person, name)) for name in _COLUMNS
    }
    return {
        **row,
        "area_code": person.area_code,
        "birth_date": born.isoformat() if born else None,
    }


def _spells(access: Access, person: Person) -> list[FoldedSpell]:
    rows = spells(access).filter(person=person).order_by("start_on", "id")
    return [
        FoldedSpell(
            kind=SpellKind(row.spell_kind),
            start=row.start_on,
            first_stated_on=row.start_on,
            last_stated_on=row.start_on,
            end=row.end_on,
            row={"reg_date": row.reg_date.isoformat() if row.reg_date else None},
        )
        for row in rows
    ]
