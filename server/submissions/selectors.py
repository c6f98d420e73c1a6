"""Reads of submissions; access limits them to the user's areas."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
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

from server.accounts.access import RESTRICTED, REVEALERS, Access, within
from server.core.masking import mask_numbers
from server.core.sealing import unseal_document
from server.forms.models import Form, FormVersion
from server.submissions.answers import file_names
from server.submissions.filenames import compared
from server.submissions.instance import Instance
from server.submissions.models import (
    REASON_FOLLOWS,
    TO_REVIEW,
    Attachment,
    Comment,
    EncryptedVersion,
    ReviewDecision,
    ReviewOpening,
    Submission,
    SubmissionVersion,
    Verdict,
    Waiting,
)
from server.submissions.problems import NotRaw, UnknownSubmission

HELD: Final = ~Q(reason="") & ~Q(decision=Verdict.Decision.ACCEPTED)
"""Verdicts by which a version does not count."""


def without_held(versions: QuerySet[SubmissionVersion]) -> QuerySet[SubmissionVersion]:
    """The versions that no verdict holds."""
    return versions.exclude(Exists(Verdict.objects.filter(HELD, version=OuterRef("pk"))))


def submissions(access: Access) -> QuerySet[Submission]:
    """The submissions of the user's areas, newest first; without those that are held for another office or deleted."""
    return Submission.objects.filter(access.within(), current_version__isnull=False)


def with_awaiting(forms: QuerySet[Form], access: Access) -> QuerySet[Form]:
    """The forms with `n_to_review`, the user's submissions that wait for a decision, and `n_awaiting`, those that count once approved."""
    waiting = submissions(access).filter(form=OuterRef("pk"), review_state__in=TO_REVIEW)
    counted = waiting.order_by().values("form").annotate(count=Count("pk")).values("count")
    return forms.annotate(
        n_to_review=Coalesce(Subquery(counted), 0),
        n_awaiting=Case(
            When(needs_approval=True, then=Coalesce(Subquery(counted), 0)), default=Value(0)
        ),
    )


AWAITING: Final = Q(form__needs_approval=True, review_state__in=TO_REVIEW)
"""Submissions whose current version would count in the ledgers if approved."""


def versions_at_work(submission_ids: Iterable[int]) -> QuerySet[SubmissionVersion]:
    """The current versions of these submissions, and those that stay approved while an edit waits."""
    return SubmissionVersion.objects.filter(
        Q(current_of__isnull=False) | Q(approved_of__isnull=False),
        submission__in=list(submission_ids),
    )


def submission(access: Access, submission_id: int) -> Submission:
    """One submission with its form and current version. Raises UnknownSubmission."""
    row = (
        submissions(access)
        .select_related("form", "submitter", "current_version__form_version")
        .filter(pk=submission_id)
        .first()
    )
    if row is None:
        raise UnknownSubmission
    return row


def versions_of(submission: Submission) -> QuerySet[SubmissionVersion]:
    """The versions of a submission without those that are held for another office, in the order of receipt."""
    return without_held(submission.versions.order_by("pk"))


def may_have_raw(access: Access, submission: Submission) -> bool:
    """Whether the user may read document and files as received: those who may look behind masks, in its area.

    The rule of all doors (security.md, Areas and access; decision 0185).
    """
    return access.may(REVEALERS, submission.area_code)


def raw_submissions(access: Access) -> QuerySet[Submission]:
    """The submissions whose document and files the user may read as received."""
    return Submission.objects.filter(access.within(roles=REVEALERS), current_version__isnull=False)


def check_raw(access: Access, submission: Submission) -> None:
    """Raises NotRaw."""
    if not may_have_raw(access, submission):
        raise NotRaw


AUDIT_LOG: Final = "audit.csv"
"""Collect's log of how a form was filled in: it names the questions that were asked, and may hold their answers."""


def may_have_any_file(access: Access, area_code: str, name: str) -> bool:
    """Whether a user who may have raw records may have this file of whichever form: an audit log only with the restricted role."""
    return name != AUDIT_LOG or access.may(RESTRICTED, area_code)


def file_named(files: Iterable[Attachment], name: str) -> Attachment | None:
    """The file of exactly this name, else one whose name is the same but for the way letters are composed, or masked is this."""
    listed = list(files)
    alike = [file for file in listed if compared(file.name) == compared(name)]
    masked = (file for file in listed if mask_numbers(file.name) == name)
    exact = (file for file in alike if file.name == name)
    return next(exact, None) or next(iter(alike), None) or next(masked, None)


def of_form(form_id: str) -> Q:
    """The submissions of a form. Not by a join: PostgreSQL then reads the form's own part of an index, however rare the form is."""
    return Q(form=Subquery(Form.objects.filter(form_id=form_id).values("pk")[:1]))


def submissions_after(
    access: Access, form_id: str, areas: Iterable[str], after: int, most: int
) -> list[Submission]:
    """Up to `most` raw submissions of a form in these areas with an id above `after`, in the order of receipt."""
    if "\0" in form_id:
        return []
    rows = raw_submissions(access).filter(within(areas), of_form(form_id), pk__gt=after)
    return list(rows.only("pk", "instance_id").order_by("pk")[:most])


def submission_named(
    rows: QuerySet[Submission], form_id: str, instance_id: str
) -> Submission | None:
    """The one of these rows that has a version with the instanceID, with its current version; None without."""
    if "\0" in form_id + instance_id:
        return None
    version = SubmissionVersion.objects.filter(form__form_id=form_id, instance_id=instance_id)
    named = rows.filter(pk__in=version.values("submission"))
    heavy = (f"current_version__form_version__{name}" for name in ("xform", "mapping"))
    return named.select_related("current_version__form_version").defer(*heavy).first()


def records(access: Access, form_id: str) -> QuerySet[Submission]:
    """A form's submissions of the user's areas, with `updated_at`: when last edited or decided upon, null if never.

    Senders see their own also before the worker has placed it in an area.
    """
    mine = Q(submitter_id=access.user_id, area_code="", processed_at=None)
    return _with_updated_at(
        Submission.objects.filter(
            access.within() | mine, of_form(form_id), current_version__isnull=False
        )
    )


def record_taken(access: Access, submission_id: int) -> Submission | None:
    """A submission as the answer to its upload shows it; None when it is held, or stands in another area.

    What the worker has not placed yet is shown: it is what was just received.
    """
    fresh = Q(area_code="", processed_at=None)
    rows = Submission.objects.filter(access.within() | fresh, current_version__isnull=False)
    return _with_updated_at(rows).filter(pk=submission_id).first()


def _with_updated_at(rows: QuerySet[Submission]) -> QuerySet[Submission]:
    decided = ReviewDecision.objects.filter(submission=OuterRef("pk")).order_by()
    latest = decided.values("submission").annotate(at=Max("at")).values("at")
    edited = Case(
        When(~Q(current_version__deprecated_id=""), then=F("current_version__received_at"))
    )
    return rows.annotate(updated_at=Greatest(edited, Subquery(latest))).select_related(
        "submitter", "current_version__encrypted"
    )


def record(access: Access, form_id: str, instance_id: str) -> Submission:
    """One of `records` by the instanceID of any version. Raises UnknownSubmission."""
    versions = SubmissionVersion.objects.filter(form__form_id=form_id, instance_id=instance_id)
    row = records(access, form_id).filter(pk__in=versions.values("submission")).first()
    if row is None:
        raise UnknownSubmission
    return row


OPEN_FOR: Final = timedelta(minutes=10)
"""How long a record that somebody opened is taken to be open."""


def openings_of(submission: Submission, besides: int, at: datetime) -> list[ReviewOpening]:
    """Who else than this user opened the record within the last minutes, the latest first."""
    rows = submission.openings.filter(at__gt=at - OPEN_FOR).exclude(user=besides)
    return list(rows.select_related("user").order_by("-at"))


def comments_of(submission: Submission) -> list[Comment]:
    """The comments on a submission and the reasons of its decisions, newest first.

    A reason that the same person also posted as a comment is left out.
    """
    comments = list(submission.comments.select_related("user"))
    posted = {(comment.user_id, comment.body) for comment in comments}
    comments += [
        Comment(submission=submission, body=decision.reason, user=decision.user, at=decision.at)
        for decision in submission.decisions.select_related("user")
        if decision.reason not in ("", REASON_FOLLOWS)
        and (decision.user_id, decision.reason) not in posted
    ]
    return sorted(comments, key=lambda comment: comment.at, reverse=True)


def comment_as_reason(submission: Submission, user_id: int, since: datetime) -> str:
    """The user's last comment, as the reason of a decision that is made now; "" when there is none since `since`.

    Comments before the last decision or on an earlier version do not count.
    """
    version = submission.current_version
    assert version is not None  # noqa: S101 written in the same statement
    decided_at = submission.decisions.aggregate(at=Max("at"))["at"]
    begun = max(at for at in (since, version.received_at, decided_at) if at is not None)
    comment = submission.comments.filter(user_id=user_id, at__gt=begun).last()
    return comment.body if comment else ""


def decision_without_reason(
    submission: Submission, user_id: int, since: datetime
) -> ReviewDecision | None:
    """The last decision, if it holds, is the user's since `since`, and still waits for its reason."""
    last = submission.decisions.last()
    is_theirs = last is not None and last.user_id == user_id and last.at >= since
    if last is None or not is_theirs or last.reason != REASON_FOLLOWS:
        return None
    return last if last.state == submission.review_state else None


def record_counts(access: Access) -> dict[int, dict[str, Any]]:
    """Form id → {total, latest: time of the last receipt, states: count by review state}, of the user's areas."""
    rows = submissions(access).order_by().values_list("form_id", "review_state")
    by_form: dict[int, dict[str, Any]] = {}
    for form, state, count, latest in rows.annotate(count=Count("pk"), latest=Max("received_at")):
        counts = by_form.setdefault(form, {"total": 0, "latest": latest, "states": {}})
        counts["total"] += count
        counts["latest"] = max(counts["latest"], latest)
        counts["states"][state] = count
    return by_form


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
    """A version's files by name; of an encrypted version, decrypted files instead of the encrypted ones.

    An unencrypted file that came under the name of a decrypted one is left out: it is not signed.
    """
    return shown_files(Attachment.objects.filter(version=version_id)).order_by("name")


def missing_files(
    received: Instance, form_version: FormVersion, here: Iterable[Attachment]
) -> list[str]:
    """Names of files that an instance names and that have not arrived; `here` are its files as received."""
    named = received.envelope.media or file_names(received.root, form_version.questions)
    present = {compared(file.name) for file in here}
    return [name for name in named if compared(name) not in present]


def missing_files_of(
    version: SubmissionVersion | None, here: Iterable[Attachment], instances: Instances
) -> list[str]:
    """The same of a version; of an encrypted record, the encrypted files that it waits for."""
    if version is None:
        return []
    record: EncryptedVersion | None = getattr(version, "encrypted", None)
    if record is not None:
        return list(record.missing)
    return missing_files(instances.received(version), version.form_version, here)


def files_as_they_came(version: SubmissionVersion) -> QuerySet[Attachment]:
    """A version's files by name, as received; of an encrypted version, the encrypted ones."""
    return Attachment.objects.filter(version=version, opened_from=None).order_by("name")


def files_of_all(version_ids: Iterable[int | None]) -> QuerySet[Attachment]:
    """`files_of` several versions."""
    return shown_files(Attachment.objects.filter(version__in=list(version_ids))).order_by("pk")


def shown_files(files: QuerySet[Attachment]) -> QuerySet[Attachment]:
    """Of these files those that are shown: of an encrypted version, decrypted files instead of the encrypted ones."""
    signed = Attachment.objects.filter(
        version=OuterRef("version"), name=OuterRef("name"), opened_from__isnull=False
    )
    return files.filter(opened=None).exclude(Exists(signed), opened_from=None)


def waiting_count() -> int:
    """How many submissions wait for the worker."""
    return Waiting.objects.values("submission").distinct().count()
