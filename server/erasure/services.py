"""Asking for erasures, deciding about them, and carrying them out (decision 0286)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from server.accounts.access import ADMINISTRATORS, Access
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core import blobs
from server.core.clock import office_day
from server.core.problems import ReasonMissing
from server.core.row_security import Crossing, across_areas
from server.corrections import services as corrections
from server.erasure.models import Erasure
from server.erasure.problems import (
    AlreadyAsked,
    AlreadyDecided,
    MayNotErase,
    NothingToErase,
    OwnRequest,
)
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.selectors import entries_about_person, records_of, resolve
from server.ledgers.selectors import persons as visible_persons
from server.ledgers.services import forget_person, forget_withdrawn, merge_submissions
from server.quarantine.services import forget_documents, is_named
from server.reports.facts.keeping import forget as forget_facts
from server.submissions.models import Submission
from server.submissions.services.erasing import erase_parts, erase_submission

UNTOUCHED: Final = timedelta(hours=1)
"""Blobs stored later than this before now stay for a while: the same bytes may belong to an upload that is not committed."""


@transaction.atomic
def ask_for_submission(
    *, submission: Submission, cause: str, reason: str, user: User, access: Access, at: datetime
) -> Erasure:
    """Ask that a record is erased with all its versions and files. Raises MayNotErase, ReasonMissing, AlreadyAsked."""
    return _ask(
        Erasure(
            subject=Erasure.Subject.SUBMISSION,
            submission=submission,
            area_code=submission.area_code,
            cause=Erasure.Cause(cause),
            reason=reason.strip(),
            asked_by=user,
            asked_at=at,
        ),
        user,
        access,
    )


@transaction.atomic
def ask_for_person(
    *, person: UUID, cause: str, reason: str, user: User, access: Access, at: datetime
) -> Erasure:
    """Ask that all that records say of a person is erased.

    Raises MayNotErase, ReasonMissing, AlreadyAsked; NothingToErase for a person who is not
    in the ledger of the user's areas.
    """
    entry = resolve(Family.PERSON, person) or person
    row = visible_persons(access).filter(pk=entry).first()
    if row is None:
        raise NothingToErase
    return _ask(
        Erasure(
            subject=Erasure.Subject.PERSON,
            person=entry,
            area_code=row.area_code,
            cause=Erasure.Cause(cause),
            reason=reason.strip(),
            asked_by=user,
            asked_at=at,
        ),
        user,
        access,
    )


def _ask(erasure: Erasure, user: User, access: Access) -> Erasure:
    if not access.may(ADMINISTRATORS, erasure.area_code):
        raise MayNotErase
    if not erasure.reason:
        raise ReasonMissing
    try:
        with transaction.atomic():
            erasure.save()
    except IntegrityError:
        raise AlreadyAsked from None
    _record(Act.ERASURE_ASKED, erasure, user, reason=erasure.reason)
    return erasure


@across_areas(Crossing.ERASURE)
@transaction.atomic
def consent(*, erasure: Erasure, user: User, access: Access, at: datetime) -> Erasure:
    """Erase what was asked for: documents and ledger rows at once, files when the worker comes to them (`finish_all`).

    Cannot be undone. Locks the erasure, the pipeline and the submissions, and takes the
    merge lock, all to the end of the transaction. Raises
    MayNotErase, OwnRequest, AlreadyDecided, NotRedactable.
    """
    row = _decidable(erasure, access)
    if row.asked_by_id == user.pk:
        raise OwnRequest
    hashes: set[bytes] = set()
    erased: list[int] = []
    about: dict[str, set[UUID]] = {} if row.person is None else entries_about_person(row.person)
    records = _records_of(row, about)
    correcting: set[int] = set()
    for submission, paths in records.items():
        if paths is None:
            correcting |= corrections.erase_submission(submission)
            hashes |= erase_submission(submission, at=at)
        else:
            correcting |= corrections.erase_parts(submission, paths)
            hashes |= erase_parts(submission, paths, at=at)
        hashes |= forget_documents(submission)
        row.n_submissions += 1
        erased.append(submission)
    for submission in sorted(correcting - records.keys()):
        hashes |= erase_submission(submission, at=at) | forget_documents(submission)
        row.n_submissions += 1
        erased.append(submission)
    merge_submissions(submission_ids=erased, as_of=office_day(at), judging=False)
    forget_withdrawn(erased)
    if row.person is not None:
        forget_person(row.person, about, at=at)
        forget_facts([row.person, *(entry for entries in about.values() for entry in entries)])
    row.files = sorted(sha256.hex() for sha256 in hashes)
    row.n_files = len(hashes)
    row.state, row.decided_by, row.decided_at = Erasure.State.CONSENTED, user, at
    row.save()
    _record(Act.ERASED, row, user, reason=row.reason)
    return row


@transaction.atomic
def refuse(*, erasure: Erasure, user: User, access: Access, at: datetime) -> Erasure:
    """Refuse an erasure; whoever asked withdraws it by the same call. Raises MayNotErase, AlreadyDecided."""
    row = _decidable(erasure, access)
    is_own = row.asked_by_id == user.pk
    row.state = Erasure.State.WITHDRAWN if is_own else Erasure.State.REFUSED
    row.decided_by, row.decided_at = user, at
    row.save()
    _record(Act.ERASURE_REFUSED, row, user)
    return row


def _decidable(erasure: Erasure, access: Access) -> Erasure:
    row = Erasure.objects.select_for_update().get(pk=erasure.pk)
    if not access.may(ADMINISTRATORS, row.area_code):
        raise MayNotErase
    if row.state != Erasure.State.ASKED:
        raise AlreadyDecided
    return row


def _records_of(erasure: Erasure, about: dict[str, set[UUID]]) -> dict[int, set[str] | None]:
    """Submission → the paths of the repeat instances to erase; None: the whole submission."""
    if erasure.submission_id is not None:
        return {erasure.submission_id: None}
    parts: dict[int, set[str] | None] = defaultdict(set)
    for submission, path in records_of(about):
        paths = parts[submission]
        if not path.endswith("]"):  # the record as a whole is about the person
            parts[submission] = None
        elif paths is not None:
            paths.add(path)
    return dict(parts)


def finish_all(*, at: datetime) -> int:
    """Delete the files of what was erased. Returns how many erasures are done with that.

    Each by itself; what is interrupted is finished by the next call.
    """
    rows = Erasure.objects.filter(state=Erasure.State.CONSENTED).order_by("pk")
    return sum(_finish(row, at) for row in rows)


def _finish(erasure: Erasure, at: datetime) -> bool:
    untouched_since_ns = int((at - UNTOUCHED).timestamp()) * 1_000_000_000
    left = []
    for name in erasure.files:
        sha256 = bytes.fromhex(name)
        if is_named(sha256):
            continue  # another record has the same file
        _delete_preview(name)
        blobs.discard(sha256, untouched_since_ns=untouched_since_ns)
        if blobs.exists(sha256):
            left.append(name)
    erasure.files = left
    if not left:
        erasure.state, erasure.done_at = Erasure.State.DONE, at
    erasure.save(update_fields=["files", "state", "done_at"])
    return not left


def _delete_preview(name: str) -> None:
    """Delete the small pictures that the console has drawn of a blob."""
    folder = Path(settings.BLOB_ROOT) / "thumbnails" / name[:2]
    for picture in folder.glob(f"{name}-*"):
        picture.unlink(missing_ok=True)


def _record(act: Act, erasure: Erasure, user: User, reason: str = "") -> None:
    about = erasure.submission_id if erasure.person is None else erasure.person
    record(
        act,
        actor=user,
        object_type=erasure.subject,
        object_id=about,
        area=erasure.area_code,
        reason=reason,
        facts={
            "erasure": erasure.pk,
            "cause": erasure.cause,
            "submissions": erasure.n_submissions,
            "files": erasure.n_files,
        },
    )
