"""Moving an entry to another state: one act of office staff for every machine, with what the move needs (definitions.machines)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from server.accounts.access import REVIEWERS, Access
from server.core.clock import office_day
from server.core.codes import code_lists, label_of
from server.core.labels import listed
from server.core.row_security import Crossing, across_areas
from server.ledgers.definitions.columns import Column
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS, name_of
from server.ledgers.definitions.machines import Machine
from server.ledgers.definitions.vocabulary import ActKind, ExceptionKind, Family
from server.ledgers.desk.acts import may_decide
from server.ledgers.desk.stored import Subject, store_act
from server.ledgers.desk.values import plain_value
from server.ledgers.intake.contribute import sealed_values
from server.ledgers.models import AssistanceCase, DeskAct, LedgerException
from server.ledgers.models.base import LedgerEntry
from server.ledgers.problems import BadValue, MoveImpossible, MoveLacks, NotOfMove, NotYours
from server.ledgers.storage.desk_acts import contribution_id_of_act


@dataclass(frozen=True, slots=True)
class NextMove:
    """A state that may follow the present one, and what goes with the move."""

    column: str  # that holds the state
    to: str
    label: str  # of the state, in the active language
    needs: tuple[Column, ...]  # without a value in the entry
    takes: tuple[Column, ...]  # further columns that may be given
    needs_evidence: bool
    may: bool  # whether the asker's roles suffice


class Decided(NamedTuple):
    """What a move of an entry is stored about: a case is a part of its person or household."""

    subject: Subject
    family: str
    prefix: str


def next_moves(access: Access, entry: LedgerEntry) -> list[NextMove]:
    """The moves that the machines of the entry's ledger allow now; none of a case that is not the last of its subject."""
    ledger = name_of(type(entry))
    if isinstance(entry, AssistanceCase) and not is_last(entry):
        return []
    return [
        _next_move(access, entry, ledger, machine, state)
        for machine in DEFINITIONS[ledger].machines
        for state in machine.following(_state_of(entry, machine))
    ]


def _next_move(
    access: Access, entry: LedgerEntry, ledger: str, machine: Machine, state: str
) -> NextMove:
    columns, into = COLUMNS[ledger], machine.into(state)
    lacking = [name for name in into.needs if _is_empty(entry, columns[name])]
    return NextMove(
        column=machine.column,
        to=state,
        label=label_of(columns[machine.column].codes, state),
        needs=tuple(columns[name] for name in lacking),
        takes=tuple(columns[name] for name in into.columns if name not in lacking),
        needs_evidence=into.evidence,
        may=may_decide(access, ledger, entry.area_code, into.by or REVIEWERS),
    )


@across_areas(Crossing.DESK)
@transaction.atomic
def move(
    *,
    entry: LedgerEntry,
    to: str,
    values: Mapping[str, Any],
    reason: str,
    evidence: Sequence[str],
    access: Access,
    at: datetime,
    column: str = "",
) -> DeskAct:
    """Move an entry, which a selector gave, to a state, with the values that belong to the move; undone as one.

    `column` names the machine, of a ledger that has several; the first unless given.
    `evidence` are documents seen (list MAT): with one the act weighs as a document (V4), else
    as a street review (V3). Takes the merge lock to the end of the transaction. Raises
    MoveImpossible, MoveLacks, NotOfMove, BadValue, NotYours, ActReasonMissing.
    """
    ledger = name_of(type(entry))
    machine = _machine(ledger, column)
    columns, into = COLUMNS[ledger], machine.into(to)
    if not may_decide(access, ledger, entry.area_code, into.by or REVIEWERS):
        raise NotYours
    _check_legal(entry, columns[machine.column], machine, to)
    given = {
        name: plain_value(_of_move(columns, into.columns, name), value, office_day(at))
        for name, value in values.items()
    }
    lacking = [
        str(columns[name].label)
        for name in into.needs
        if name not in given and _is_empty(entry, columns[name])
    ]
    if into.evidence and not evidence:
        lacking.append(_("documents seen"))
    if lacking:
        raise MoveLacks(columns=listed(lacking))
    unknown = set(evidence) - code_lists()["MAT"].codes.keys()
    if unknown:
        raise BadValue(column="evidence", why=_("it is not in list {list}").format(list="MAT"))
    about = decided(entry, ledger)
    stated = {machine.column: to, **given}
    act = store_act(
        ActKind.STATE,
        about.family,
        about.subject,
        reason,
        access,
        at,
        column=about.prefix + machine.column,
        value=sealed_values(
            about.family, {about.prefix + name: value for name, value in stated.items()}
        ),
        evidence=sorted(set(evidence)),
    )
    is_refused = LedgerException.objects.filter(
        kind=ExceptionKind.ILLEGAL_MOVE, contribution=contribution_id_of_act(act)
    )
    if is_refused.exists():  # the fold knows more than the row: somebody was faster
        raise _impossible(entry, columns[machine.column], machine, to)
    return act


def _machine(ledger: str, column: str) -> Machine:
    definition = DEFINITIONS[ledger]
    machine = definition.machine_of(column) if column else next(iter(definition.machines), None)
    if machine is None:
        raise NotOfMove(
            column=column or "state", columns=listed(m.column for m in definition.machines) or "—"
        )
    return machine


def _check_legal(entry: LedgerEntry, column: Column, machine: Machine, to: str) -> None:
    is_past = isinstance(entry, AssistanceCase) and not is_last(entry)
    if is_past or not machine.allows(_state_of(entry, machine), to):
        raise _impossible(entry, column, machine, to)


def _impossible(entry: LedgerEntry, column: Column, machine: Machine, to: str) -> MoveImpossible:
    state = _state_of(entry, machine)
    known = code_lists()[column.codes].codes
    return MoveImpossible(
        state=label_of(column.codes, state),
        to=label_of(column.codes, to) if to in known else "—",
        possible=listed(
            f"{code} {label_of(column.codes, code)}" for code in machine.following(state)
        )
        or "—",
    )


def _of_move(columns: Mapping[str, Column], names: Sequence[str], name: str) -> Column:
    if name not in names:
        raise NotOfMove(column=name[:60], columns=listed(names) or "—")
    return columns[name]


def decided(entry: LedgerEntry, ledger: str) -> Decided:
    """Whose act a decision about the entry is."""
    if isinstance(entry, AssistanceCase):
        family = Family.PERSON if entry.subject_person_id else Family.HOUSEHOLD
        subject = entry.subject_person_id or entry.subject_household_id
        assert subject is not None  # noqa: S101 a case is of a person or a household
        return Decided(Subject(subject, entry.area_code), family, f"{ledger}.")
    return Decided(Subject(entry.pk, entry.area_code), ledger, "")


def is_last(case: AssistanceCase) -> bool:
    """Whether no later case of the same person or household was opened. One query."""
    later = AssistanceCase.objects.filter(
        subject_person=case.subject_person_id,
        subject_household=case.subject_household_id,
        opened_on__gt=case.opened_on,
    )
    return not later.exists()


def _state_of(entry: LedgerEntry, machine: Machine) -> str:
    return getattr(entry, machine.column) or machine.start


def _is_empty(entry: LedgerEntry, column: Column) -> bool:
    name = f"{column.name}_id" if column.is_link else column.name
    return getattr(entry, name) in (None, "", [])
