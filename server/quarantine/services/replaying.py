"""Taking out of the quarantine what can be taken after all (decision 0130)."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from server.accounts.access import Access
from server.accounts.models import User
from server.core.problems import Problem
from server.core.sealing import unseal_document
from server.quarantine.models import Quarantined
from server.quarantine.replayable import edits_waiting_for, ready
from server.quarantine.services.quarantining import files_here
from server.quarantine.services.queueing import queue_replay
from server.quarantine.services.releasing import release
from server.quarantine.services.resolving import check_open, mark_accepted
from server.submissions import envelope as envelopes
from server.submissions.models import SubmissionVersion
from server.submissions.problems import InstanceBusy, OriginalNotHere
from server.submissions.services.attaching import add_later
from server.submissions.services.receiving import accept
from server.submissions.services.uploads import ParsedUpload, Receipt, Sender


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of many: how many were taken, and why the others were not."""

    taken: int
    refused: dict[str, int]  # problem type → how many


def received_document(item: Quarantined) -> bytes:
    """The bytes exactly as they were received."""
    return unseal_document(bytes(item.document))


def document_to_replay(item: Quarantined) -> bytes:
    """The last repair, else the bytes as they were received."""
    last = item.repairs.order_by("at", "pk").last()
    return unseal_document(bytes(last.document)) if last else received_document(item)


def replay(*, item: Quarantined, user: User | None, access: Access | None, at: datetime) -> Receipt:
    """Take the document as data, as if its phone sent it now.

    Goes the same way as an upload; a second replay, or a crash in between, finds the
    record there. `access` None is the programme itself. The time of receipt is now, but
    of a record moved from elsewhere the time when it was received there.
    Raises MayNotReview, AlreadyResolved, InstanceBusy, and whatever refuses the record;
    that is noted, and nothing else changes.
    """
    check_open(item, access)
    try:
        receipt = _taken_meanwhile(item, at) or _take(item, user, at)
    except InstanceBusy:  # says nothing about the record: it is tried again
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
    """Replay one after the other, originals before their edits; one that fails holds up nobody."""
    outcomes: dict[int, str | None] = {}
    left = list(
        items.filter(resolved_at=None).order_by("received_at", "pk").values_list("pk", flat=True)
    )
    while left:  # edits that overtook: again, for as long as that helps
        tried = {pk: _try(pk, user=user, access=access, at=at) for pk in left}
        outcomes |= tried
        later = [pk for pk, outcome in tried.items() if outcome == OriginalNotHere.type]
        if len(later) == len(left):
            break
        left = later
    refused = Counter(outcome for outcome in outcomes.values() if outcome)
    return Replayed(list(outcomes.values()).count(""), dict(refused))


def replay_ready(*, at: datetime) -> Replayed:
    """Replay all that waited for a form version or an original that has come meanwhile.

    What then fails for another reason is left to a person.
    """
    return replay_many(ready(), user=None, access=None, at=at)


def _take(item: Quarantined, user: User | None, at: datetime) -> Receipt:
    document = document_to_replay(item)
    envelope = envelopes.parse(document)
    sender = Sender(
        user_id=item.submitter_id or (user.pk if user else 0),
        field_account_id=item.field_account_id,
        areas=(item.area,),
        device_id=item.device_id,
        user_agent=item.user_agent,
    )
    sha256 = hashlib.sha256(document).digest()
    received_at = item.first_received_at or at
    return accept(ParsedUpload(document, sha256, files_here(item), sender, received_at, envelope))


def _taken_meanwhile(item: Quarantined, at: datetime) -> Receipt | None:
    """Answer with the record that the received bytes became while they were being repaired."""
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
    """Replay one; "" when it was taken, None when another's replay settled it, else the problem's type."""
    item = Quarantined.objects.filter(pk=pk, resolved_at=None).first()
    if item is None:
        return None
    try:
        replay(item=item, user=user, access=access, at=at)
    except Problem as problem:
        return problem.type
    return ""
