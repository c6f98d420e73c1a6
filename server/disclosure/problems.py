"""Problems of looking behind masks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class ReasonSaysNothing(Problem):
    """The reason has too few letters to be one."""

    type, status = "reason-says-nothing", 422
    title = _("The reason does not say why")
    template = _(
        "Say in a few words why you need to see it, for instance “check against the certificate”. The reason is recorded with your name."
    )


class BudgetSpent(Problem):
    """The user has revealed as much today as the rule table allows a person and day."""

    type, status = "reveals-spent", 429
    title = _("Too much revealed today")
    template = _(
        "You have looked behind the mask {limit} times today, which is as often as one person may. Go on tomorrow; the administrators of the area see that you reached the limit. For a whole list, ask for an export permit."
    )

    @property
    def retry_after(self) -> int:
        """Seconds until the next day begins at the office."""
        return int(self.data["seconds"])


class SearchesSpent(Problem):
    """The user has searched by number as often in an hour as the rule table allows."""

    type, status = "searches-spent", 429
    title = _("Too many searches by number")
    template = _(
        "You have searched by number {limit} times within an hour, which is as often as one person may. Try again later."
    )

    @property
    def retry_after(self) -> int:
        """Seconds until the oldest of these searches is an hour old."""
        return int(self.data["seconds"])


class NoPermit(Problem):
    """What was asked for is given whole or not at all, and no export permit for it is open."""

    type, status = "export-permit-needed", 403
    title = _("An export permit is needed")
    template = _(
        "Programs get records and files as they were received only while an export permit for {subject} is open in that area. Ask for one at the console under Export permits, or at /api/v1/export-permits/. Tables and lists are given masked without one."
    )


class BadPermit(Problem):
    """The request for a permit names no form or list, too long a time, or an area that is not the user's."""

    type, status = "bad-export-permit", 422
    title = _("The permit cannot be asked for")
    template = _("{why}")


class NoSuchPermit(Problem):
    """There is no permit with this number in the user's areas."""

    type, status = "no-such-permit", 404
    title = _("No such export permit")
    template = _(
        "There is no export permit {number} that you may see. Look at the list of permits."
    )


class OwnPermit(Problem):
    """Nobody consents to a permit of their own."""

    type, status = "own-permit", 403
    title = _("A second person has to consent")
    template = _(
        "You asked for this permit yourself. Ask a colleague with the same role in the area to consent."
    )


class PermitSettled(Problem):
    """The permit was consented to, refused, withdrawn, or has run out."""

    type, status = "permit-settled", 409
    title = _("The permit is settled")
    template = _(
        "Export permit {number} no longer waits: it is {state}. Reload the page to see it as it is."
    )
