"""Storing a desk act and folding what it changes: the part that all acts about entries share."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from server.accounts.access import Access
from server.audit.models import Act
from server.audit.services import record
from server.core.clock import office_day
from server.ledgers.definitions.vocabulary import ActKind
from server.ledgers.identity.likeness import WEIGHTS
from server.ledgers.models import DeskAct
from server.ledgers.problems import ActReasonMissing
from server.ledgers.reading.entries import resolve
from server.ledgers.refolding.refold import replace_contributions
from server.ledgers.storage.contributions import contributions_with_ids
from server.ledgers.storage.desk_acts import contribution_id_of_act, contributions_of_acts
from server.ledgers.storage.duplicates import reconcile_duplicates
from server.ledgers.storage.locks import take_merge_lock


class Subject(NamedTuple):
    """A live entry that the user may decide about."""

    entry: UUID
    area_code: str


def store_act(
    kind: ActKind,
    family: str,
    subject: Subject,
    reason: str,
    access: Access,
    at: datetime,
    **details: Any,
) -> DeskAct:
    """Store the act, under the merge lock, and fold what it changes. Raises ActReasonMissing."""
    if not reason.strip():
        raise ActReasonMissing
    take_merge_lock()
    act = DeskAct.objects.create(
        kind=kind,
        family=family,
        entry=subject.entry,
        area_code=subject.area_code,
        reason=reason,
        user_id=access.user_id,
        at=at,
        **details,
    )
    apply_act(act, at)
    record_decision(Act.DESK_ACT, act, access, reason=act.reason)
    return act


def record_decision(done: Act, act: DeskAct, access: Access, reason: str = "") -> None:
    """Record that something was decided about an entry; what, stays with the desk act, for whoever may see it."""
    record(
        done,
        actor=access,
        object_type=act.family,
        object_id=act.entry,
        area=act.area_code,
        reason=reason,
        facts={"desk_act": act.pk, "kind": act.kind, "other": act.other},
    )


def apply_act(act: DeskAct, at: datetime) -> None:
    """Bring the ledgers in step with an act that was done or undone."""
    replace_contributions(
        contributions_with_ids([contribution_id_of_act(act)]),
        contributions_of_acts([act]),
        office_day(at),
    )
    if act.kind == ActKind.NOT_SAME and act.family in WEIGHTS and act.other is not None:
        pair = [str(resolve(act.family, uuid) or uuid) for uuid in (act.entry, act.other)]
        reconcile_duplicates({act.family: pair})
