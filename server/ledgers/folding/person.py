"""Folding a person (L1) out of all contributions; flags that depend on the day follow in derive.people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from server.ledgers.folding.merge import Decision, Observation, decide
from server.ledgers.folding.row import (
    Row,
    RowBuilder,
    fold_columns,
    fold_state,
    has_values,
    is_void,
    observations_by_column,
    start_row,
)
from server.ledgers.folding.spells import Spell, fold_spells

_COLUMNS = COLUMNS[Ledger.PERSON]
_GIVEN_BY_ID_NUMBER = ("birth_date", "sex")
_SET_HERE = frozenset(
    {*_GIVEN_BY_ID_NUMBER, "id_no", "name", "person_status", "phone", "household"}
)
_PHONES_KEPT = 3
_TEXT_SEPARATOR = "；"  # between accumulated texts, as merge joins them


@dataclass(slots=True)
class PersonFold:
    """A person's row before derivations, with the spells and the contributions in fold order."""

    builder: RowBuilder
    contributions: Sequence[Contribution]
    spells: list[Spell]

    @property
    def row(self) -> Row:
        return self.builder.row


def fold_person(entry: str, contributions: Sequence[Contribution]) -> PersonFold | None:
    """The person out of contributions in fold order; None when there is nothing or staff voided the entry."""
    if is_void(contributions) or not has_values(contributions):
        return None
    builder = start_row(Family.PERSON, entry, contributions)
    observations = observations_by_column(contributions)
    fold_columns(builder, _COLUMNS, observations, skip=_SET_HERE)
    _fold_id_number(builder, observations)
    _fold_name(builder, observations.get("name", ()))
    _fold_phones(builder, observations.get("phone", ()))
    _fold_status(builder, observations.get("person_status", ()))
    for contribution in contributions:
        if _has_bad_id(contribution):
            builder.raise_exception(ExceptionKind.BAD_ID, contribution, "id_no")
    died = builder.row.get("death_date")
    spells = fold_spells(entry, contributions, date.fromisoformat(died) if died else None)
    return PersonFold(builder, contributions, spells)


def _fold_id_number(builder: RowBuilder, observations: Mapping[str, Sequence[Observation]]) -> None:
    """The number never changes by itself (M5), and one that fails its check gives way to any other.

    Birth and sex are those of a valid number or of a correction, where there is one
    (rules.md, Identity of persons).
    """
    numbers = observations.get("id_no", ())
    if numbers:
        valid = [item for item in numbers if not _has_bad_id(item.contribution)]
        builder.set_column(_COLUMNS["id_no"], decide(Merge.IDENTITY, Kind.SEALED, valid or numbers))
    for name in _GIVEN_BY_ID_NUMBER:
        observed = observations.get(name, ())
        if observed:
            certain = [item for item in observed if _is_certain(item.contribution)]
            column = _COLUMNS[name]
            builder.set_column(column, decide(column.merge, column.kind, certain or observed))


def _has_bad_id(contribution: Contribution) -> bool:
    return ContributionFlag.BAD_ID in contribution.flags


def _is_certain(contribution: Contribution) -> bool:
    """Whether birth and sex come from a valid number or from office staff."""
    has_number = "id_no" in contribution.values and not _has_bad_id(contribution)
    return has_number or contribution.is_desk_act


def _fold_name(builder: RowBuilder, names: Sequence[Observation]) -> None:
    """The name never changes by itself (M5); another one is an exception unless it is a known former name."""
    if not names:
        return
    decision = decide(Merge.IDENTITY, Kind.TEXT, names)
    builder.set_column(_COLUMNS["name"], Decision(decision.value, decision.winners))
    former_names = (builder.row.get("former_name") or "").split(_TEXT_SEPARATOR)
    for contribution in decision.conflicts:
        if contribution.values["name"] not in former_names:
            builder.raise_exception(ExceptionKind.NAME_DIFFERS, contribution, "name")


def _fold_phones(builder: RowBuilder, phones: Sequence[Observation]) -> None:
    """The latest number counts (M1); two different ones before it are kept."""
    if not phones:
        return
    builder.set_column(_COLUMNS["phone"], decide(Merge.LATEST, Kind.SEALED, phones))
    newest_first = list(dict.fromkeys(item.value for item in reversed(phones)))
    builder.row["earlier_phones"] = newest_first[1:_PHONES_KEPT]


def _fold_status(builder: RowBuilder, statuses: Sequence[Observation]) -> None:
    """The state of the record (M6); a known date of death makes an active person deceased."""
    status = fold_state(builder, "person_status", PERSON_STATUS, statuses).state
    if status == PersonStatus.ACTIVE and "death_date" in builder.row:
        status = PersonStatus.DECEASED
    builder.row["person_status"] = status
