"""Why a report is refused."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class BadPeriod(Problem):
    """The period is none."""

    type, status = "bad-period", 400
    title = _("No such period")
    template = _(
        "“{name}” names no period. Write a month as 2026-09, a quarter as 2026Q3, a year as 2026; a period may begin on the 1st to the 28th."
    )


class NoSuchReport(Problem):
    """There is no report of this kind, or none for this area that the reader may see."""

    type, status = "no-such-report", 404
    title = _("No such report")
    template = _("There is no such report for an area that you may see.")


class NoSuchCell(Problem):
    """The report has no such row or column."""

    type, status = "no-such-cell", 404
    title = _("No such cell")
    template = _(
        "The report has no such row or column. The report itself lists the names of its rows and columns."
    )


class NotKnownThen(Problem):
    """Nothing is kept of what was known at that instant."""

    type, status = "not-known-then", 400
    title = _("Nothing is known of that time")
    template = _("What was known is kept since {since}. Ask for a later time.")


class OnlyWholeMonths(Problem):
    """The entries behind a number of a period that begins within a month would tell days of birth."""

    type, status = "only-whole-months", 403
    title = _("Only for whole months")
    template = _(
        "You may not see days of birth, so the entries behind a number are listed for calendar months, quarters and years only. Ask for a period that begins on the 1st."
    )


class NoSuchFiling(Problem):
    """No report with this number is on its way from an area that the user may see."""

    type, status = "no-such-filing", 404
    title = _("No such report")
    template = _("No report with the number {number} was prepared for an area that you may see.")


class AlreadyPrepared(Problem):
    """The report of this area and period is on its way already."""

    type, status = "report-already-prepared", 409
    title = _("The report is prepared already")
    template = _("This report of this area and period was prepared before: open number {number}.")


class PeriodNotOver(Problem):
    """The period is not over, so nothing of it can be checked or submitted."""

    type, status = "period-not-over", 409
    title = _("The period is not over")
    template = _("The period ends on {last}. Check and submit the report from the day after on.")


class NotInOrder(Problem):
    """The act does not follow the state in which the report is."""

    type, status = "report-act-not-in-order", 409
    title = _("Not now")
    template = _(
        "The report is in the state “{state}”. What may follow: {steps}. Reload the page to see it as it is."
    )


class BalancesFail(Problem):
    """Balances do not hold, and no reason is given why the report is right all the same."""

    type, status = "balances-do-not-hold", 409
    title = _("Balances do not hold")
    template = _(
        "{gaps}. Put the entries behind these numbers right, or give the reason why the report is right as it is; the office above reads it."
    )


class CheckAgain(Problem):
    """A balance that held when the report was checked does not hold any more."""

    type, status = "check-report-again", 409
    title = _("Check the report again")
    template = _(
        "Since the report was checked, entries have changed so that balances do not hold: {gaps}. Check it again."
    )


class NotFrozen(Problem):
    """The report was never submitted, so there is nothing to compare with."""

    type, status = "report-not-submitted", 409
    title = _("Not submitted yet")
    template = _("The report was not submitted yet: there is no frozen table. Submit it first.")


class FrozenAltered(Problem):
    """The frozen table is not the one that was signed."""

    type, status = "frozen-report-altered", 409
    title = _("The frozen report was altered")
    template = _(
        "What is stored of report {number} is not what was signed: its SHA-256 differs. Nothing of it is shown. Ask the administrators to compare with a backup."
    )


class BadFigures(Problem):
    """A line of a table of figures that cannot be taken; nothing of the table is."""

    type, status = "bad-figures", 400
    title = _("The figures cannot be taken")
    template = _(
        "Line {line}, column {column}: {reason}. Correct the table and send all of it again; nothing was taken."
    )
