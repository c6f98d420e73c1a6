"""Folding a person (L1) out of all contributions; flags that depend on the day follow in derive.people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    SpellKind,
)
from server.ledgers.folding.history import Step, Why, stored
from server.ledgers.folding.imported import is_imported
from server.ledgers.folding.merge import Decision, Observation, decide
from server.ledgers.folding.row import (
    Row,
    RowBuilder,
    fold_columns,
    has_values,
    is_void,
    observations_by_column,
    start_row,
)
from server.ledgers.folding.spells import Spell, statuses_of
from server.ledgers.folding.standing import Standing, follow

_COLUMNS = COLUMNS[Ledger.PERSON]
_REMEMBERED = tuple(name for name, column in _COLUMNS.items() if column.is_remembered)
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
    standings: list[Standing]  # oldest first; there is at least one
    spells: list[Spell]

    @property
    def row(self) -> Row:
        return self.builder.row


def fold_person(
    entry: str, contributions: Sequence[Contribution], death_visits: Sequence[Contribution] = ()
) -> PersonFold | None:
    """The person out of contributions in fold order; None when there is nothing or staff voided the entry.

    `death_visits` are the records of visits that found the person dead.
    """
    if is_void(contributions) or not has_values(contributions):
        return None
    contributions = _without_withdrawn_deaths(contributions)
    builder = start_row(Family.PERSON, entry, contributions)
    observations = observations_by_column(contributions)
    fold_columns(builder, _COLUMNS, observations, skip=_SET_HERE)
    _fold_id_number(builder, observations)
    _fold_name(builder, observations.get("name", ()))
    _fold_phones(builder, observations.get("phone", ()))
    statuses = _fold_status(builder, observations, death_visits, contributions[0])
    for contribution in contributions:
        if _has_bad_id(contribution):
            builder.raise_exception(ExceptionKind.BAD_ID, contribution, "id_no")
    died = builder.row.get("death_date")
    standings, spells = follow(contributions, statuses)
    ended = spells.finish(entry, date.fromisoformat(died) if died else None)
    activities = statuses_of(ended)
    if len(activities) > 1:
        builder.row["history"]["emp_status"] = stored(activities)
    _remember(builder, observations, ended, contributions[0].day)
    return PersonFold(builder, contributions, standings, ended)


def _remember(
    builder: RowBuilder,
    observations: Mapping[str, Sequence[Observation]],
    spells: Sequence[Spell],
    first_day: date,
) -> None:
    """Keep the values that remembered columns went through, but where the row's value has held since the first record.

    A value that is stated again after work was taken up is a step of its own: whoever has found
    work wishes for other work only when that is stated anew.
    """
    jobs = [spell.start for spell in spells if spell.kind is SpellKind.EMPLOYED]
    for name in _REMEMBERED:
        steps: list[Step] = []
        for contribution, value in observations.get(name, ()):
            day, last = contribution.day, steps[-1] if steps else None
            if last is None or last.value != value or any(last.day < job <= day for job in jobs):
                why = Why.DECIDED if contribution.is_desk_act else Why.STATED
                steps.append(Step(day, value, contribution.id, why))
        since = [(step.day, step.value) for step in steps]
        if steps and since != [(first_day, builder.row.get(name))]:
            builder.row["history"][name] = stored(steps)


def _without_withdrawn_deaths(contributions: Sequence[Contribution]) -> Sequence[Contribution]:
    """The contributions without the dates of death that phones gave before office staff stated that the person lives."""
    last = max(
        (
            place
            for place, item in enumerate(contributions)
            if item.is_desk_act and item.values.get("person_status") == PersonStatus.ACTIVE
        ),
        default=-1,
    )
    return [
        replace(item, values={k: v for k, v in item.values.items() if k != "death_date"})
        if place < last and "death_date" in item.values and not item.is_desk_act
        else item
        for place, item in enumerate(contributions)
    ]


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
            spoken = [item for item in observed if not is_imported(item.contribution)]
            observed = spoken or observed  # a number in an old ledger overrules nobody
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


def _fold_status(
    builder: RowBuilder,
    observed: Mapping[str, Sequence[Observation]],
    death_visits: Sequence[Contribution],
    first: Contribution,
) -> list[Step]:
    """The states of the record (M6), the first on the day of the first contribution.

    A visit that found the person dead marks the death, and office staff are asked for the
    proof; until they confirm it by its date they may take it back. A known date of death makes
    an active person deceased.
    """
    marks = {record.id for record in death_visits}
    observations = [Observation(record, PersonStatus.DECEASED) for record in death_visits]
    stated = observed.get("person_status", ())
    observations = sorted([*stated, *observations], key=lambda item: item.contribution.order)
    steps = [Step(first.day, PERSON_STATUS.start, first.id)]
    mark: Contribution | None = None  # the visit on which alone the death stands
    mover: Contribution | None = None
    for contribution, state in observations:
        is_mark, is_taken_back = contribution.id in marks, False
        if mark is not None and state == PersonStatus.ACTIVE:
            is_taken_back = contribution.is_desk_act
        if state == steps[-1].value:
            mover = mover or contribution
            mark = mark if is_mark else None
        elif is_taken_back or PERSON_STATUS.allows(steps[-1].value, state):
            why = (
                Why.VISITED if is_mark else Why.DECIDED if contribution.is_desk_act else Why.STATED
            )
            steps.append(Step(contribution.day, state, contribution.id, why))
            mover, mark = contribution, contribution if is_mark else None
        else:
            builder.raise_exception(ExceptionKind.ILLEGAL_MOVE, contribution, "person_status")
    if mover is not None:
        builder.add_origin(mover, "person_status")
    state, died = steps[-1].value, "death_date" in builder.row
    if state == PersonStatus.ACTIVE and died:
        state = PersonStatus.DECEASED
    builder.row["person_status"] = state
    if len(steps) > 1:
        builder.row["history"]["person_status"] = stored(steps)
    dates = observed.get("death_date", ())
    is_proved = any(item.contribution.is_desk_act for item in dates)
    if mark is not None and not is_proved:
        builder.raise_exception(ExceptionKind.DEATH_REPORTED, mark, "person_status")
    return steps
