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
