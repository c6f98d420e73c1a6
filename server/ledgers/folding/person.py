"""Persons (L1) out of everything said of them; what depends on others comes later (derive.people)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from server.ledgers.definitions.columns import Kind, Merge
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.machines import PERSON_STATUS
from server.ledgers.definitions.vocabulary import (
    ContributionFlag,
    ExceptionKind,
    Family,
    Ledger,
    PersonStatus,
)
from server.ledgers.folding.merge import Decision, Observation, decide, run_machine
from server.ledgers.folding.row import (
    RowBuilder,
    fold_columns,
    has_values,
    is_void,
    observations_by_column,
    start_row,
)
from server.ledgers.folding.spells import Spell, fold_spells

_FROM_ID = frozenset({"birth_date", "sex"})
_SPECIAL = frozenset({*_FROM_ID, "id_no", "name", "person_status", "phone", "household"})
_PHONES_KEPT = 3
_COLUMNS = COLUMNS[Ledger.PERSON]


@dataclass(slots=True)
class PersonFold:
    """A person's row before derivations, with the spells and what was said, in fold order."""

    fold: RowBuilder
    contributions: Sequence[Contribution]  # in fold order
    spells: list[Spell]

    @property
    def row(self) -> dict:
        return self.fold.row


def fold_person(entry: str, said: Sequence[Contribution]) -> PersonFold | None:
    """The person, or None when nothing was said or the desk voided the entry. `said` is in fold order."""
    if is_void(said) or not has_values(said):
        return None
    fold = start_row(Family.PERSON, entry, said)
    seen = observations_by_column(said)
    fold_columns(fold, _COLUMNS, seen, skip=_SPECIAL)
    _fold_identity(fold, seen)
    _fold_phones(fold, seen)
    _fold_status(fold, seen)
    for one in said:
        if ContributionFlag.BAD_ID in one.flags:
            fold.raise_exception(ExceptionKind.BAD_ID, one, "id_no")
    died = fold.row.get("death_date")
    spells = fold_spells(entry, said, date.fromisoformat(died) if died else None)
    return PersonFold(fold, said, spells)


def _fold_identity(fold: RowBuilder, seen: dict[str, list[Observation]]) -> None:
    """Name and number never change by themselves (M5); birth and sex are what a valid number says."""
    numbers = seen.get("id_no", [])
    valid = [
        one for one in numbers if ContributionFlag.BAD_ID not in one.contribution.flags
    ] or numbers
    if valid:
        fold.set_column(_COLUMNS["id_no"], decide(Merge.IDENTITY, Kind.SEALED, valid))
    for name in _FROM_ID:
        observations = seen.get(name)
        if observations:
            by_number = [
                one
                for one in observations
                if one.contribution.is_desk_act
                or (
                    "id_no" in one.contribution.values
                    and ContributionFlag.BAD_ID not in one.contribution.flags
                )
            ]
            column = _COLUMNS[name]
            fold.set_column(column, decide(column.merge, column.kind, by_number or observations))
    names = seen.get("name")
    if names:
        decision = decide(Merge.IDENTITY, Kind.TEXT, names)
        fold.set_column(_COLUMNS["name"], Decision(decision.value, decision.winners))
        former = set((fold.row.get("former_name") or "").split("；"))
        for one in decision.conflicts:
            if one.values["name"] not in former:
                fold.raise_exception(ExceptionKind.NAME_DIFFERS, one, "name")


def _fold_phones(fold: RowBuilder, seen: dict[str, list[Observation]]) -> None:
    phones = seen.get("phone")
    if not phones:
        return
    fold.set_column(_COLUMNS["phone"], decide(Merge.LATEST, Kind.SEALED, phones))
    distinct = list(dict.fromkeys(one.value for one in reversed(phones)))
    fold.row["earlier_phones"] = distinct[1:_PHONES_KEPT]


def _fold_status(fold: RowBuilder, seen: dict[str, list[Observation]]) -> None:
    observations = seen.get("person_status", [])
    status, mover, illegal = run_machine(PERSON_STATUS, observations)
    if status == PersonStatus.ACTIVE and "death_date" in fold.row:
        status = PersonStatus.DECEASED
    fold.row["person_status"] = status
    if mover is not None:
        fold.origins.setdefault(mover.id, []).append("person_status")
    for one in illegal:
        fold.raise_exception(ExceptionKind.ILLEGAL_MOVE, one, "person_status")
