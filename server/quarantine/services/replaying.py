"""Replays quarantined documents: accepts them as submissions, as if their phone sent them now (decision 0130)."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import override

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.core.problems import Problem
from server.core.row_security import Crossing, across_areas
from server.core.sealing import unseal_document
from server.quarantine.models import Quarantined
from server.quarantine.problems import NeedsPerson
from server.quarantine.replayable import edits_waiting_for, replayable
from server.quarantine.services.quarantining import files_here
from server.quarantine.services.queueing import queue_replay
from server.quarantine.services.releasing import release
from server.quarantine.services.resolving import check_open, mark_accepted
from server.submissions import envelope as envelopes
from server.submissions.models import SubmissionVersion, Verdict
from server.submissions.problems import InstanceBusy, OriginalNotHere, OriginalOutside
from server.submissions.services.attaching import add_later
from server.submissions.services.holding import accept_held
from server.submissions.services.receiving import accept
from server.submissions.services.uploads import ParsedUpload, Receipt, Sender


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result of replaying several items."""

    accepted: int
    refused: dict[str, int]  # problem type → number of items


def received_document(item: Quarantined) -> bytes:
    """The document exactly as it was received."""
    return unseal_document(bytes(item.document))


def document_to_replay(item: Quarantined) -> bytes:
    """The last repair, else the document as it was received."""
    last = item.repairs.order_by("at", "pk").last()
    return unseal_document(bytes(last.document)) if last else received_document(item)


@across_areas(Crossing.QUARANTINE)
def replay(*, item: Quarantined, user: User | None, access: Access | None, at: datetime) -> Receipt:
    """Accept the document as if its phone sent it now, and resolve the item.

    After a crash in between, a second replay finds the submission there. `access` None is
    the programme itself. The version's time of receipt is `at`; of a record moved from
    another server, the time when it was received there. The record is judged by the areas of
    its sender and of the person; after a repair, which is the person's word, by the person's
    alone. Of a held record, the version counts from now on. Raises MayNotReview,
    AlreadyResolved, InstanceBusy, NeedsPerson, and as `accept`: then the refusal is stored on the item
    (tried_at, tried_reason), and nothing else.
    """
    check_open(item, access)
    if item.verdict is not None:
        return _let_held_count(item, item.verdict, user, access, at)
    try:
        receipt = _received_meanwhile(item, at) or _accept(item, user, access, at)
    except InstanceBusy:  # no refusal of the record: it is tried again
        raise
    except OriginalOutside as outside:
        _note_outside(item, outside, at)
        raise
    except Problem as problem:
        Quarantined.objects.filter(pk=item.pk).update(tried_at=at, tried_reason=problem.type)
        raise
    mark_accepted(item, version_id=receipt.version_id, user=user, at=at)
    release({bytes(item.sha256): receipt.version_id}, at=at)
    if edits_waiting_for([item.instance_id]).exists():
        queue_replay()
    return receipt


def replay_many(
    items: QuerySet[Quarantined], *, user: User | None, access: Access | None, at: datetime
) -> Replayed:
    """Replay the open ones of these items, each by itself, in the order of receipt; edits again after their originals."""
    outcomes: dict[int, str | None] = {}
    pending = list(
        items.filter(resolved_at=None).order_by("received_at", "pk").values_list("pk", flat=True)
    )
    while pending:  # edits whose original is among these: again, as long as that helps
        tried = {pk: _try(pk, user=user, access=access, at=at) for pk in pending}
        outcomes |= tried
        later = [pk for pk, outcome in tried.items() if outcome == OriginalNotHere.type]
        if len(later) == len(pending):
            break
        pending = later
    refused = Counter(outcome for outcome in outcomes.values() if outcome)
    return Replayed(list(outcomes.values()).count(""), dict(refused))


def replay_ready(*, at: datetime) -> Replayed:
    """Replay the items whose form version or original has come. One that fails for another reason waits for office staff."""
    return replay_many(replayable(), user=None, access=None, at=at)


def _let_held_count(
    item: Quarantined, verdict: Verdict, user: User | None, access: Access | None, at: datetime
) -> Receipt:
    if user is None or access is None:
        raise NeedsPerson(area=verdict.area)
    receipt = accept_held(verdict=verdict, user=user, access=access, at=at)
    mark_accepted(item, version_id=receipt.version_id, user=user, at=at)
    return receipt


def _note_outside(item: Quarantined, outside: OriginalOutside, at: datetime) -> None:
    """Give an unrepaired item to the office of the record that it corrects; a repaired one stays where it was repaired."""
    noted = {"tried_at": at, "tried_reason": outside.type}
    copies = Quarantined.objects.filter(sha256=item.sha256, reason=outside.type, verdict=None)
    if not item.repairs.exists() and item.reason != outside.type and not copies.exists():
        with override("en"):
            detail = str(outside)
        noted |= {
            "reason": outside.type,
            "area": outside.data["area"],
            "facts": outside.data,
            "detail": detail,
        }
    Quarantined.objects.filter(pk=item.pk).update(**noted)


def _areas(item: Quarantined, access: Access | None) -> tuple[str, ...]:
    """The areas that a replay is judged by."""
    own = set(access.areas(REVIEWERS)) if access is not None else set()
    if access is None or not item.repairs.exists():
        own |= set(item.sender_areas or [item.sender_area or item.area])
    return tuple(sorted(own))


def _accept(item: Quarantined, user: User | None, access: Access | None, at: datetime) -> Receipt:
    document = document_to_replay(item)
    envelope = envelopes.parse(document)
    sender = Sender(
        user_id=item.submitter_id or (user.pk if user else 0),
        field_account_id=item.field_account_id,
        areas=_areas(item, access),
        history=() if item.repairs.exists() else tuple(item.sender_history),
        device_id=item.device_id,
        user_agent=item.user_agent,
    )
    sha256 = hashlib.sha256(document).digest()
    received_at = item.first_received_at or at
    return accept(ParsedUpload(document, sha256, files_here(item), sender, received_at, envelope))


def _received_meanwhile(item: Quarantined, at: datetime) -> Receipt | None:
    """The version that the unrepaired bytes became, if their phone got them in while staff repaired them."""
    if not item.repairs.exists():
        return None
    version = SubmissionVersion.objects.filter(
        form__form_id=item.form_id, instance_id=item.instance_id, sha256=item.sha256
    ).first()
    if version is None:
        return None
    with transaction.atomic():
        return add_later(files_here(item), version, at)


def _try(pk: int, *, user: User | None, access: Access | None, at: datetime) -> str | None:
    """Replay one item: "" when it was accepted, None when another request resolved it, else the problem's type."""
    item = Quarantined.objects.filter(pk=pk, resolved_at=None).first()
    if item is None:
        return None
    try:
        replay(item=item, user=user, access=access, at=at)
    except Problem as problem:
        return problem.type
    return ""
