"""What keeps a document out of the quarantine, and what keeps a person from working on one."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class NotKept(Problem):
    """The record was refused, and the quarantine has no room for a copy of it (decision 0130); `why` is the reason for the refusal."""

    type, status = "not-kept", 429
    title = _("Refused, and no copy kept")
    template = _(
        "The record was refused ({why}), and the server kept no copy, because too many refused records were sent. Keep the record on the phone, and tell the office."
    )

    @property
    def retry_after(self) -> int | None:
        return 3600


class UnknownQuarantined(Problem):
    """No quarantined record has this number, or it lies outside the user's areas."""

    type, status = "unknown-quarantined", 404
    title = _("No such quarantined record")
    template = _("There is no quarantined record {number} in your areas. Reload the list.")


class AlreadyResolved(Problem):
    """Somebody has already resolved this quarantined record."""

    type, status = "quarantine-settled", 409
    title = _("Already resolved")
    template = _(
        "This quarantined record has already been resolved, so nothing was changed. Open the page again to see how."
    )


class NothingToCorrect(Problem):
    """The quarantined record cannot become an edit, because the record that it would edit is not on this server."""

    type, status = "nothing-to-correct", 400
    title = _("There is no record to correct")
    template = _(
        "This cannot be accepted as a correction, because the record that it would correct is not on this server. Wait for that record, or repair this one in another way."
    )


class HeldAsReceived(Problem):
    """A record that is held for another area's office is accepted or dismissed as it came; it cannot be repaired."""

    type, status = "held-as-received", 409
    title = _("It is accepted or dismissed as it came")
    template = _(
        "This record has been received and waits for your office, so it cannot be altered. Accept it and correct it afterwards, or dismiss it."
    )


class NeedsPerson(Problem):
    """The record waits for a person of the office of its area, and the request names none."""

    type, status = "needs-person", 403
    title = _("A person of the office must accept it")
    template = _(
        "This record is accepted on the authority of a person who reviews area {area}. Say who, with --as."
    )
