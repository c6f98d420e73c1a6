"""Why answers cannot be sent back."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class NothingToSendBack(Problem):
    """No answer was named."""

    type, status = "nothing-to-send-back", 400
    title = _("No answer was chosen")
    template = _("Choose at least one answer that the worker has to give again.")


class CannotBeAskedAgain(Problem):
    """An answer of another kind than a row of a list can take."""

    type, status = "cannot-be-asked-again", 400
    title = _("This answer cannot be asked for again in a list")
    template = _(
        "“{place}” is no answer that the form for corrections can take: only texts, numbers, days and choices are, and no protected facts. Ask the worker to open the original form for the rest."
    )


class AskedAlready(Problem):
    """The answer was sent back before, and nothing has come yet."""

    type, status = "asked-already", 409
    title = _("This answer was sent back already")
    template = _(
        "“{place}” was sent back already and waits for the worker. Withdraw that first to send it back with another reason."
    )


class NobodyGetsIt(Problem):
    """The worker's phone is not offered a form that shows what was sent back."""

    type, status = "nobody-gets-it", 409
    title = _("No phone would show it")
    template = _(
        "{worker} is not offered a form for corrections, or may no longer work there. Offer the form “correction” to the worker, or have the record corrected otherwise."
    )


class NothingToWithdraw(Problem):
    """Nothing of this record waits for the worker."""

    type, status = "nothing-to-withdraw", 409
    title = _("Nothing to withdraw")
    template = _("No answer of this record waits for the worker any more.")
