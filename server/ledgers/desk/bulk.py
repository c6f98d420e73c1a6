"""The same decision about many entries: each is an act of its own, and one that is refused does not hold up the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from server.accounts.access import Access
from server.core.problems import Problem
from server.ledgers.definitions.ledgers import name_of
from server.ledgers.desk.acts import correct, undo
from server.ledgers.desk.moves import decided, is_last, move
from server.ledgers.models import AssistanceCase, DeskAct
from server.ledgers.models.base import LedgerEntry
from server.ledgers.problems import NotCorrectable

MOST: Final = 200
"""Entries of one decision: each is folded again at once."""


@dataclass(slots=True)
class Outcome:
    """The acts that were done, and the entries about which the decision was refused, each with why."""

    acts: list[DeskAct] = field(default_factory=list)
    refused: list[tuple[Any, Problem]] = field(default_factory=list)


def correct_each(
    entries: Iterable[LedgerEntry],
    *,
    column: str,
    value: Any,
    reason: str,
    access: Access,
    at: datetime,
) -> Outcome:
    """Set a column of each entry; of a case that is not the last of its subject it is refused.

    Each is a transaction of its own, which takes the merge lock to its end.
    """

    def decide(entry: LedgerEntry) -> DeskAct:
        about = decided(entry, name_of(type(entry)))
        if isinstance(entry, AssistanceCase) and not is_last(entry):
            raise NotCorrectable(column=column)
        return correct(
            family=about.family,
            entry=about.subject.entry,
            column=about.prefix + column,
            value=value,
            reason=reason,
            access=access,
            at=at,
        )

    return _each(entries, decide)


def move_each(
    entries: Iterable[LedgerEntry],
    *,
    column: str,
    to: str,
    reason: str,
    access: Access,
    at: datetime,
) -> Outcome:
    """Move each entry to a state, without further values: what needs any is refused. Transactions as in `correct_each`."""

    def decide(entry: LedgerEntry) -> DeskAct:
        return move(
            entry=entry,
            column=column,
            to=to,
            values={},
            evidence=[],
            reason=reason,
            access=access,
            at=at,
        )

    return _each(entries, decide)


def undo_each(acts: Iterable[DeskAct], *, access: Access, at: datetime) -> Outcome:
    """Undo each act. Transactions as in `correct_each`."""
    return _each(acts, lambda act: undo(act=act, access=access, at=at))


def _each(things: Iterable[Any], decide: Callable[[Any], DeskAct]) -> Outcome:
    outcome = Outcome()
    for thing in things:
        try:
            outcome.acts.append(decide(thing))
        except Problem as problem:
            outcome.refused.append((thing, problem))
    return outcome
