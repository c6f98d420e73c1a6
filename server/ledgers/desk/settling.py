"""Resolving exceptions by acts, and undoing both as one (rules.md, Exceptions)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core.clock import office_day
from server.core.row_security import Crossing, across_areas
from server.ledgers.definitions.resolutions import Offer, Resolution, offers_of
from server.ledgers.definitions.vocabulary import (
    FOLDED_KINDS,
    PersonStatus,
)
from server.ledgers.desk.acts import (
    correct,
    correct_as_stored,
    correctable_by,
    mark_not_same,
    mark_same,
    undo,
    void,
)
from server.ledgers.desk.exceptions import open_to, reopen
from server.ledgers.desk.moves import move
from server.ledgers.desk.suggesting import record_of, row_moved
from server.ledgers.models import ContributionRow, DeskAct, LedgerException
from server.ledgers.problems import (
    AlreadyDone,
    NotOffered,
    NotYours,
    ResolutionLacks,
)
from server.ledgers.reading.entries import resolve
from server.ledgers.reading.exception_sources import sources_of
from server.ledgers.refolding.refold import refold
from server.ledgers.refolding.scope import ChangedEntries
from server.ledgers.storage.duplicates import reconcile_duplicates
from server.ledgers.storage.locks import take_merge_lock
from server.submissions.models import ReviewDecision, ReviewState
from server.submissions.services import review


@dataclass(frozen=True, slots=True)
class Choice:
    """The resolution that somebody takes, with what belongs to it."""

    resolution: Resolution = Resolution.NOTE
    source: int | None = None  # the contribution whose value is kept
    value: Any = None
    column: str = ""  # of a move, where an exception offers several machines
    to: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    evidence: Sequence[str] = ()


@across_areas(Crossing.DESK)
@transaction.atomic
def settle(
    *,
    exception: LedgerException,
    choice: Choice,
    note: str,
    user: User,
    access: Access,
    at: datetime,
) -> LedgerException:
    """Resolve an exception by one of its suggestions; `note` is the act's reason. Undone as one by `unsettle`.

    Takes the merge lock, unless the record's review alone changes, then locks the exception.
    Raises NotYours, AlreadyDone, ActReasonMissing, NotOffered, ResolutionLacks, and what the act raises.
    """
    resolution = choice.resolution
    offered = {offer.resolution: offer for offer in offers_of(exception.kind, exception.family)}
    if resolution not in offered:
        raise NotOffered
    reviewed = _REVIEWS.get(resolution)
    decision = None
    if reviewed is not None:
        decision = _review(exception, reviewed, note, user, access, at)
    elif resolution != Resolution.NOTE:
        take_merge_lock()
    exception = open_to(exception, note, access)
    exception.resolved_at, exception.resolved_by_id = at, user.pk
    exception.resolution, exception.resolved_as = note.strip(), resolution
    exception.decision = decision
    exception.save(
        update_fields=["resolved_at", "resolved_by", "resolution", "resolved_as", "decision"]
    )
    act = None
    if (do := _ACTS.get(resolution)) is not None:
        act = do(_Taken(exception, offered[resolution], choice, note, access, at))
        LedgerException.objects.filter(pk=exception.pk).update(act=act)
        exception.act = act
    record(
        Act.EXCEPTION_RESOLVED,
        actor=access,
        object_type=exception.family,
        object_id=exception.entry,
        area=exception.area_code,
        reason=note,
        facts={
            "exception": exception.pk,
            "kind": exception.kind,
            "resolution": str(resolution),
            "desk_act": act.pk if act is not None else None,
        },
    )
    return exception


@across_areas(Crossing.DESK)
@transaction.atomic
def unsettle(*, exception: LedgerException, user: User, access: Access, at: datetime) -> None:
    """Take back how an exception was resolved: the act, or the review of the record, and the resolution with it.

    The exception is open again where its cause still exists, else it is gone. Takes the merge lock.
    Raises NotYours, and AlreadyDone when it is open or the record was reviewed again since.
    """
    if not access.may(REVIEWERS, exception.area_code):
        raise NotYours
    decision = exception.decision
    if decision is not None:
        _review_again(decision, user, access, at)
    take_merge_lock()
    exception = LedgerException.objects.select_for_update().get(pk=exception.pk)
    if exception.resolved_at is None:
        raise AlreadyDone
    act = exception.act
    reopen(LedgerException.objects.filter(pk=exception.pk))
    if act is not None and act.undone_at is None:
        undo(act=act, access=access, at=at)
    else:
        _consider_again(exception, at)
    record(
        Act.EXCEPTION_REOPENED,
        actor=access,
        object_type=exception.family,
        object_id=exception.entry,
        area=exception.area_code,
        facts={"exception": exception.pk, "kind": exception.kind},
    )


@dataclass(frozen=True, slots=True)
class _Taken:
    """A resolution that is carried out."""

    exception: LedgerException
    offer: Offer
    choice: Choice
    note: str
    access: Access
    at: datetime

    @property
    def how(self) -> dict[str, Any]:
        """What every act takes."""
        return {"reason": self.note, "access": self.access, "at": self.at}

    @property
    def about(self) -> dict[str, Any]:
        """What every act about the exception's entry takes."""
        return {"family": self.exception.family, "entry": self.exception.entry, **self.how}

    @property
    def column(self) -> str:
        return self.offer.column or self.exception.column


def _keep(taken: _Taken) -> DeskAct:
    """Correct the column to the value of a source, which is taken as it is stored: nobody need see it whole."""
    if taken.choice.source is None:
        raise ResolutionLacks(needs="source")
    return _take_value(taken, taken.column, taken.choice.source)


def _name_former(taken: _Taken) -> DeskAct:
    return _take_value(taken, "former_name", taken.exception.contribution)


def _take_value(taken: _Taken, column: str, contribution: int) -> DeskAct:
    exception, access = taken.exception, taken.access
    correctable_by(access, exception.family, column, exception.area_code)
    usable = {item.contribution for item in sources_of(access, exception) if item.same_as}
    if contribution not in usable:
        raise ResolutionLacks(needs="source")
    values = ContributionRow.objects.get(pk=contribution).values
    given_as = exception.column
    return correct_as_stored(column=column, values=values, given_as=given_as, **taken.about)


def _correct(taken: _Taken) -> DeskAct:
    if taken.choice.value is None:
        raise ResolutionLacks(needs="value")
    return correct(column=taken.column, value=taken.choice.value, **taken.about)


def _revive(taken: _Taken) -> DeskAct:
    return correct(column=taken.column, value=PersonStatus.ACTIVE.value, **taken.about)


def _move(taken: _Taken) -> DeskAct:
    row, choice = row_moved(taken.exception, taken.column), taken.choice
    if row is None:
        raise NotOffered
    if not choice.to:
        raise ResolutionLacks(needs="to")
    if taken.offer.states and choice.to not in taken.offer.states:
        raise NotOffered
    return move(
        entry=row,
        to=choice.to,
        values=choice.values,
        evidence=choice.evidence,
        column=taken.column.rpartition(".")[2],
        **taken.how,
    )


def _relate(verdict: Callable[..., DeskAct]) -> Callable[[_Taken], DeskAct]:
    def do(taken: _Taken) -> DeskAct:
        other = taken.exception.other
        if other is None:
            raise NotOffered
        return verdict(other=other, **taken.about)

    return do


_ACTS: Mapping[Resolution, Callable[[_Taken], DeskAct]] = {
    Resolution.KEEP: _keep,
    Resolution.FORMER_NAME: _name_former,
    Resolution.CORRECT: _correct,
    Resolution.ALIVE: _revive,
    Resolution.MOVE: _move,
    Resolution.SAME: _relate(mark_same),
    Resolution.NOT_SAME: _relate(mark_not_same),
    Resolution.VOID: lambda taken: void(**taken.about),
}
_REVIEWS: Mapping[Resolution, ReviewState] = {
    Resolution.SEND_BACK: ReviewState.HAS_ISSUES,
    Resolution.REJECT: ReviewState.REJECTED,
}
"""The resolutions that review the record which raised the exception."""


def _review(
    exception: LedgerException,
    state: ReviewState,
    note: str,
    user: User,
    access: Access,
    at: datetime,
) -> ReviewDecision:
    submission = record_of(exception)
    if submission is None:
        raise NotOffered
    return review(
        submission=submission, state=state, reason=note, reviewer=user, access=access, at=at
    )


def _review_again(decision: ReviewDecision, user: User, access: Access, at: datetime) -> None:
    """Give the record the state that it had before the decision. Raises AlreadyDone when another followed."""
    decisions = list(decision.submission.decisions.order_by("-at", "-id")[:2])
    if decisions[0] != decision:
        raise AlreadyDone
    before = decisions[1].state if len(decisions) > 1 else ReviewState.RECEIVED
    reason = decisions[1].reason if len(decisions) > 1 else ""
    review(
        submission=decision.submission,
        state=before,
        reason=reason,
        reviewer=user,
        access=access,
        at=at,
    )


def _consider_again(exception: LedgerException, at: datetime) -> None:
    """Raise the reopened exception again, or let it go: what caused it may be no more."""
    entry = str(resolve(exception.family, exception.entry) or exception.entry)
    if exception.kind in FOLDED_KINDS:
        changed = ChangedEntries()
        changed.entries[exception.family].add(entry)
        refold(changed, office_day(at))
    elif exception.other is not None:
        other = str(resolve(exception.family, exception.other) or exception.other)
        reconcile_duplicates({exception.family: [entry, other]})
