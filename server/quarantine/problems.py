"""What keeps a document out of the quarantine, and what keeps a person from working on one."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class NotKept(Problem):
    """The record was refused, and a limit of the quarantine kept the copy out, too (decision 0130)."""

    type, status = "not-kept", 429
    title = _("Not taken, and no copy kept")
    template = _(
        "The record could not be taken ({why}), and no copy was kept here: too much was sent that could not be taken. Keep the record, and tell the office."
    )

    @property
    def retry_after(self) -> int | None:
        return 3600


class UnknownQuarantined(Problem):
    """No quarantined record has this number in the user's areas."""

    type, status = "unknown-quarantined", 404
    title = _("No quarantined record has that number")
    template = _("No record with the number {number} is in the quarantine of your areas.")


class AlreadyResolved(Problem):
    """Somebody decided about this quarantined record before."""

    type, status = "quarantine-settled", 409
    title = _("Resolved before")
    template = _("What became of this was decided before. Open the page again.")


class NothingToCorrect(Problem):
    """A repair as an edit needs the record that it would correct, and that is not here."""

    type, status = "nothing-to-correct", 400
    title = _("It cannot be repaired like this")
    template = _("The record that it would correct is not here.")
