"""Reads of reports on their way to the office above, within the reader's access."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Q

from server.accounts.access import ADMINISTRATORS, RESTRICTED, Access
from server.core import clock
from server.core.clock import OFFICE
from server.geo.codes_since import codes_since
from server.geo.models import Division, Level
from server.geo.selectors import as_named_on
from server.ledgers.storage.rules import standing_rules
from server.reports.counting import Scope
from server.reports.course import SENT, Office, Rule, State, Step, staff_of, steps_from
from server.reports.definitions.periods import Period, period_named
from server.reports.definitions.registry import REPORTS
from server.reports.definitions.tables import Report
from server.reports.freezing import Frozen, digest_of, frozen_from
from server.reports.models import Filing, FilingStep
from server.reports.problems import FrozenAltered, NoSuchFiling, NoSuchReport
from server.reports.selectors import Table, report_named, table_of

_DUE: Final = {level: f"report_due.{level.name.lower()}" for level in Level}
"""Level of a division → the rule that says how many days after the period its report is due."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the report of a division and period stands; without a filing nobody has prepared it."""

    report: Report
    division: Division
    due_on: date
    filing: Filing | None
    submitted_on: date | None  # of the table that the office above has

    @property
    def is_in(self) -> bool:
        """Whether the office above has it."""
        return self.filing is not None and self.filing.state in SENT

    @property
    def is_overdue(self) -> bool:
        """Whether the day on which it was due is over, and the office above does not have it."""
        return not self.is_in and clock.today() > self.due_on

    @property
    def is_late(self) -> bool:
        """Whether the office above got it after the day on which it was due."""
        return self.submitted_on is not None and self.submitted_on > self.due_on


def filing_numbered(access: Access, number: int) -> Filing:
    """The report with this number. Raises NoSuchFiling."""
    filing = Filing.objects.filter(access.within(), pk=number).first()
    if filing is None:
        raise NoSuchFiling(number=number)
    return filing


def filing_of(access: Access, code: str, area: str, period: Period) -> Filing | None:
    """The report of a division and period, if it is prepared and the reader may see it."""
    return Filing.objects.filter(
        access.within(), report=code, area_code=area, period=period.name, starts_on=period.starts_on
    ).first()


def period_of(filing: Filing) -> Period:
    """The period that it is about."""
    return period_named(filing.period, filing.starts_on)


def may_take(access: Access, division: Division, office: Office) -> bool:
    """Whether the user may act for the office of a division, or for the one above."""
    above = division.parent
    prefix = above.prefix if above else ""
    if office is Office.OWN:
        return access.may(staff_of(division.level), division.prefix)
    if office is Office.ABOVE:
        return access.may(staff_of(above.level if above else None), prefix)
    return access.may(ADMINISTRATORS, prefix)


def may_prepare(access: Access, area: str) -> bool:
    """Whether the user may prepare reports of a division."""
    return may_take(access, division_of(area), Office.OWN)


def steps_open_to(access: Access, filing: Filing) -> list[Rule]:
    """The acts that the user may take now."""
    division = division_of(filing.area_code)
    return [rule for rule in steps_from(State(filing.state)) if may_take(access, division, rule.by)]


def division_of(area: str) -> Division:
    """The division of a code, with the one above. Raises NoSuchReport."""
    division = Division.objects.select_related("parent").filter(code=area).first()
    if division is None:
        raise NoSuchReport
    return division


def due_on(division: Division, period: Period) -> date:
    """The day on which the report of a division is due, as the rule table has it at the period's end."""
    table = standing_rules()
    day = max(period.last, table.first_day)
    days = table.number(_DUE[Level(division.level)], division.code, day)
    return period.last + timedelta(days=days)


def last_frozen(filing: Filing) -> tuple[Frozen, FilingStep] | None:
    """The table that was submitted last; None if none was. Raises FrozenAltered."""
    step = filing.steps.filter(step=Step.SUBMIT).select_related("by").last()
    if step is None:
        return None
    if digest_of(step.content) != step.sha256:
        raise FrozenAltered(number=filing.pk)
    return frozen_from(step.content), step


def frozen_table(access: Access, frozen: Frozen) -> Table:
    """A frozen table as the reader may see it: without the restricted role, with small numbers hidden."""
    division = division_of(frozen.area)
    sees = access.may(RESTRICTED, division.prefix)
    scope = Scope(
        division.prefix,
        frozen.period,
        frozen.known_by,
        sees_restricted=sees,
        codes=codes_since(),
    )
    report = report_named(frozen.report)
    names = [column.name for column in report.columns()]
    cells = frozen.whole if sees else frozen.plain
    known = {row: {name: numbers.get(name) for name in names} for row, numbers in cells.items()}
    return table_of(report, frozen.area, scope, known)


def board(access: Access, *, area: str, period: Period, code: str | None = None) -> list[Standing]:
    """Who has sent in which report of a period: a division and those right below it, as far as the reader sees them.

    Without a code, all reports. Raises NoSuchReport.
    """
    codes = codes_since()
    above = division_of(codes.on(area, period.last))
    kinds = [report_named(code)] if code else list(REPORTS.values())
    divisions = as_named_on(
        Division.objects.filter(access.within("code"), Q(pk=above.pk) | Q(parent=above))
        .filter(Q(valid_to=None) | Q(valid_to__gt=period.first))
        .order_by("code"),
        period.last,
    )
    divisions = [item for item in divisions if codes.on(item.code, period.last) == item.code]
    if not divisions:
        raise NoSuchReport
    filings = {
        (filing.report, filing.area_code): filing
        for filing in Filing.objects.filter(
            access.within(),
            area_code__in=[division.code for division in divisions],
            period=period.name,
            starts_on=period.starts_on,
        )
    }
    submitted = FilingStep.objects.filter(step=Step.SUBMIT, filing__in=filings.values())
    instants = dict(submitted.order_by("id").values_list("filing", "at"))
    standings = []
    for report in kinds:
        for division in divisions:
            filing = filings.get((report.code, division.code))
            at = instants.get(filing.pk) if filing and filing.state in SENT else None
            standings.append(
                Standing(
                    report=report,
                    division=division,
                    due_on=filing.due_on if filing else due_on(division, period),
                    filing=filing,
                    submitted_on=at.astimezone(OFFICE).date() if at else None,
                )
            )
    return standings
