"""Why an upload is refused, and why a request of office staff about submissions is.

Field workers read the first kind on their phones: what happened, and what to do.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class NotAnInstance(Problem):
    """The XML names no form, so it is no filled-in form."""

    type, status = "not-an-instance", 400
    title = _("This is not a filled-in form")
    template = _("What was sent does not name its form. Send it with ODK Collect.")


class NoInstanceId(Problem):
    """Without an instanceID a resend cannot be distinguished from a new record (openrosa.md, Submissions)."""

    type, status = "no-instance-id", 400
    title = _("The record has no instanceID")
    template = _(
        "The record of form {form_id} has no instanceID, so it cannot be told from others. Tell the office: the form needs a meta block."
    )


class InstanceIdTooLong(Problem):
    """The instanceID has more than the 249 characters that the standard allows."""

    type, status = "instance-id-too-long", 400
    title = _("The instanceID is too long")
    template = _("The record's instanceID is longer than {limit} characters. Tell the office.")


class UnknownForm(Problem):
    """No form with this ID was published here."""

    type, status = "unknown-form", 404
    title = _("The form is not known")
    template = _(
        "The form {form_id} is not known here. Keep the record, and ask the office whether the phone is set up for the right server."
    )


class UnknownFormVersion(Problem):
    """The form was published here, but not in this version."""

    type, status = "unknown-form-version", 404
    title = _("The form version is not known")
    template = _(
        "Version {version} of the form {form_id} is not known here. Keep the record, and tell the office; a copy is kept there."
    )


class FormClosed(Problem):
    """The form is closed and takes no more records."""

    type, status = "form-closed", 409
    title = _("The form is closed")
    template = _(
        "The form {form_id} takes no more records. Keep the record, and ask the office; a copy is kept there."
    )


class InstanceConflict(Problem):
    """This instanceID was already received with different content."""

    type, status = "instance-conflict", 409
    title = _("Received before with other content")
    template = _(
        "A record with this instanceID was received before with other content. Keep the record, and tell the office; a copy is kept there."
    )


class OriginalNotHere(Problem):
    """An edit arrived before the record that it edits; the phone sends it again by itself."""

    type, status = "original-not-here", 404
    title = _("The edited record is not here yet")
    template = _(
        "This is a correction of a record that has not arrived yet. Send the earlier record first, then this one again."
    )


class EditSuperseded(Problem):
    """An edit of a version that is not current any more: two people corrected one record."""

    type, status = "edit-superseded", 409
    title = _("Corrected before by another")
    template = _(
        "This record was corrected before from another place. Keep yours, and tell the office; a copy is kept there."
    )


class InstanceTooLarge(Problem):
    """The XML without its files is larger than the limit."""

    type, status = "instance-too-large", 413
    title = _("The record is too large")
    template = _("The record is larger than {limit_mb} MB without its files. Tell the office.")


class InstanceBusy(Problem):
    """Another request holds the lock of this record; the same request succeeds later."""

    type, status = "instance-busy", 423
    title = _("The record is being received")
    template = _("The record is just being received by another way. Send it again in a minute.")

    @property
    def retry_after(self) -> int | None:
        return 60


class LedgersBusy(Problem):
    """A batch is being merged, or the ledgers are being rebuilt; the same request succeeds later."""

    type, status = "ledgers-busy", 423
    title = _("The ledgers are just being worked on")
    template = _(
        "The ledgers are just being worked on; nothing was changed. Try again in a minute."
    )

    @property
    def retry_after(self) -> int | None:
        return 60


class UnknownSubmission(Problem):
    """No submission with this ID exists in the user's areas."""

    type, status = "unknown-submission", 404
    title = _("No such submission")
    template = _("There is no such submission in your areas.")


class NotRaw(Problem):
    """A record and its files as they were received go to street staff and administrators only (decision 0185)."""

    type, status = "not-raw", 403
    title = _("Not allowed")
    template = _("Records as they were received are given to street staff and administrators only.")


class MayNotReview(Problem):
    """Only reviewers of the record's area may decide about it."""

    type, status = "may-not-review", 403
    title = _("Not yours to decide")
    template = _("Only street staff of this area may decide on this submission.")


class DecidedUnseen(Problem):
    """The decision is about a version that is not current any more."""

    type, status = "decided-unseen", 409
    title = _("Corrected meanwhile")
    template = _(
        "This submission was corrected while you looked at it; nothing was decided. Open it again."
    )


class ReasonMissing(Problem):
    """This decision needs a reason."""

    type, status = "reason-missing", 400
    title = _("The reason is missing")
    template = _("Say why: the worker reads it.")


class CommentEmpty(Problem):
    """A comment needs a text."""

    type, status = "comment-empty", 400
    title = _("The comment is empty")
    template = _("Write something in the comment.")
