"""The states and values that entries went through, with who said so and why (fold.md, Day by day)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from server.accounts.access import REVEALERS, Access
from server.core.codes import label_of
from server.core.labels import listed
from server.core.masking import Precision, first_day, mask_numbers
from server.ledgers.definitions.columns import Column, columns_of
from server.ledgers.definitions.sensitivity import has_restricted, unrestricted
from server.ledgers.models import ContributionRow, DeskAct
from server.ledgers.models.base import LedgerEntry
from server.ledgers.reading.entries import desk_acts, hidden_columns, may_see_restricted


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """A value of a column for a time; the end is exclusive, None while it holds."""

    entry: LedgerEntry
    column: str
    label: str
    value: Any
    text: str  # the value for people, in the active language
    from_on: date
    to_on: date | None
    why: str  # folding.history.Why
    by: str  # who said so; "" where time or a rule did
    submission_id: int | None
    instance_id: str | None
    reason: str  # that office staff gave


@dataclass(frozen=True, slots=True)
class _Giver:
    by: str = ""
    submission_id: int | None = None
    instance_id: str | None = None
    reason: str = ""


def histories(access: Access, entries: Iterable[LedgerEntry]) -> list[HistoryStep]:
    """The steps of these entries, the latest first, without what the reader may not see. Two queries."""
    listed_entries = list(entries)
    givers = _givers(access, listed_entries)
    steps = [step for entry in listed_entries for step in _steps(access, entry, givers)]
    return sorted(steps, key=lambda step: step.from_on, reverse=True)


def _steps(
    access: Access, entry: LedgerEntry, givers: Mapping[int, _Giver]
) -> Iterable[HistoryStep]:
    hidden = hidden_columns(access, entry)
    sees_days = access.may(REVEALERS, entry.area_code)
    columns = columns_of(type(entry))
    for name, steps in entry.history.items():
        if name in hidden:
            continue
        shown = _shown(access, entry, columns[name], steps)
        if not shown:
            continue
        days = [_day_of(step, sees_days=sees_days) for step in shown]
        of_column = [
            _step(entry, columns[name], step, (start, end), givers)
            for step, start, end in zip(shown, days, [*days[1:], None], strict=True)
        ]
        yield from reversed(of_column)


def _day_of(step: Sequence[Any], *, sees_days: bool) -> date:
    """From when on a step holds; the first of the month where time alone took it, as birthdays do, and the reader may not see their days."""
    day = date.fromisoformat(step[0])
    return day if sees_days or step[2] is not None else first_day(day, Precision.MONTH)


def _shown(
    access: Access, entry: LedgerEntry, column: Column, steps: Sequence[Sequence[Any]]
) -> list[Sequence[Any]]:
    """The steps that the reader may see: one that only a restricted value makes is none."""
    if not has_restricted(column) or may_see_restricted(access, entry.area_code):
        return list(steps)
    shown: list[Sequence[Any]] = []
    for day, value, *rest in steps:
        visible = unrestricted(column, value)
        if visible not in (None, []) and (not shown or shown[-1][1] != visible):
            shown.append((day, visible, *rest))
    return shown


def _step(
    entry: LedgerEntry,
    column: Column,
    step: Sequence[Any],
    span: tuple[date, date | None],
    givers: Mapping[int, _Giver],
) -> HistoryStep:
    _day, value, contribution, why = step
    giver = givers.get(contribution, _Giver()) if contribution is not None else _Giver()
    return HistoryStep(
        entry=entry,
        column=column.name,
        label=str(column.label),
        value=value,
        text=_text(column, value),
        from_on=span[0],
        to_on=span[1],
        why=why,
        by=giver.by,
        submission_id=giver.submission_id,
        instance_id=giver.instance_id,
        reason=giver.reason,
    )


def _text(column: Column, value: Any) -> str:
    if isinstance(value, bool):
        return label_of("YN", "1" if value else "0") or str(value)
    values = value if isinstance(value, list) else [value]
    return listed([label_of(column.codes, code) for code in values])


def _givers(access: Access, entries: Iterable[LedgerEntry]) -> dict[int, _Giver]:
    """Contribution → who gave it, as far as the reader sees the submission or the act."""
    named = {
        step[2]
        for entry in entries
        for steps in entry.history.values()
        for step in steps
        if step[2] is not None
    }
    rows = ContributionRow.objects.filter(
        access.within("submission__area_code"), pk__in=[number for number in named if number > 0]
    ).select_related("worker", "submission")
    givers = {row.pk: _of_submission(row) for row in rows}
    acts = desk_acts(access).filter(pk__in=[-number for number in named if number < 0])
    return givers | {-act.pk: _of_act(act) for act in acts.select_related("user")}


def _of_submission(row: ContributionRow) -> _Giver:
    instance = row.submission.instance_id if row.submission else None
    return _Giver(str(row.worker), row.submission_id, instance)


def _of_act(act: DeskAct) -> _Giver:
    return _Giver(str(act.user), reason=mask_numbers(act.reason))
