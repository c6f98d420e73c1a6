"""Desk acts: decisions of office staff about ledger entries. Each is stored, folded like a submission, and can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from server.accounts.access import RESTRICTED, REVIEWERS, Access
from server.audit.models import Act
from server.core.clock import office_day
from server.core.row_security import Crossing, across_areas
from server.ledgers.definitions.columns import Column, Kind, Merge, Sensitivity
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS, LEDGERS, parts_of
from server.ledgers.definitions.vocabulary import ActKind
from server.ledgers.desk.exceptions import reopen
from server.ledgers.desk.stored import Subject, apply_act, record_decision, store_act
from server.ledgers.desk.values import plain_value
from server.ledgers.intake.contribute import sealed_values
from server.ledgers.models import DeskAct, IdentityKey, LedgerException
from server.ledgers.problems import (
    AlreadyDone,
    NoSuchEntry,
    NoSuchValue,
    NotCorrectable,
    NotYours,
    OfferGoesOn,
    OtherOffice,
)
from server.ledgers.reading.entries import resolve
from server.ledgers.refolding.moves import settle_links
from server.ledgers.refolding.offices import office_of
from server.ledgers.storage.locks import take_merge_lock


@across_areas(Crossing.DESK)
@transaction.atomic
def mark_same(
    *, family: str, entry: UUID, other: UUID, reason: str, access: Access, at: datetime
) -> DeskAct:
    """Decide that two entries are the same: they become one until the act is undone.

    Takes the merge lock to the end of the transaction. Raises NoSuchEntry, NotYours,
    ActReasonMissing, AlreadyDone if the two are one entry already, and OtherOffice if two
    offices keep them.
    """
    return _relate(ActKind.SAME, family, entry, other, reason, access, at)


@across_areas(Crossing.DESK)
@transaction.atomic
def mark_not_same(
    *, family: str, entry: UUID, other: UUID, reason: str, access: Access, at: datetime
) -> DeskAct:
    """Decide that two entries that look alike are different: they are not proposed as duplicates again.

    Locks and raises like `mark_same`.
    """
    return _relate(ActKind.NOT_SAME, family, entry, other, reason, access, at)


def _relate(
    kind: ActKind,
    family: str,
    entry: UUID,
    other: UUID,
    reason: str,
    access: Access,
    at: datetime,
) -> DeskAct:
    first, second = _subject(family, entry, access), _subject(family, other, access)
    if first.entry == second.entry:
        raise AlreadyDone
    if kind == ActKind.SAME and office_of(first.area_code) != office_of(second.area_code):
        raise OtherOffice
    return store_act(kind, family, first, reason, access, at, other=second.entry)


@across_areas(Crossing.DESK)
@transaction.atomic
def correct(
    *,
    family: str,
    entry: UUID,
    column: str,
    value: Any,
    reason: str,
    access: Access,
    at: datetime,
) -> DeskAct:
    """Set the value of a column. It weighs as much as a street review (V3) at this moment.

    `column` may be one of the current spell or case of the person or household
    ("case.state"). Takes the merge lock to the end of the transaction. Raises
    NoSuchEntry, NotYours, ActReasonMissing, NotCorrectable, and BadValue.
    """
    subject = _subject(family, entry, access)
    plain = plain_value(
        correctable_by(access, family, column, subject.area_code), value, office_day(at)
    )
    stored = sealed_values(family, {column: plain})
    return store_act(
        ActKind.CORRECT, family, subject, reason, access, at, column=column, value=stored
    )


@across_areas(Crossing.DESK)
@transaction.atomic
def correct_as_stored(
    *,
    family: str,
    entry: UUID,
    column: str,
    values: Mapping[str, Any],
    given_as: str,
    reason: str,
    access: Access,
    at: datetime,
) -> DeskAct:
    """Correct a column to the value that a contribution's `values` give the column `given_as`.

    The value is taken as it is stored, so that nobody need see a sealed one whole. Locks and
    raises like `correct`, and NoSuchValue.
    """
    subject = _subject(family, entry, access)
    correctable_by(access, family, column, subject.area_code)
    stored = {
        column + mark: values[given_as + mark] for mark in ("", "#") if given_as + mark in values
    }
    if column not in stored:
        raise NoSuchValue
    return store_act(
        ActKind.CORRECT, family, subject, reason, access, at, column=column, value=stored
    )


def correctable(family: str, column: str) -> Column:
    """The declaration of a column that office staff may correct. Raises NotCorrectable."""
    ledger, name = family, column
    if "." in column:
        ledger, _, name = column.partition(".")
        if ledger not in parts_of(family):
            raise NotCorrectable(column=column)
    declared = COLUMNS[ledger].get(name)
    if declared is None or declared.computed or declared.kind is Kind.ENTRY:
        raise NotCorrectable(column=column)
    # The fold opens and closes the rows of a part: what identifies one cannot be corrected.
    if declared.merge is Merge.FIXED and DEFINITIONS[ledger].part_of:
        raise NotCorrectable(column=column)
    return declared


def correctable_by(access: Access, family: str, column: str, area_code: str) -> Column:
    """The declaration of a column that this person may correct in an area.

    Raises NotCorrectable, and NotYours for a restricted column without the role.
    """
    declared = correctable(family, column)
    is_restricted = declared.sensitivity is Sensitivity.RESTRICTED
    if is_restricted and not access.may(RESTRICTED, area_code):
        raise NotYours
    return declared


@across_areas(Crossing.DESK)
@transaction.atomic
def void(*, family: str, entry: UUID, reason: str, access: Access, at: datetime) -> DeskAct:
    """Take an entry out of its ledger until the act is undone.

    Takes the merge lock to the end of the transaction. Raises NoSuchEntry, NotYours,
    ActReasonMissing.
    """
    return store_act(ActKind.VOID, family, _subject(family, entry, access), reason, access, at)


@across_areas(Crossing.DESK)
@transaction.atomic
def undo(*, act: DeskAct, access: Access, at: datetime) -> DeskAct:
    """Undo a desk act: the ledgers become what they were without it. Agreement taken back is refusal from then on.

    An exception that the act resolved is open again.

    Takes the merge lock, then locks the act's row, both to the end of the transaction.
    Raises AlreadyDone, NotYours, OfferGoesOn for a suggestion about which more was decided.
    """
    take_merge_lock()
    act = DeskAct.objects.select_for_update().get(pk=act.pk)
    if act.undone_at is not None:
        raise AlreadyDone
    if not may_decide(access, act.family, act.area_code, _roles_for(act)):
        raise NotYours
    if act.kind == ActKind.SUGGEST and _has_gone_on(act):
        raise OfferGoesOn
    act.undone_at, act.undone_by_id = at, access.user_id
    act.save(update_fields=["undone_at", "undone_by"])
    reopen(LedgerException.objects.filter(act=act))
    if act.link is None:
        apply_act(act, at)
    else:
        settle_links([str(act.link)], office_day(at))
    record_decision(Act.DESK_ACT_UNDONE, act, access)
    return act


def _has_gone_on(act: DeskAct) -> bool:
    """Whether further acts on the entry stand: without what made it they would be about nothing."""
    entry = resolve(act.family, act.entry) or act.entry
    keys = IdentityKey.objects.filter(family=act.family, entry=entry).values("key")
    acts = DeskAct.objects.filter(family=act.family, entry__in=keys, undone_at=None)
    return acts.exclude(pk=act.pk).exists()


def _subject(family: str, entry: UUID, access: Access) -> Subject:
    """The entry that a uuid resolves to. Raises NoSuchEntry, NotYours."""
    resolved = resolve(family, entry) or entry
    area_code = (
        LEDGERS[family]
        ._default_manager.filter(pk=resolved)
        .values_list("area_code", flat=True)
        .first()
    )
    if area_code is None:
        raise NoSuchEntry(family=family, entry=entry)
    if not may_decide(access, family, area_code):
        raise NotYours
    return Subject(resolved, area_code)


def may_decide(
    access: Access, ledger: str, area_code: str, roles: frozenset[str] = REVIEWERS
) -> bool:
    """Whether the user may decide about an entry there; of a restricted ledger only with the restricted role."""
    is_open = not DEFINITIONS[ledger].is_restricted
    return access.may(roles, area_code) and (is_open or access.may(RESTRICTED, area_code))


def _roles_for(act: DeskAct) -> frozenset[str]:
    """Who may undo an act: who may do it."""
    if act.kind != ActKind.STATE:
        return REVIEWERS
    ledger, _, column = act.column.rpartition(".")
    machine = DEFINITIONS[ledger or act.family].machine_of(column)
    into = machine.into(act.value[act.column]) if machine and act.value else None
    return into.by if into and into.by else REVIEWERS
