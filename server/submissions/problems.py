"""Why an upload is refused, and why a request of office staff about submissions is.

Field workers read the first kind on their phones: what happened, and what to do.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class NotAnInstance(Problem):
    """The XML has no form id, so it is not a filled-in form."""

    type, status = "not-an-instance", 400
    title = _("This is not a filled-in form")
    template = _(
        "What was sent does not say which form it belongs to. Send filled-in forms with ODK Collect."
    )


class NoInstanceId(Problem):
    """The record has no instanceID, without which a resend cannot be told from a new record."""

    type, status = "no-instance-id", 400
    title = _("The record has no instanceID")
    template = _(
        "The record of form {form_id} has no instanceID, so it cannot be told from other records. Tell the office: the form needs a meta block."
    )


class InstanceIdTooLong(Problem):
    """The instanceID has more than the 249 characters that the OpenRosa standard allows."""

    type, status = "instance-id-too-long", 400
    title = _("The instanceID is too long")
    template = _("The record's instanceID is longer than {limit} characters. Tell the office.")


class UnknownForm(Problem):
    """No form with this form_id has been published on this server."""

    type, status = "unknown-form", 404
    title = _("The form is not known")
    template = _(
        "The form {form_id} is not known here. Keep the record on the phone, and ask the office whether the phone is set up for the right server."
    )


class UnknownFormVersion(Problem):
    """The form has been published on this server, but not in this version."""

    type, status = "unknown-form-version", 404
    title = _("The form version is not known")
    template = _(
        "Version {version} of the form {form_id} is not known here. Keep the record on the phone, and tell the office; the server has kept a copy."
    )


class FormClosed(Problem):
    """The form is closed and accepts no new records."""

    type, status = "form-closed", 409
    title = _("The form is closed")
    template = _(
        "The form {form_id} accepts no more records. Keep the record on the phone, and ask the office; the server has kept a copy."
    )


class InstanceConflict(Problem):
    """A record with this instanceID, but with different content, was received before."""

    type, status = "instance-conflict", 409
    title = _("Already received with different content")
    template = _(
        "A record with this instanceID was already received with different content. Keep the record on the phone, and tell the office; the server has kept a copy."
    )


class OriginalNotHere(Problem):
    """The record is an edit of a record that has not arrived yet; sent again after that record, it is accepted."""

    type, status = "original-not-here", 404
    title = _("The edited record has not arrived yet")
    template = _(
        "This is a correction of a record that has not arrived yet. Send the earlier record first, then this one again."
    )


class OriginalOutside(Problem):
    """The edit corrects a record of another area, whose office decides about it; the phone is answered as if it had been received."""

    type, status = "original-outside", 403
    title = _("Corrects a record of another area")
    template = _(
        "The record corrects one that lies outside the sender's areas. It changes nothing before the office of area {area} accepts it."
    )


class AreaOutside(Problem):
    """The record names a community outside its sender's areas, so it is held until that community's office accepts it."""

    type, status = "area-outside", 403
    title = _("Names a community of another area")
    template = _(
        "The record names a community outside the sender's areas. It counts for nothing before the office of area {area} accepts it."
    )


class EntryOutside(Problem):
    """The record names a household, person, employer or case of another area, so it is held until that area's office accepts it."""

    type, status = "entry-outside", 403
    title = _("Names an entry of another area")
    template = _(
        "The record names a household, person, employer or case outside the sender's areas. It counts for nothing before the office of area {area} accepts it."
    )


class OriginalDeleted(Problem):
    """The edit corrects a record that office staff deleted; the phone is answered as if it had been received."""

    type, status = "original-deleted", 409
    title = _("Corrects a deleted record")
    template = _(
        "The record corrects one that the office of area {area} deleted. It changes nothing before that is restored and the correction is accepted."
    )


class RecordErased(Problem):
    """The record was erased by a decision of the office. Nothing of what is sent for it is kept, not even in the quarantine."""

    type, status = "record-erased", 410
    title = _("The record was erased")
    template = _(
        "This record was erased by a decision of the office and is not taken again. Delete it from the phone."
    )


class EditSuperseded(Problem):
    """The edit replaces a version that another edit has already replaced: two people corrected the same record."""

    type, status = "edit-superseded", 409
    title = _("Already corrected elsewhere")
    template = _(
        "This record was already corrected elsewhere. Keep your correction on the phone, and tell the office; the server has kept a copy."
    )


class InstanceTooLarge(Problem):
    """The XML of the record, without its files, is larger than the server accepts."""

    type, status = "instance-too-large", 413
    title = _("The record is too large")
    template = _("The record is larger than {limit_mb} MB without its files. Tell the office.")


class InstanceBusy(Problem):
    """Another request is storing this record; the same request succeeds a little later."""

    type, status = "instance-busy", 423
    title = _("The record is being received")
    template = _("Another upload of this record is in progress. Send it again in a minute.")

    @property
    def retry_after(self) -> int | None:
        return 60


class LedgersBusy(Problem):
    """A batch is being merged or the ledgers are being rebuilt; the same request succeeds later."""

    type, status = "ledgers-busy", 423
    title = _("The ledgers are being updated")
    template = _("The ledgers are being updated; nothing was changed. Try again in a minute.")

    @property
    def retry_after(self) -> int | None:
        return 60


class UnknownSubmission(Problem):
    """No submission has this ID, or it lies outside the user's areas."""

    type, status = "unknown-submission", 404
    title = _("No such submission")
    template = _("There is no such submission in your areas.")


class NotRaw(Problem):
    """Only street staff and administrators may get a record and its files as they were received (decision 0185)."""

    type, status = "not-raw", 403
    title = _("Not allowed")
    template = _("Only street staff and administrators may get records as they were received.")


class AnswersLeftOut(Problem):
    """The document is a copy that was given out without its restricted answers; taking it would delete them."""

    type, status = "answers-left-out", 409
    title = _("Answers were left out of this copy")
    template = _(
        "This copy was given out without the restricted answers. Sending it back would delete them:"
        " somebody with the restricted role has to correct this record."
    )


class NotForThisRole(Problem):
    """The file or document may hold restricted facts, and the user lacks the restricted role there."""

    type, status = "restricted-file", 403
    title = _("Not allowed")
    template = _(
        "This file may hold restricted facts. Somebody with the restricted role in this area may open it."
    )


class MayNotReview(Problem):
    """The user has no role that may decide about records of this area."""

    type, status = "may-not-review", 403
    title = _("You may not decide about this record")
    template = _("Only street staff of this area may decide about this record.")


class NotRedactable(Problem):
    """The whole record is about what is to be erased, so that only the whole record can be erased."""

    type, status = "not-redactable", 409
    title = _("Only as a whole")
    template = _("The record {instance_id} cannot be erased in part. Erase the whole record.")


class AlreadyRestored(Problem):
    """The deleted submission was restored or erased meanwhile."""

    type, status = "already-restored", 409
    title = _("Already restored")
    template = _(
        "This record was restored or erased meanwhile. Open the list of deleted records again."
    )


class DecidedUnseen(Problem):
    """A correction of the submission arrived after the user had opened it, so the user has not seen what would be decided about."""

    type, status = "decided-unseen", 409
    title = _("Corrected since you opened it")
    template = _(
        "This submission was corrected after you opened it, so nothing was decided. Open it again, then decide."
    )


class DecidedMeanwhile(Problem):
    """Somebody else decided about the submission after the user had opened it; the user's own decision would have undone that unseen."""

    type, status = "decided-meanwhile", 409
    title = _("Decided meanwhile")
    template = _(
        "{by} decided “{state}” at {at}, after you opened this record. Your decision was not stored. Open the record again: you can still decide otherwise."
    )


class TooManyAtOnce(Problem):
    """More submissions match than one act approves."""

    type, status = "too-many-at-once", 422
    title = _("Too many records for one act")
    template = _("{count} records match; one act approves at most {most}. Narrow the filter down.")


class CommentEmpty(Problem):
    """The comment has no text."""

    type, status = "comment-empty", 400
    title = _("The comment is empty")
    template = _("The comment has no text. Write something, then send it.")
