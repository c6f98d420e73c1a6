"""Counting facts: the numbers of a report for an area and a period, the entries behind a number, the gaps of balances.

A statement for each table and time, whatever the number of columns. Numbers are counted by community
and summed upwards; what counts entries once, and rates, are counted anew for each total.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Model, Q, QuerySet, Sum

from server.core.codes import code_lists
from server.geo.codes import code_prefix
from server.geo.codes_since import CodesSince
from server.geo.models import PREFIX_LENGTH
from server.ledgers.storage.rules import standing_rules
from server.reports.definitions.indicators import Grain, Indicator, When
from server.reports.definitions.periods import Period
from server.reports.definitions.tables import Balance, Measure, Rate, Report, Rows, terms
from server.reports.facts.kinds import EventKind, family_of
from server.reports.models import (
    CaseFact,
    DependantFact,
    DoubtFact,
    EventFact,
    FigureFact,
    HouseholdFact,
    MarketFact,
    PersonFact,
    ReceivedFact,
    RecordFact,
    RetireeFact,
)

TABLES: Final[Mapping[Grain, type[Model]]] = {
    Grain.PERSON: PersonFact,
    Grain.HOUSEHOLD: HouseholdFact,
    Grain.CASE: CaseFact,
    Grain.RETIREE: RetireeFact,
    Grain.DEPENDANT: DependantFact,
    Grain.RECORD: RecordFact,
    Grain.MARKET: MarketFact,
    Grain.EVENT: EventFact,
    Grain.RECEIVED: ReceivedFact,
    Grain.DOUBT: DoubtFact,
    Grain.FIGURE: FigureFact,
}
TOTAL: Final = "total"
"""The key of the row of totals."""
NO_CODE: Final = "none"
"""The key of the row of what has none of the codes."""
_FLOWS: Final = (EventKind.CASE_IN, EventKind.CASE_OUT)
_GAP_SHOWN: Final = 50
Cells = dict[str, dict[str, float | None]]
"""Row → column → number; None where there is none, as a rate of nothing."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which facts are counted: those of an area (a prefix) and period, as known at an instant (None: now)."""

    area: str
    period: Period
    known_by: datetime | None = None
    sees_restricted: bool = True
    codes: CodesSince = field(default=CodesSince())

    def row_of(self, code: str) -> str:
        """The division of a row under the code that it had at the period's end (decision 0358)."""
        return self.codes.on(code, self.period.last)

    def holds(self, indicator: Indicator) -> Q:
        """The indicator's condition, as the reader may see it."""
        return indicator.holds(self.period, sees_restricted=self.sees_restricted)

    def known(self) -> Q:
        """The facts known at the instant."""
        if self.known_by is None:
            return Q(known_until=None)
        at = self.known_by
        return Q(known_from__lte=at) & (Q(known_until=None) | Q(known_until__gt=at))


@dataclass(frozen=True, slots=True)
class Gap:
    """A balance that does not hold in a row: the two numbers, and the entries that cause it (some, when many)."""

    balance: Balance
    row: str
    left: float
    right: float
    entries: tuple[str, ...]
    ledger: str = "person"  # of the entries


def cells_of(report: Report, scope: Scope) -> Cells:
    """The numbers of a report."""
    cells = _by_area(report, scope) if report.rows is Rows.AREAS else _by_code(report, scope)
    for row in cells.values():
        for column in report.columns():
            if isinstance(column, Rate):
                row[column.name] = rate_of(column, row)
    return cells


def gaps_of(report: Report, scope: Scope, cells: Cells) -> list[Gap]:
    """The balances that do not hold, with what causes them"""
    gaps: list[Gap] = []
    for balance in report.balances:
        inside: list[Gap] = []  # of the divisions of which the total is the sum
        for key, row in cells.items():
            left, right = _side(balance.left, row), _side(balance.right, row)
            if left <= right if balance.is_at_most else left == right:
                continue
            if key == TOTAL and inside:
                causes = [entry for gap in inside for entry in gap.entries][:_GAP_SHOWN]
                ledger = inside[0].ledger
            else:
                causes, ledger = _causes(report, scope, balance, key)
            gap = Gap(balance, key, left, right, tuple(causes), ledger)
            gaps.append(gap)
            if report.rows is Rows.AREAS:
                inside.append(gap)
    return gaps


def facts_behind(report: Report, scope: Scope, row: str, indicator: Indicator) -> QuerySet[Any]:
    """The facts that a number counts."""
    facts = _facts(indicator.grain, indicator.place, indicator.when, scope)
    facts = facts.filter(scope.holds(indicator))
    if report.rows is not Rows.AREAS:
        return facts.filter(_has(report, indicator, "" if row == TOTAL else row))
    if row != TOTAL:
        facts = facts.filter(scope.codes.lies_in(code_prefix(row), indicator.place))
    return facts


def row_keys(report: Report, scope: Scope, places: Iterable[str]) -> list[str]:
    """The rows of a report, without the total, of the places that have any fact."""
    if report.rows is not Rows.AREAS:
        return codes_of(report, scope)
    return sorted({scope.row_of(child_of(scope.area, place)) for place in places})


def codes_of(report: Report, scope: Scope) -> list[str]:
    """The codes that a report has as rows: assistance categories in force at the end of the period, or a list's."""
    if report.rows is Rows.CODES:
        return [*code_lists()[report.codes].codes, NO_CODE]
    which = (
        standing_rules().find("category_set", scope.area.ljust(12, "0"), scope.period.last) or ""
    )
    return [code for code in code_lists()["AC"].codes if code.startswith(which)]


def child_of(area: str, place: str) -> str:
    """The division right below an area in which a community lies, as a whole code; a community is its own child.

    A city without counties has its streets right below it.
    """
    whole = area.ljust(12, "0")
    for length in sorted(PREFIX_LENGTH.values()):
        child = place[:length].ljust(12, "0")
        if length > len(area) and child != whole:
            return child
    return place


def _by_area(report: Report, scope: Scope) -> Cells:
    by_place: Cells = defaultdict(dict)
    total: dict[str, float | None] = {}
    for (grain, place, when), indicators in _grouped(report.indicators()).items():
        facts = _facts(grain, place, when, scope)
        counts = {item.name: _count(item, scope.holds(item)) for item in indicators}
        for row in facts.values(place.value).annotate(**counts).order_by():
            code = row.pop(place.value)
            by_place[code].update({name: plain_number(number) for name, number in row.items()})
        once = {name: counts[name] for name in _names(indicators, counts_entries=True)}
        if once:
            total |= facts.aggregate(**once)
    names = [item.name for item in report.indicators()]
    cells: Cells = {}
    for key in [*row_keys(report, scope, by_place), TOTAL]:
        cells[key] = dict.fromkeys(names, 0)
    for code, numbers in by_place.items():
        for key in (scope.row_of(child_of(scope.area, code)), TOTAL):
            for name, number in numbers.items():
                cells[key][name] = (cells[key][name] or 0) + (number or 0)
    cells[TOTAL] |= total
    return cells


def _by_code(report: Report, scope: Scope) -> Cells:
    rows = [*codes_of(report, scope), ""]
    cells: Cells = {row or TOTAL: {} for row in rows}
    for (grain, place, when), indicators in _grouped(report.indicators()).items():
        counts = {
            f"{item.name}__{row}": _count(item, scope.holds(item) & _has(report, item, row))
            for item in indicators
            for row in rows
        }
        for name, number in _facts(grain, place, when, scope).aggregate(**counts).items():
            column, _, row = name.rpartition("__")
            cells[row or TOTAL][column] = plain_number(number)
    if report.rows is Rows.CODES and not any(cells[NO_CODE].values()):
        del cells[NO_CODE]
    return cells


def _has(report: Report, indicator: Indicator, code: str) -> Q:
    """That a fact belongs to the row of a code; of the row of all for ""."""
    if report.rows is Rows.CODES:
        if code == NO_CODE:
            return ~Q(category__in=list(code_lists()[report.codes].codes))
        return Q(category=code) if code else Q()
    if indicator.grain is Grain.EVENT:
        is_flow = Q(kind__in=_FLOWS)
        if not code:
            return ~is_flow | Q(category="")
        return (is_flow & Q(category=code)) | (~is_flow & Q(categories__contains=[code]))
    return Q(categories__contains=[code]) if code else Q()


def _count(indicator: Indicator, where: Q) -> Count | Sum:
    if indicator.sums:
        return Sum(indicator.sums, filter=where)
    if indicator.counts_entries:
        return Count(indicator.once, filter=where, distinct=True)
    return Count("pk", filter=where)


def _facts(grain: Grain, place: str, when: When, scope: Scope) -> QuerySet[Any]:
    facts = TABLES[grain]._default_manager.filter(
        scope.known(), scope.codes.lies_in(scope.area, place)
    )
    period = scope.period
    if when is When.DURING:
        return facts.filter(day__gte=period.first, day__lte=period.last)
    return facts.exclude(**{place: ""})


def _grouped(indicators: Sequence[Indicator]) -> dict[tuple[Grain, Any, When], list[Indicator]]:
    groups: dict[tuple[Grain, Any, When], list[Indicator]] = defaultdict(list)
    for item in indicators:
        groups[item.grain, item.place, item.when].append(item)
    return groups


def _names(indicators: Iterable[Indicator], *, counts_entries: bool) -> list[str]:
    return [item.name for item in indicators if item.counts_entries is counts_entries]


def plain_number(number: Any) -> float:
    """A count or a sum as it stands in cells: whole where it is whole."""
    return int(number or 0) if not number or number == int(number) else float(number)


def rate_of(rate: Rate, row: Mapping[str, float | None]) -> float | None:
    """A rate of the numbers of a row; None where there is nothing to divide by."""
    over, under = (sum(row[name] or 0 for name in names) for names in (rate.over, rate.under))
    if rate.measure is Measure.DIFFERENCE:
        return over - under
    factor = 100 if rate.measure is Measure.PERCENT else 1
    return round(factor * over / under, 2) if under else None


def _side(names: Sequence[str], row: Mapping[str, float | None]) -> float:
    return sum(sign * (row[name] or 0) for name, sign in terms(names))


def _causes(report: Report, scope: Scope, balance: Balance, key: str) -> tuple[list[str], str]:
    """The entries of which the two sides count different numbers, and their ledger."""
    by_name = {item.name: item for item in report.indicators()}
    counted: Counter[str] = Counter()
    ledger = "person"
    for names, side in ((balance.left, 1), (balance.right, -1)):
        for name, sign in terms(names):
            indicator = by_name[name]
            kinds = kind_of_entry(indicator)
            owner = "person" if indicator.grain is Grain.CASE else "entry"
            columns = (owner, *kinds, *weight_of(indicator))
            for entry, *rest in facts_behind(report, scope, key, indicator).values_list(*columns):
                kind = rest.pop(0) if kinds else ""
                if indicator.grain is not Grain.CASE:
                    ledger = ledger_of(indicator, kind)
                counted[str(entry)] += sign * side * (rest[0] if rest else 1)
    causing = {entry for entry, n in counted.items() if n > 0 or (n < 0 and not balance.is_at_most)}
    return sorted(causing)[:_GAP_SHOWN], str(ledger)


def kind_of_entry(indicator: Indicator) -> tuple[str, ...]:
    """The column of a fact that says of which ledger its entry is; none where all are of one."""
    return {Grain.EVENT: ("kind",), Grain.DOUBT: ("ledger",)}.get(indicator.grain, ())


def ledger_of(indicator: Indicator, kind: str) -> str:
    """The ledger of an entry that an indicator counts; `kind` is the value of `kind_of_entry`."""
    if indicator.grain is Grain.EVENT:
        return str(family_of(kind))
    if indicator.grain is Grain.DOUBT:
        return kind
    return indicator.ledger or str(indicator.grain)


def weight_of(indicator: Indicator) -> tuple[str, ...]:
    """The column by which a fact weighs in the number; none where each counts as one."""
    return (indicator.sums,) if indicator.sums else ()
