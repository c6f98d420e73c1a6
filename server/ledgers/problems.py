"""What a caller can put right about a ledger act."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class NotYours(Problem):
    """The entry lies outside the areas in which the user may do this."""

    type, status = "ledger-act-not-allowed", 403
    title = _("Not allowed here")
    template = _("Your role does not cover this entry. Ask the street office it belongs to.")


class NoSuchEntry(Problem):
    """No live entry has this uuid."""

    type, status = "no-such-entry", 404
    title = _("No such ledger entry")
    template = _("There is no {family} entry {entry}. It may have been voided; reload the list.")


class ReasonMissing(Problem):
    """An act that is logged was asked for without a reason."""

    type, status = "act-reason-missing", 422
    title = _("A reason is needed")
    template = _("Say why; the reason is kept with your name.")


class NotCorrectable(Problem):
    """The column is computed, or is none of this ledger's."""

    type, status = "column-not-correctable", 422
    title = _("This column cannot be corrected")
    template = _(
        "Column {column} is computed or does not belong to this ledger. Correct what it is computed from."
    )


class NotSearchable(Problem):
    """Only sealed columns are found by their whole value; the others have filters."""

    type, status = "column-not-searchable", 422
    title = _("This column is not searched this way")
    template = _("Column {column} is not sealed, or does not belong to this ledger. Use a filter.")


class BadValue(Problem):
    """A correction's value does not fit its column."""

    type, status = "bad-column-value", 422
    title = _("The value does not fit the column")
    template = _("Column {column} does not take this value: {why}")


class AlreadyDone(Problem):
    """The desk act was undone, or the two entries are one already."""

    type, status = "act-already-done", 409
    title = _("Nothing left to do")
    template = _("This was done before. Reload the page to see how things stand.")
