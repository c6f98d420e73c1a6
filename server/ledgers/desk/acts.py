"""Desk acts: what a person decides about ledger entries. Each is a contribution and can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from server.accounts.access import REVIEWERS, Access
from server.core.clock import office_day
from server.ledgers.definitions.columns import Kind, Merge
from server.ledgers.definitions.ledgers import COLUMNS, LEDGERS, parts_of
from server.ledgers.definitions.vocabulary import ActKind
from server.ledgers.desk.values import plain_value
from server.ledgers.intake.contribute import sealed_values
from server.ledgers.models import DeskAct
from server.ledgers.problems import (
    AlreadyDone,
    NoSuchEntry,
    NotCorrectable,
    NotYours,
    ReasonMissing,
)
from server.ledgers.reading.entries import resolve
from server.ledgers.refolding.exceptions import settle_duplicates
from server.ledgers.refolding.refold import lock, replace
from server.ledgers.storage.contributions import contributions_with_ids
from server.ledgers.storage.desk_acts import contribution_of_act


@transaction.atomic
def mark_same(
    *, family: str, entry: UUID, other: UUID, reason: str, access: Access, at: datetime
) -> DeskAct:
    """Two entries are one. Raises NoSuchEntry, NotYours, ReasonMissing, AlreadyDone."""
    first, second = _entry(family, entry, access), _entry(family, other, access)
    if first[0] == second[0]:
        raise AlreadyDone
    return _do(
        DeskAct(
            kind=ActKind.SAME,
            family=family,
            entry=first[0],
            other=second[0],
            area_code=first[1],
            reason=reason,
            user_id=access.user_id,
            at=at,
        )
    )


@transaction.atomic
def mark_not_same(
    *, family: str, entry: UUID, other: UUID, reason: str, access: Access, at: datetime
) -> DeskAct:
    """Two entries that look alike are different; they are not proposed again."""
    first, second = _entry(family, entry, access), _entry(family, other, access)
    act = _do(
        DeskAct(
            kind=ActKind.NOT_SAME,
            family=family,
            entry=first[0],
            other=second[0],
            area_code=first[1],
            reason=reason,
            user_id=access.user_id,
            at=at,
        )
    )
    return act


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
    """Say what a column's value is. It has the weight of a street review (V3) at this moment.

    `column` may be of a spell or case of the person or household ("case.state"): it then
    speaks of the one that is current. Raises NotCorrectable, BadValue and as above.
    """
    found, area = _entry(family, entry, access)
    name, ledger = column, family
    if "." in column:
        ledger, name = column.split(".", 1)
        if ledger not in parts_of(family):
            raise NotCorrectable(column=column)
    declared = COLUMNS[ledger].get(name)
    if declared is None or declared.computed or declared.kind is Kind.ENTRY:
        raise NotCorrectable(column=column)
    if declared.merge is Merge.FIXED and ledger in ("spell", "case"):
        raise NotCorrectable(column=column)
    value = plain_value(declared, value, office_day(at))
    return _do(
        DeskAct(
            kind=ActKind.CORRECT,
            family=family,
            entry=found,
            column=column,
            value=sealed_values(family, {column: value}),
            area_code=area,
            reason=reason,
            user_id=access.user_id,
            at=at,
        )
    )


@transaction.atomic
def void(*, family: str, entry: UUID, reason: str, access: Access, at: datetime) -> DeskAct:
    """Take an entry out of its ledger (domain §2 L5: a void needs a reason)."""
    found, area = _entry(family, entry, access)
    return _do(
        DeskAct(
            kind=ActKind.VOID,
            family=family,
            entry=found,
            area_code=area,
            reason=reason,
            user_id=access.user_id,
            at=at,
        )
    )


@transaction.atomic
def undo(*, act: DeskAct, access: Access, at: datetime) -> DeskAct:
    """Take a desk act back: the ledgers become what they were without it. Raises AlreadyDone, NotYours."""
    lock()
    act = DeskAct.objects.select_for_update().get(pk=act.pk)
    if act.undone_at is not None:
        raise AlreadyDone
    if not access.may(REVIEWERS, act.area_code):
        raise NotYours
    act.undone_at, act.undone_by_id = at, access.user_id
    act.save(update_fields=["undone_at", "undone_by"])
    _apply([act], at)
    return act


def _entry(family: str, entry: UUID, access: Access) -> tuple[UUID, str]:
    """The entry a uuid leads to and its area, if the user may act on it."""
    found = resolve(family, entry) or entry
    area = (
        LEDGERS[family]
        ._default_manager.filter(pk=found)
        .values_list("area_code", flat=True)
        .first()
    )
    if area is None:
        raise NoSuchEntry(family=family, entry=entry)
    if not access.may(REVIEWERS, area):
        raise NotYours
    return found, area


def _do(act: DeskAct) -> DeskAct:
    if not act.reason.strip():
        raise ReasonMissing
    lock()
    act.save(force_insert=True)
    _apply([act], act.at)
    return act


def _apply(acts: Sequence[DeskAct], at: datetime) -> None:
    said = [one for act in acts if (one := contribution_of_act(act)) is not None]
    replace(contributions_with_ids(-act.pk for act in acts), said, office_day(at))
    for act in acts:
        if act.kind == ActKind.NOT_SAME and act.family == "person":
            settle_duplicates(
                str(resolve("person", uuid) or uuid) for uuid in (act.entry, act.other) if uuid
            )
