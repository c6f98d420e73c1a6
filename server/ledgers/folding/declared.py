"""Folding an entry of any ledger from its declaration: columns by rule, links, number, states, counts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from server.core.clock import office_day
from server.ledgers.definitions.columns import Column, Counted, Depends, Kind, Merge
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.machines import Expiry, Filling, Machine
from server.ledgers.definitions.vocabulary import ExceptionKind
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.history import Step, Why, stored
from server.ledgers.folding.merge import Observation, decide
from server.ledgers.folding.row import (
    Row,
    RowBuilder,
    fold_columns,
    has_values,
    is_void,
    observations_by_column,
    readable_number,
    start_row,
)

_SEALED = (Kind.TEXT, Kind.SEALED, Kind.JSON)
"""Kinds that lie sealed in rows; a history does not repeat them in the clear."""

Counting = Callable[[Counted], Sequence[Row]]
"""The rows that a count may count: those whose link names the row in the making."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What an entry is folded with beside its contributions."""

    linked: Callable[[Contribution, str], str | None]  # the entry that a link points at
    counting: Counting
    as_of: date
    rules: Rules


def fold_declared(
    definition: LedgerDefinition,
    columns: Mapping[str, Column],
    entry: str,
    contributions: Sequence[Contribution],
    frame: Frame,
) -> RowBuilder | None:
    """The entry out of its contributions, which are in fold order; None when there is nothing or staff voided it."""
    if is_void(contributions) or not has_values(contributions):
        return None
    builder = start_row(definition.name, entry, contributions)
    row = builder.row
    links = [name for name, column in columns.items() if column.is_link]
    states = [machine.column for machine in definition.machines]
    observations = observations_by_column(contributions)
    fold_columns(
        builder, columns, observations, skip=frozenset({*links, *states, definition.numbered})
    )
    for name in links:
        _link(builder, columns[name], contributions, frame)
    if definition.numbered:
        row[definition.numbered] = readable_number(row["area_code"], entry)
    for name, value in definition.defaults.items():
        row.setdefault(name, value)
    for name, column in columns.items():
        if column.counted is not None:
            row[name] = count(column.counted, frame.counting(column.counted))
        elif _keeps_history(column):
            _remember(row, name, observations.get(name, ()))
    for machine in definition.machines:
        _run(builder, machine, contributions, frame)
    return builder


def _link(
    builder: RowBuilder, column: Column, contributions: Sequence[Contribution], frame: Frame
) -> None:
    """Set the entry that a link points at, by the column's rule, among those that records name there."""
    builder.row[f"{column.name}_id"] = None
    targets = ((item, frame.linked(item, column.name)) for item in contributions)
    named = [Observation(item, target) for item, target in targets if target is not None]
    if named:
        builder.set_column(column, decide(column.merge, column.kind, named))


def count(counted: Counted, rows: Sequence[Row]) -> int:
    """How many of these rows the count counts; of several on one day one, where it counts days."""
    counting = [row for row in rows if all(holds(row, condition) for condition in counted.where)]
    return len({row[counted.day] for row in counting}) if counted.once_a_day else len(counting)


def count_between(counted: Counted, rows: Sequence[Row], first: date, last: date | None) -> int:
    """The count over the rows of a time, whose last day belongs to it; a row without a day is of none."""
    end = last or date.max
    days = ((row, row.get(counted.day)) for row in rows)
    return count(
        counted, [row for row, day in days if day and first <= date.fromisoformat(day) <= end]
    )


def holds(row: Row, condition: Depends) -> bool:
    """Whether a row has one of the condition's values."""
    return row.get(condition.column) in condition.values


def _keeps_history(column: Column) -> bool:
    """Whether the row keeps the values that a column went through."""
    is_remembered = column.merge is Merge.INTERVAL or column.is_remembered
    return is_remembered and column.kind not in _SEALED


def _remember(row: Row, name: str, observed: Sequence[Observation]) -> None:
    """Keep the values that a column went through, where there were several."""
    steps: list[Step] = []
    for item in observed:
        if not steps or steps[-1].value != item.value:
            why = Why.DECIDED if item.contribution.is_desk_act else Why.STATED
            steps.append(Step(item.contribution.day, item.value, item.contribution.id, why))
    if len(steps) > 1:
        row["history"][name] = stored(steps)


def _run(
    builder: RowBuilder, machine: Machine, contributions: Sequence[Contribution], frame: Frame
) -> None:
    """Set the machine's column with its history, stamps and deadline; raise the illegal moves.

    A move without what it needs is illegal, too. States that end by themselves end on the
    day after their date.
    """
    row, name = builder.row, machine.column
    steps = [Step(contributions[0].day, machine.start, contributions[0].id)]
    mover: Contribution | None = None
    seen = _known_without_saying(row, contributions)
    for contribution in contributions:
        seen.update(contribution.values)
        for state in machine.asked_by(contribution.values):
            if state == steps[-1].value:
                mover = mover or contribution
            elif machine.allows(steps[-1].value, state) and seen.issuperset(
                machine.into(state).needs
            ):
                why = Why.DECIDED if contribution.is_desk_act else Why.STATED
                steps.append(Step(contribution.day, state, contribution.id, why))
                mover = contribution
            else:
                builder.raise_exception(ExceptionKind.ILLEGAL_MOVE, contribution, name)
    if mover is not None:
        builder.add_origin(mover, name)
    for step in steps:
        into = machine.into(step.value)
        if into.stamps and not any(into.stamps in item.values for item in contributions):
            row[into.stamps] = step.day.isoformat()
        row.update(into.means)
    if machine.filling is not None:
        _fill(row, machine.filling, steps, frame)
    if machine.expiry is not None:
        _expire(row, machine.expiry, steps, contributions, frame)
    row[name] = steps[-1].value
    row["history"][name] = stored(steps)
    deadline = machine.deadlines.get(steps[-1].value)
    if deadline is not None:
        stated = row.get(deadline.since)
        since = date.fromisoformat(stated) if stated else steps[-1].day
        days = frame.rules.number(deadline.rule, row["area_code"], since)
        row[machine.due] = (since + timedelta(days=days)).isoformat()


def _known_without_saying(row: Row, contributions: Sequence[Contribution]) -> set[str]:
    """The columns that have a value though no contribution says it: defaults, links, counts."""
    known = {name.removesuffix("_id") for name, value in row.items() if value is not None}
    return known.difference(*(item.values for item in contributions))


def _fill(row: Row, filling: Filling, steps: list[Step], frame: Frame) -> None:
    """Let the state follow the number of places that are taken, on the day on which it was reached."""
    counted, wanted = filling.counted, row.get(filling.wanted) or 1
    days = sorted(
        _since(item, counted)
        for item in frame.counting(counted)
        if all(holds(item, condition) for condition in counted.where)
    )
    if not days or steps[-1].value not in filling.states:
        return
    full = len(days) >= wanted
    state, day = (filling.full, days[wanted - 1]) if full else (filling.part, days[0])
    if steps[-1].value != state:
        steps.append(Step(max(day, steps[-1].day), state, None, Why.FILLED))


def _since(row: Row, counted: Counted) -> date:
    """Since when a row has counted: since its state counts, else since it was observed."""
    histories = (row["history"].get(condition.column) for condition in counted.where)
    days = [date.fromisoformat(steps[-1][0]) for steps in histories if steps]
    return max(days, default=office_day(row["observed_at"]))


def _expire(
    row: Row, expiry: Expiry, steps: list[Step], contributions: Sequence[Contribution], frame: Frame
) -> None:
    """End a state whose last day is over; note when it will be."""
    if expiry.column not in row:
        last = next(item.day for item in reversed(contributions) if item.values)
        days = frame.rules.number(expiry.rule, row["area_code"], last)
        row[expiry.column] = (last + timedelta(days=days)).isoformat()
    after = date.fromisoformat(row[expiry.column]) + timedelta(days=1)
    if steps[-1].value not in expiry.states:
        return
    if frame.as_of >= after:
        steps.append(Step(max(after, steps[-1].day), expiry.to, None, Why.EXPIRED))
    else:
        row["refold_on"] = after
