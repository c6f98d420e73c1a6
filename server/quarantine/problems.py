"""What keeps a document out of the quarantine, and what keeps a person from working on one."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class NotKept(Problem):
    """It could not be taken, and a limit of the quarantine kept it out, too (decision 0130)."""

    type, status = "not-kept", 429
    title = _("Not taken, and no copy kept")
    template = _(
        "The record could not be taken ({why}), and no copy was kept here: too much was sent that could not be taken. Keep the record, and tell the office."
    )

    @property
    def retry_after(self) -> int | None:
        return 3600


class UnknownQuarantined(Problem):
    """No such number in the quarantine, or not in the user's areas."""

    type, status = "unknown-quarantined", 404
    title = _("Nothing of that number was set aside")
    template = _("Nothing with the number {number} was set aside in your areas.")


class AlreadyResolved(Problem):
    """Somebody decided about it before."""

    type, status = "quarantine-settled", 409
    title = _("Settled before")
    template = _("What became of this was decided before. Open the page again.")


class NothingToCorrect(Problem):
    """To be taken as an edit, but of a record that is not here."""

    type, status = "nothing-to-correct", 400
    title = _("It cannot be repaired like this")
    template = _("The record that it would correct is not here.")
