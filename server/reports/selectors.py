"""Reads of reports, within the reader's access."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from server.accounts.access import READERS, RESTRICTED, REVEALERS, Access
from server.core.clock import OFFICE, now
from server.core.codes import label_of, restricted_codes
from server.core.masking import Precision, first_day
from server.geo.codes import code_prefix
from server.geo.codes_since import codes_since
from server.geo.models import Division
from server.geo.selectors import division_names
from server.reports.counting import (
    NO_CODE,
    TABLES,
    TOTAL,
    Cells,
    Gap,
    Scope,
    cells_of,
    facts_behind,
    gaps_of,
    kind_of_entry,
    ledger_of,
    plain_number,
    weight_of,
)
from server.reports.definitions.indicators import Grain, Indicator
from server.reports.definitions.periods import Period
from server.reports.definitions.registry import REPORTS
from server.reports.definitions.tables import Rate, Report, Rows, terms
from server.reports.facts.keeping import is_behind
from server.reports.problems import NoSuchCell, NoSuchReport, NotKnownThen, OnlyWholeMonths
from server.reports.suppression import SMALL, column_flows, withheld

WITHHELD: Final = "*"
"""What stands for a number that the reader may not see. Small numbers and those that protect them look alike."""
MOST_ENTRIES: Final = 500


@dataclass(frozen=True, slots=True)
class Table:
    """A report as counted for an area and a period."""

    report: Report
    area: str  # whole code
    area_name: str
    scope: Scope
    cells: Cells
    labels: Mapping[str, str]  # row → its name
    hidden: frozenset[tuple[str, str]]  # (row, column) of small numbers that the reader may not see
    gaps: list[Gap]
    counted_at: datetime
    is_behind: bool  # entries have changed that are not counted yet

    @property
    def period(self) -> Period:
        return self.scope.period


@dataclass(frozen=True, slots=True)
class Behind:
    """A fact behind a number: the entry, and when."""

    ledger: str
    entry: str
    area_code: str
    since: date
    reason: str = ""
    quantity: float | None = None  # how much of the number; None where each fact counts as one


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries behind a number that the reader may see, and how many there are beside."""

    total: int
    shown: list[Behind] = field(default_factory=list)
    hidden: int = 0  # that the reader may not see
    left_off: int = 0  # beyond the first so many


def report_named(code: str) -> Report:
    """The report of a code. Raises NoSuchReport."""
    report = REPORTS.get(code.upper())
    if report is None:
        raise NoSuchReport
    return report


def areas_to_report(access: Access) -> list[Division]:
    """The divisions for which the reader may see reports, the widest first."""
    return list(Division.objects.filter(access.within("code")).order_by("level", "code"))


def table(
    access: Access, code: str, *, area: str, period: Period, known_by: datetime | None = None
) -> Table:
    """A report for a division, its total in the last row. Raises NoSuchReport, NotKnownThen.

    A reader without the restricted role gets no small numbers of what is restricted.
    """
    report = report_named(code)
    scope = scope_of(access, report, area, period, known_by)
    cells = cells_of(report, scope)
    gaps = gaps_of(report, scope, cells)
    if not scope.sees_restricted:
        gaps = [replace(gap, entries=()) if hides_gap(report, gap) else gap for gap in gaps]
    return table_of(report, area, scope, cells, gaps=gaps, is_behind=is_behind())


def table_of(
    report: Report,
    area: str,
    scope: Scope,
    cells: Cells,
    *,
    gaps: Iterable[Gap] = (),
    is_behind: bool = False,
) -> Table:
    """Counted numbers as a table with names, in which small numbers of what is restricted are hidden."""
    return Table(
        report=report,
        area=scope.row_of(area),
        area_name=division_names([scope.row_of(area)], on=scope.period.last).get(
            scope.row_of(area), area
        ),
        scope=scope,
        cells=cells,
        labels=labels_of(report, cells, scope.period),
        hidden=frozenset(_hidden(report, scope, cells)),
        gaps=list(gaps),
        counted_at=scope.known_by or now(),
        is_behind=is_behind,
    )


def entries_behind(
    access: Access,
    code: str,
    *,
    area: str,
    period: Period,
    row: str,
    column: str,
    known_by: datetime | None = None,
) -> Entries:
    """The entries that a number counts. Raises NoSuchReport, NoSuchCell, NotKnownThen.

    Those outside the reader's areas, and all of a restricted number for readers without that
    role, are counted as hidden; of a small restricted number not even how many there are. Readers who may not see days of birth get months in place of days,
    and no periods that begin within a month: those would tell on which day somebody came of age.
    """
    report = report_named(code)
    scope = scope_of(access, report, area, period, known_by)
    sees_days = access.may(REVEALERS, scope.area)
    if not sees_days and period.starts_on != 1:
        raise OnlyWholeMonths
    indicator = _indicator(report, column)
    if (
        report.rows is Rows.AREAS
        and row != TOTAL
        and not scope.codes.now(row).startswith(scope.area)
    ):
        raise NoSuchCell
    facts = facts_behind(report, scope, row, indicator)
    if indicator.counts_entries:
        once = facts.order_by(indicator.once, "pk").distinct(indicator.once)
        facts = facts.model._default_manager.filter(pk__in=once.values("pk"))
    within = access.within("area_code")
    counts = facts.aggregate(total=Count("pk"), seen=Count("pk", filter=within))
    total, seen = counts["total"], counts["seen"]
    if is_restricted(report, row, indicator) and not scope.sees_restricted:
        hidden = _hidden(report, scope, cells_of(report, scope))
        known = 0 if (row, indicator.name) in set(hidden) else total
        return Entries(known, hidden=known)
    rows = list(facts.filter(within).order_by("area_code", "entry", "pk")[:MOST_ENTRIES])
    shown = [_behind(indicator, fact, sees_days=sees_days) for fact in rows]
    return Entries(total, shown, total - seen, seen - len(shown))


def scope_of(
    access: Access, report: Report, area: str, period: Period, known_by: datetime | None
) -> Scope:
    """Which facts a reader's report counts: those of a renumbered community under its code of today.

    Raises NoSuchReport, NotKnownThen.
    """
    codes = codes_since()
    prefix = code_prefix(codes.now(area))
    if not Division.objects.filter(code=area).exists() or not access.may(READERS, prefix):
        raise NoSuchReport
    if known_by is not None:
        since = _known_since(report)
        if since is not None and known_by < since:
            raise NotKnownThen(since=since.astimezone(OFFICE).isoformat(timespec="minutes"))
    return Scope(
        prefix, period, known_by, sees_restricted=access.may(RESTRICTED, prefix), codes=codes
    )


def _known_since(report: Report) -> datetime | None:
    """The instant from which on it is kept what was known of everything that the report counts, None when nothing is."""
    counted = {(item.grain, item.ledger) for item in report.indicators()}
    since: list[datetime] = []
    for grain, ledger in counted:
        if grain not in (Grain.EVENT, Grain.FIGURE):
            facts = TABLES[grain]._default_manager.filter(**({"ledger": ledger} if ledger else {}))
            first = facts.aggregate(since=Min("known_from"))["since"]
            since += [first] if first is not None else []
    return max(since, default=None)


def _indicator(report: Report, column: str) -> Indicator:
    named = [item for item in report.indicators() if item.name == column]
    if not named:
        raise NoSuchCell
    return named[0]


def labels_of(report: Report, cells: Iterable[str], period: Period) -> dict[str, str]:
    """The names of rows by their keys; divisions have the names of the period's last day."""
    keys = list(cells)
    if report.rows is Rows.CATEGORIES:
        return {key: label_of("AC", key) or key for key in keys}
    if report.rows is Rows.CODES:
        return {
            key: _("Unknown") if key == NO_CODE else label_of(report.codes, key) for key in keys
        }
    names = division_names(keys, on=period.last)
    return {key: names.get(key, key) for key in keys}


def is_restricted(report: Report, row: str, column: Indicator | Rate | None = None) -> bool:
    """Whether a row, or a number in it, is about what only the restricted role may know."""
    if isinstance(column, Indicator) and column.is_restricted:
        return True
    return report.rows is Rows.CATEGORIES and row in restricted_codes("AC")


def hides_gap(report: Report, gap: Gap) -> bool:
    """Whether the numbers of a balance that does not hold, and the entries, are for the restricted role alone."""
    names = {name for name, _sign in terms([*gap.balance.left, *gap.balance.right])}
    restricted = any(item.is_restricted for item in report.indicators() if item.name in names)
    return restricted or is_restricted(report, gap.row)


def _hidden(report: Report, scope: Scope, cells: Cells) -> Iterable[tuple[str, str]]:
    if scope.sees_restricted:
        return
    for indicator in report.indicators():
        judged = indicator.judged_by or indicator.name
        small = {
            row
            for row, numbers in cells.items()
            if is_restricted(report, row, indicator) and (numbers.get(judged) or 0) < SMALL
        }
        if small and report.rows is Rows.AREAS and not indicator.counts_entries:
            column = {row: numbers.get(indicator.name) or 0 for row, numbers in cells.items()}
            small = withheld(column_flows(column, TOTAL), small)
        yield from ((row, indicator.name) for row in small)


def _behind(indicator: Indicator, fact: Any, *, sees_days: bool) -> Behind:
    is_event = indicator.grain is Grain.EVENT
    day = fact.day if hasattr(fact, "day") else fact.since
    if not sees_days:
        day = first_day(day, Precision.MONTH)
    kinds = [getattr(fact, name) for name in kind_of_entry(indicator)]
    ledger = ledger_of(indicator, *(kinds or [""]))
    reason = fact.reason if is_event else ""
    weights = [plain_number(getattr(fact, name)) for name in weight_of(indicator)]
    return Behind(ledger, str(fact.entry), fact.area_code, day, reason, *weights)
