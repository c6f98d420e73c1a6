"""Reads of what was received; nobody sees more than their areas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest

from server.accounts.access import REVEALERS, Access
from server.core import blobs
from server.core.sealing import unseal_document
from server.forms.models import EncryptionKey, Form, FormVersion
from server.submissions.answers import file_names
from server.submissions.filenames import flat
from server.submissions.instance import Instance
from server.submissions.models import (
    TO_REVIEW,
    Attachment,
    Comment,
    EncryptedVersion,
    ReviewDecision,
    Submission,
    SubmissionVersion,
    Waiting,
)
from server.submissions.problems import NotRaw, UnknownSubmission


def submissions(access: Access) -> QuerySet[Submission]:
    """The submissions of the user's areas, newest first."""
    return Submission.objects.filter(access.within())


def with_awaiting(forms: QuerySet[Form], access: Access) -> QuerySet[Form]:
    """The forms with `n_awaiting`: how many records of the user's areas count once somebody approves them."""
    waiting = submissions(access).filter(form=OuterRef("pk"), review_state__in=TO_REVIEW)
    counted = waiting.order_by().values("form").annotate(count=Count("pk")).values("count")
    return forms.annotate(
        n_awaiting=Case(
            When(needs_approval=True, then=Coalesce(Subquery(counted), 0)), default=Value(0)
        )
    )


AWAITING: Final = Q(form__needs_approval=True, review_state__in=TO_REVIEW)
"""Records whose current version counts in the ledgers once it is approved."""


def versions_at_work(submission_ids: Iterable[int]) -> QuerySet[SubmissionVersion]:
    """The current versions of these records, and those that stand approved while an edit waits."""
    return SubmissionVersion.objects.filter(
        Q(current_of__isnull=False) | Q(approved_of__isnull=False),
        submission__in=list(submission_ids),
    )


def submission(access: Access, submission_id: int) -> Submission:
    """One submission with its form and current version. Raises UnknownSubmission."""
    found = (
        submissions(access)
        .select_related("form", "submitter", "current_version__form_version")
        .filter(pk=submission_id)
        .first()
    )
    if found is None:
        raise UnknownSubmission
    return found


def may_have_raw(access: Access, submission: Submission) -> bool:
    """Whether the user may have the record as it was received, document and files.

    The one rule of all doors (decision 0185): who may look behind masks, in the record's area.
    """
    return access.may(REVEALERS, submission.area_code)


def raw_submissions(access: Access) -> QuerySet[Submission]:
    """The records the user may have as they were received."""
    return Submission.objects.filter(access.within(roles=REVEALERS))


def check_raw(access: Access, submission: Submission) -> None:
    """Raises NotRaw."""
    if not may_have_raw(access, submission):
        raise NotRaw


def file_as_received(access: Access, submission: Submission, name: str) -> Attachment | None:
    """A file of the current version by its name; None when it is not there. Raises NotRaw."""
    check_raw(access, submission)
    found = files_of(submission.current_version_id).filter(name=name).first()
    return found if found is not None and blobs.path_of(found.sha256).exists() else None


def submissions_after(access: Access, form_id: str, after: int, most: int) -> list[Submission]:
    """The next records of a form in the order of receipt, of those the user may have as they were received."""
    if "\0" in form_id:
        return []
    found = raw_submissions(access).filter(form__form_id=form_id, pk__gt=after)
    return list(found.only("pk", "instance_id").order_by("pk")[:most])


def submission_named(
    rows: QuerySet[Submission], form_id: str, instance_id: str
) -> Submission | None:
    """Of these, the record of that instanceID, the first one's or an edit's, with its current version."""
    if "\0" in form_id + instance_id:
        return None
    version = SubmissionVersion.objects.filter(form__form_id=form_id, instance_id=instance_id)
    found = rows.filter(pk__in=version.values("submission"))
    heavy = (f"current_version__form_version__{name}" for name in ("xform", "mapping"))
    return found.select_related("current_version__form_version").defer(*heavy).first()


def records(access: Access, form_id: str) -> QuerySet[Submission]:
    """A form's records of the user's areas, with `updated_at`: when last edited or decided upon, null if never.

    Who sent a record sees it also while the worker process has still to find out its area.
    """
    mine = Q(submitter_id=access.user_id, area_code="", processed_at=None)
    return _told_of(Submission.objects.filter(access.within() | mine, form__form_id=form_id))


def record_taken(submission_id: int) -> Submission:
    """A record as its sender is told of it, who holds the same bytes whatever their areas."""
    return _told_of(Submission.objects.all()).get(pk=submission_id)


def _told_of(rows: QuerySet[Submission]) -> QuerySet[Submission]:
    decided = ReviewDecision.objects.filter(submission=OuterRef("pk")).order_by()
    latest = decided.values("submission").annotate(at=Max("at")).values("at")
    edited = Case(
        When(~Q(current_version__deprecated_id=""), then=F("current_version__received_at"))
    )
    return rows.annotate(updated_at=Greatest(edited, Subquery(latest))).select_related(
        "submitter", "current_version__encrypted"
    )


def record(access: Access, form_id: str, instance_id: str) -> Submission:
    """One of them by the instanceID of its first version or of an edit. Raises UnknownSubmission."""
    versions = SubmissionVersion.objects.filter(form__form_id=form_id, instance_id=instance_id)
    found = records(access, form_id).filter(pk__in=versions.values("submission")).first()
    if found is None:
        raise UnknownSubmission
    return found


def comments_of(submission: Submission) -> list[Comment]:
    """What was said of a record, newest first: comments, and the reasons of decisions.

    A reason that its giver had posted as a comment before is told once.
    """
    said = list(submission.comments.select_related("user"))
    told = {(one.user_id, one.body) for one in said}
    reasons = submission.decisions.exclude(reason="").select_related("user")
    said += [
        Comment(submission=submission, body=one.reason, user=one.user, at=one.at)
        for one in reasons
        if (one.user_id, one.reason) not in told
    ]
    return sorted(said, key=lambda one: one.at, reverse=True)


def comment_as_reason(submission: Submission, user_id: int, since: datetime) -> str:
    """The last thing the user said of the record as it is now; "" when that was before `since`.

    What was said before the last decision, or of an earlier version, gives no reason for the next decision.
    """
    version = submission.current_version
    assert version is not None  # noqa: S101 written in the same statement
    decided = submission.decisions.aggregate(at=Max("at"))["at"]
    begun = max(at for at in (since, version.received_at, decided) if at is not None)
    found = submission.comments.filter(user_id=user_id, at__gt=begun).last()
    return found.body if found else ""


def record_counts(access: Access) -> dict[int, dict[str, Any]]:
    """Form → how many records the user's areas have of it by review state, and when the last came."""
    rows = submissions(access).order_by().values_list("form_id", "review_state")
    found: dict[int, dict[str, Any]] = {}
    for form, state, count, latest in rows.annotate(count=Count("pk"), latest=Max("received_at")):
        counts = found.setdefault(form, {"total": 0, "latest": latest, "states": {}})
        counts["total"] += count
        counts["latest"] = max(counts["latest"], latest)
        counts["states"][state] = count
    return found


def in_batches(
    rows: QuerySet[Submission],
    order: Sequence[tuple[str, bool]],
    after: Sequence[Any] = (),
    size: int = 100,
) -> Iterator[list[Submission]]:
    """All rows, a few at a time, each with `n_versions` and `n_files` of its current version.

    `order` names columns without nulls and whether they run downwards, the primary key
    last; `after` is a row's values of them, from which to go on. So pages neither repeat
    nor lose a record while others come in, and nothing is kept in memory or locked.
    """
    ordered = rows.order_by(*(f"{'-' if down else ''}{name}" for name, down in order))
    while True:
        left = ordered.filter(_behind(order, after)) if after else ordered
        batch = list(left[:size])
        if batch:
            count_versions_and_files(batch)
            yield batch
        if len(batch) < size:
            return
        after = place_of(batch[-1], order)


def place_of(row: Submission, order: Sequence[tuple[str, bool]]) -> tuple[Any, ...]:
    """A row's values of the columns it is ordered by."""
    return tuple(getattr(row, name) for name, _down in order)


def _behind(order: Sequence[tuple[str, bool]], after: Sequence[Any]) -> Q:
    found, same = Q(pk__in=()), Q()
    for (name, down), value in zip(order, after, strict=True):
        found |= same & Q(**{f"{name}__{'lt' if down else 'gt'}": value})
        same &= Q(**{name: value})
    return found


def count_versions_and_files(batch: Sequence[Submission]) -> None:
    """Give each row `n_versions`, and `n_files` of its current version. Two queries."""
    versions = _counts(SubmissionVersion.objects.filter(submission__in=batch), "submission")
    current = [row.current_version_id for row in batch]
    files = _counts(_shown(Attachment.objects.filter(version__in=current)), "version")
    for row in batch:
        row.n_versions = versions.get(row.pk, 1)  # type: ignore[attr-defined]
        row.n_files = files.get(row.current_version_id or 0, 0)  # type: ignore[attr-defined]


def _counts(rows: QuerySet[Any], by: str) -> Mapping[int, int]:
    return dict(rows.order_by().values_list(by).annotate(count=Count("pk")))


def document_of(version: SubmissionVersion) -> bytes:
    """The instance's bytes exactly as they were received."""
    return unseal_document(bytes(version.document))


class Instances:
    """Instances by version, each unsealed once as long as this value lives: for one page or one answer."""

    def __init__(self) -> None:
        self._received: dict[int, Instance] = {}
        self._answers: dict[int, Instance | None] = {}

    def received(self, version: SubmissionVersion) -> Instance:
        """The instance exactly as it was received."""
        if version.pk not in self._received:
            self._received[version.pk] = Instance(unseal_document(bytes(version.document)))
        return self._received[version.pk]

    def answers(self, version: SubmissionVersion) -> Instance | None:
        """The instance with the answers: as received, or decrypted; None while it is encrypted."""
        if version.pk not in self._answers:
            self._answers[version.pk] = self._read_answers(version)
        return self._answers[version.pk]

    def _read_answers(self, version: SubmissionVersion) -> Instance | None:
        encrypted: EncryptedVersion | None = getattr(version, "encrypted", None)
        if encrypted is not None:
            opened = encrypted.document
            return None if opened is None else Instance(unseal_document(bytes(opened)))
        received = self.received(version)
        return None if received.is_encrypted else received


def answers_of(version: SubmissionVersion) -> Instance | None:
    """The instance with the answers: as received, or decrypted; None while it is encrypted."""
    return Instances().answers(version)


def files_of(version_id: int | None) -> QuerySet[Attachment]:
    """A version's files by name; of one that arrived encrypted, the opened file instead.

    Then a file of that name which came beside it unencrypted is not shown: nobody signed it.
    """
    return _shown(Attachment.objects.filter(version=version_id)).order_by("name")


def missing_files(
    received: Instance, form_version: FormVersion, here: Iterable[Attachment]
) -> list[str]:
    """Files that an instance names and that have not come, or not yet; `here` are its files as they came."""
    named = received.envelope.media or file_names(received.root, form_version.questions)
    present = {file.name for file in here}
    return [name for name in named if flat(name) not in present]


def files_as_they_came(version: SubmissionVersion) -> QuerySet[Attachment]:
    """A version's files by name; of one that arrived encrypted, the encrypted ones."""
    return Attachment.objects.filter(version=version, opened_from=None).order_by("name")


def files_of_all(version_ids: Iterable[int | None]) -> QuerySet[Attachment]:
    """`files_of` several versions."""
    return _shown(Attachment.objects.filter(version__in=list(version_ids))).order_by("pk")


def _shown(files: QuerySet[Attachment]) -> QuerySet[Attachment]:
    signed = Attachment.objects.filter(
        version=OuterRef("version"), name=OuterRef("name"), opened_from__isnull=False
    )
    return files.filter(opened=None).exclude(Exists(signed), opened_from=None)


def waiting_count() -> int:
    """How many submissions the worker process has still to take up."""
    return Waiting.objects.values("submission").distinct().count()


def keys_awaited(access: Access, form_id: str) -> QuerySet[EncryptionKey]:
    """The keys by which records of the form that the user sees could still be opened; without the private halves."""
    sealed = EncryptedVersion.objects.filter(
        document=None, version__current_of__in=records(access, form_id).order_by().values("pk")
    )
    return EncryptionKey.objects.filter(pk__in=sealed.values("key")).defer("private_key")


def encrypted_counts() -> dict[int | None, dict[str, int]]:
    """How many records arrived encrypted, by key (None: no key of ours) and state."""
    counts: dict[int | None, dict[str, int]] = {}
    rows = EncryptedVersion.objects.values_list("key", "state").annotate(count=Count("pk"))
    for key, state, count in rows.order_by():
        counts.setdefault(key, {})[state] = count
    return counts
