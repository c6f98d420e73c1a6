"""Why an act on an old ledger is refused."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class NoSuchImport(Problem):
    """There is no such import in the user's areas."""

    type, status = "no-such-import", 404
    title = _("No such import")
    template = _("There is no import {number} in your areas.")


class MayNotImport(Problem):
    """The area lies outside those in which the user is street staff or administrator."""

    type, status = "may-not-import", 403
    title = _("Not your area")
    template = _(
        "Old ledgers are taken in by street staff of the area. Choose a division of your own areas."
    )


class OldLedgerUnreadable(Problem):
    """The file cannot be read as an old ledger."""

    type, status = "old-ledger-unreadable", 422
    title = _("The file cannot be read")
    template = _(
        "{file} cannot be read: {reason}. Save it as .xlsx in Excel, then upload it again."
    )


class OldLedgerTooLarge(Problem):
    """The file is larger than one import takes."""

    type, status = "old-ledger-too-large", 413
    title = _("The file is too large")
    template = _(
        "An old ledger may have {rows} rows and {megabytes} MB. Split it into several files."
    )


class DayNotCome(Problem):
    """The day on which the rows are said to have been true lies in the future."""

    type, status = "as-of-in-the-future", 422
    title = _("The day has not come yet")
    template = _("Rows were true on a day until today, {today}. Give the day of the old ledger.")


class NothingToImport(Problem):
    """No row of the file can be read."""

    type, status = "nothing-to-import", 409
    title = _("No row can be taken in")
    template = _(
        "No row of the file can be taken in. Say what its headings mean, or mend its rows."
    )


class WrongImportState(Problem):
    """The import is past the act, or not there yet."""

    type, status = "wrong-import-state", 409
    title = _("Not possible now")
    template = _("The import is {state}; this act does not follow from there.")


class UnknownMeaning(Problem):
    """A heading is given a column that the ledger has not."""

    type, status = "unknown-meaning", 422
    title = _("No such column")
    template = _("The ledger has no column “{column}” that a cell can fill.")
