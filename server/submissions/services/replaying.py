"""Taking out of the quarantine what can be taken after all (decision 0130)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.core import blobs
from server.core.problems import Problem
from server.core.sealing import unseal_document
from server.forms.models import Form, FormVersion
from server.submissions import envelope as envelopes
from server.submissions.models import Quarantined, SubmissionVersion
from server.submissions.problems import (
    MayNotReview,
    OriginalNotHere,
    QuarantineSettled,
    ReasonMissing,
    UnknownForm,
    UnknownFormVersion,
)
from server.submissions.services.arriving import Arrival, Receipt, Sender
from server.submissions.services.files import from_dict
from server.submissions.services.quarantine import release
from server.submissions.services.receiving import take

WAITED_FOR_A_FORM = (UnknownForm.type, UnknownFormVersion.type)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of many: how many were taken, and why the others were not."""

    taken: int
    refused: dict[str, int]  # problem type → how many


def received_document(item: Quarantined) -> bytes:
    """The bytes exactly as they were received."""
    return unseal_document(bytes(item.document))


def document_to_take(item: Quarantined) -> bytes:
    """The last repair, else the bytes as they were received."""
    last = item.repairs.order_by("at", "pk").last()
    return unseal_document(bytes(last.document)) if last else received_document(item)


def replay(*, item: Quarantined, user: User | None, access: Access | None, at: datetime) -> Receipt:
    """Take the document as data, as if its phone sent it now.

    Goes the same way as an upload; a second replay, or a crash in between, finds the
    record there. `access` None is the programme itself. The time of receipt is now.
    Raises MayNotReview, QuarantineSettled, and whatever refuses the record; that is
    noted, and nothing else changes.
    """
    check(item, access)
    document = document_to_take(item)
    try:
        envelope = envelopes.parse(document)
        files = [from_dict(file) for file in item.attachments if _is_here(file["sha256"])]
        sender = Sender(
            user_id=item.submitter_id or (user.pk if user else 0),
            field_account_id=item.field_account_id,
            areas=(item.area,),
            device_id=item.device_id,
            user_agent=item.user_agent,
        )
        sha256 = hashlib.sha256(document).digest()
        receipt = take(Arrival(document, sha256, sender, at, envelope, files))
    except Problem as problem:
        Quarantined.objects.filter(pk=item.pk).update(tried_at=at, tried_reason=problem.type)
        raise
    _settle(item, user=user, at=at, taken_as=receipt.version_id)
    release([bytes(item.sha256)])
    return receipt


def replay_many(
    items: QuerySet[Quarantined], *, user: User | None, access: Access | None, at: datetime
) -> Replayed:
    """Replay one after the other, originals before their edits; one that fails holds up nobody."""
    taken, refused = 0, dict[str, int]()
    ids = list(items.filter(settled_at=None).order_by("received_at", "pk").values_list("pk"))
    later: list[int] = []
    for (pk,) in ids:
        outcome = _try(pk, user=user, access=access, at=at)
        if outcome == OriginalNotHere.type:
            later.append(pk)
        elif outcome:
            refused[outcome] = refused.get(outcome, 0) + 1
        else:
            taken += 1
    while later:  # edits that overtook: again, for as long as that helps
        still = [pk for pk in later if _try(pk, user=user, access=access, at=at)]
        taken += len(later) - len(still)
        if len(still) == len(later):
            refused[OriginalNotHere.type] = len(still)
            break
        later = still
    return Replayed(taken, refused)


def replay_ready(*, at: datetime) -> Replayed:
    """Replay all that waited for a form version or an original that has come meanwhile.

    What then fails for another reason is left to a person.
    """
    return replay_many(ready(), user=None, access=None, at=at)


def ready() -> QuerySet[Quarantined]:
    """What waited for something that is here now."""
    edition = FormVersion.objects.filter(
        form__form_id=OuterRef("form_id"), version=OuterRef("form_version")
    ).exclude(form__state=Form.State.CLOSED)
    original = SubmissionVersion.objects.filter(
        form__form_id=OuterRef("form_id"), instance_id=OuterRef("deprecated_id")
    )
    came = Q(Exists(edition), reason__in=WAITED_FOR_A_FORM) | Q(
        Exists(original), reason=OriginalNotHere.type
    )
    untried = Q(tried_reason="") | Q(tried_reason=F("reason"))
    return Quarantined.objects.filter(came, untried, settled_at=None)


def dismiss(*, item: Quarantined, reason: str, user: User, access: Access, at: datetime) -> None:
    """Decide that it is not taken, as when the first of two contents is right. It stays to be seen.

    Raises MayNotReview, QuarantineSettled, ReasonMissing.
    """
    check(item, access)
    if not reason.strip():
        raise ReasonMissing
    _settle(item, user=user, at=at, note=reason.strip())


def check(item: Quarantined, access: Access | None) -> None:
    """Raises MayNotReview, QuarantineSettled."""
    if access is not None and not access.may(REVIEWERS, item.area):
        raise MayNotReview
    if item.settled_at is not None:
        raise QuarantineSettled


def _try(pk: int, *, user: User | None, access: Access | None, at: datetime) -> str:
    """Replay one; "" when it was taken, else the problem's type."""
    item = Quarantined.objects.get(pk=pk)
    try:
        replay(item=item, user=user, access=access, at=at)
    except Problem as problem:
        return problem.type
    return ""


def _settle(
    item: Quarantined,
    *,
    user: User | None,
    at: datetime,
    taken_as: int | None = None,
    note: str = "",
) -> None:
    Quarantined.objects.filter(pk=item.pk, settled_at=None).update(
        settled_at=at, settled_by=user, taken_as=taken_as, settled_note=note
    )


def _is_here(sha256: str) -> bool:
    return blobs.path_of(bytes.fromhex(sha256)).exists()
