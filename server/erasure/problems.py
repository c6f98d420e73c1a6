"""Why a request to erase, or a decision about it, is refused."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class MayNotErase(Problem):
    """Only administrators of the area may ask for an erasure or decide about it."""

    type, status = "may-not-erase", 403
    title = _("You may not erase this")
    template = _("Only administrators of this area may ask to erase data or decide about it.")


class AlreadyAsked(Problem):
    """An erasure of the same record or person waits for its decision."""

    type, status = "already-asked", 409
    title = _("Already asked for")
    template = _(
        "The erasure of this record or person was asked for before. A second administrator decides about it on the page of erasures."
    )


class OwnRequest(Problem):
    """Whoever asked for an erasure may not consent to it: that takes a second person."""

    type, status = "own-erasure", 403
    title = _("A second person decides")
    template = _("You asked for this erasure. Another administrator of the area has to consent.")


class AlreadyDecided(Problem):
    """Another request decided about the erasure meanwhile, or its subject is gone."""

    type, status = "erasure-decided", 409
    title = _("Already decided")
    template = _("This erasure was decided about meanwhile. Open the list again.")


class NoSuchErasure(Problem):
    """There is no such erasure in the user's areas."""

    type, status = "no-such-erasure", 404
    title = _("Not found")
    template = _("There is no such erasure in your areas.")


class NothingToErase(Problem):
    """There is no such record or person in the user's areas."""

    type, status = "nothing-to-erase", 404
    title = _("Nothing to erase")
    template = _("There is no such record or person in your areas.")
