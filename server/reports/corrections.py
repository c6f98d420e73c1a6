"""What has become known since a report was submitted: the frozen table beside the present one, cell by cell.

Also the sum of the frozen reports right below a division beside what the division counts itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db.models import Q

from server.accounts.access import REVEALERS, Access
from server.geo.models import Division
from server.reports.counting import (
    TOTAL,
    Cells,
    cells_of,
    facts_behind,
    kind_of_entry,
    ledger_of,
    plain_number,
    rate_of,
    weight_of,
)
from server.reports.course import SENT
from server.reports.definitions.indicators import Indicator
from server.reports.definitions.tables import Rate, Report, Rows
from server.reports.filings import board, frozen_table, last_frozen, period_of
from server.reports.models import Filing
from server.reports.problems import NotFrozen
from server.reports.selectors import (
    WITHHELD,
    Table,
    is_restricted,
    report_named,
    scope_of,
    table_of,
)

_MOST_EXPLAINED: Final = 200
_MOST_ENTRIES: Final = 50
Shown = float | str | None
"""A number as a reader sees it: "*" for one that is hidden, None where there is none."""


@dataclass(frozen=True, slots=True)
class Late:
    """An entry that a number counts now and did not then, or the other way round; `times` is negative then."""

    ledger: str
    entry: str
    area_code: str
    times: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that is not what it was, with the entries behind the difference.

    `hidden` counts entries that the reader may not see, `left_off` those beyond the first.
    `unexplained` is what no fact explains: entries that were erased since.
    """

    row: str
    name: str  # of the row
    column: str
    label: str  # of the column
    then: Shown
    now: Shown
    entries: tuple[Late, ...] = ()
    hidden: int = 0
    left_off: int = 0
    unexplained: float = 0


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction report."""

    frozen: Table
    present: Table
    differences: list[Difference]


def correction_of(access: Access, filing: Filing) -> Correction:
    """The frozen table beside the present one, with what differs. Raises NotFrozen, FrozenAltered.

    Entries are named for the first 200 cells. Readers who may not see days of birth get no entries of
    periods that begin within a month, and nobody gets those of a restricted row without that role.
    """
    frozen = last_frozen(filing)
    if frozen is None:
        raise NotFrozen
    then = frozen_table(access, frozen[0])
    scope = replace(then.scope, known_by=None)
    now = table_of(then.report, then.area, scope, cells_of(then.report, scope))
    return Correction(then, now, list(_differences(access, then, now)))


def _differences(access: Access, then: Table, now: Table) -> Iterator[Difference]:
    explained = 0
    for row, column, before, after in _changed(then.report, then.cells, now.cells):
        name = {**then.labels, **now.labels}.get(row, row)
        cell = row, column.name
        if cell in then.hidden and cell in now.hidden:
            continue  # that it changed would tell of what is hidden
        is_hidden = cell in then.hidden or cell in now.hidden
        difference = Difference(
            row=row,
            name="" if row == TOTAL else name,
            column=column.name,
            label=str(column.label),
            then=WITHHELD if is_hidden else before,
            now=WITHHELD if is_hidden else after,
        )
        if isinstance(column, Indicator) and explained < _MOST_EXPLAINED:
            explained += 1
            difference = _explained(access, then, now, row, column, difference)
        yield difference


def _changed(
    report: Report, then: Cells, now: Cells
) -> Iterator[tuple[str, Indicator | Rate, Any, Any]]:
    """(row, column, number then, number now) of each cell that differs; a row that is not there has zeros."""
    rows = [row for row in dict.fromkeys((*then, *now)) if row != TOTAL]
    for row in (*sorted(rows), TOTAL):
        for column in report.columns():
            none = 0 if isinstance(column, Indicator) else None
            before = then.get(row, {}).get(column.name, none)
            after = now.get(row, {}).get(column.name, none)
            if before != after:
                yield row, column, before, after


def _explained(
    access: Access, then: Table, now: Table, row: str, column: Indicator, bare: Difference
) -> Difference:
    """The difference with its entries: those that the number counts more or less often than then."""
    counted, ledgers, areas = _late(then, now, row, column)
    change = sum(counted.values())
    unexplained: float = 0
    if not (column.counts_entries or isinstance(bare.then, str) or isinstance(bare.now, str)):
        unexplained = plain_number((bare.now or 0) - (bare.then or 0) - change)
    if is_restricted(then.report, row, column) and not then.scope.sees_restricted:
        return bare
    sees_days = access.may(REVEALERS, then.scope.area) or then.period.starts_on == 1
    readable = access.areas()
    shown = [
        Late(ledgers[entry], entry, areas[entry], times)
        for entry, times in sorted(counted.items(), key=lambda item: (areas[item[0]], item[0]))
        if sees_days and areas[entry].startswith(readable)
    ]
    return replace(
        bare,
        entries=tuple(shown[:_MOST_ENTRIES]),
        hidden=len(counted) - len(shown),
        left_off=max(0, len(shown) - _MOST_ENTRIES),
        unexplained=unexplained,
    )


def _late(
    then: Table, now: Table, row: str, column: Indicator
) -> tuple[dict[str, float], dict[str, str], dict[str, str]]:
    """Entry → how many times more it counts now, or how much; entry → its ledger; entry → its area.

    Facts that were known then and still are count alike in both, so only the others are read.
    """
    both = [facts_behind(table.report, table.scope, row, column) for table in (now, then)]
    known_by = then.scope.known_by
    changed = [
        facts.filter(Q(known_from__gt=known_by) | Q(known_until__gt=known_by)) for facts in both
    ]
    if column.counts_entries:
        entries = {entry for facts in changed for entry in facts.values_list("entry", flat=True)}
        changed = [facts.filter(entry__in=entries) for facts in both]
    counted: dict[str, float] = defaultdict(float)
    ledgers, areas = {}, {}
    kinds = kind_of_entry(column)
    names = ("entry", "area_code", *kinds, *weight_of(column))
    for facts, sign in zip(changed, (1, -1), strict=True):
        times: dict[str, float] = defaultdict(float)
        for entry, area, *rest in facts.values_list(*names):
            key = str(entry)
            ledgers[key], areas[key] = ledger_of(column, rest.pop(0) if kinds else ""), area
            more = float(rest[0]) if rest else 1
            times[key] = 1 if column.counts_entries else times[key] + more
        for entry, n_times in times.items():
            counted[entry] += sign * n_times
    late = {entry: plain_number(round(times, 2)) for entry, times in counted.items()}
    return {entry: times for entry, times in late.items() if times}, ledgers, areas


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of what the divisions right below have sent in, beside what the division counts itself.

    Numbers that count each person once cannot be summed and are left out of the total.
    """

    summed: Table
    own: Table
    differences: list[Difference]
    missing: list[Division]  # that have not sent theirs in


def sum_of_children(access: Access, filing: Filing) -> Sum:
    """The sum of the frozen reports right below. The division's own are frozen, too, once it has submitted. Raises FrozenAltered."""
    period, report = period_of(filing), report_named(filing.report)
    below = board(access, area=filing.area_code, period=period, code=filing.report)
    tables, missing = {}, []
    for standing in below:
        if standing.division.code == filing.area_code:
            continue
        sent = standing.filing if standing.is_in else None
        frozen = last_frozen(sent) if sent else None
        if frozen is None:
            missing.append(standing.division)
        else:
            tables[standing.division.code] = frozen_table(access, frozen[0]).cells
    own_frozen = last_frozen(filing) if filing.state in SENT else None
    if own_frozen:
        own = frozen_table(access, own_frozen[0])
    else:
        scope = scope_of(access, report, filing.area_code, period, None)
        own = table_of(report, filing.area_code, scope, cells_of(report, scope))
    summed = table_of(report, filing.area_code, own.scope, _summed(report, tables))
    differences = [
        Difference(
            row=row,
            name="" if row == TOTAL else {**own.labels, **summed.labels}.get(row, row),
            column=column.name,
            label=str(column.label),
            then=before,
            now=after,
        )
        for row, column, before, after in _changed(report, summed.cells, own.cells)
        if before is not None and (row, column.name) not in summed.hidden | own.hidden
    ]
    return Sum(summed, own, differences, missing)


def _summed(report: Report, tables: Mapping[str, Cells]) -> Cells:
    """Rows of the divisions below and their total, or the categories' rows summed."""
    cells: Cells = {}
    if report.rows is Rows.AREAS:
        cells = {code: dict(table[TOTAL]) for code, table in tables.items()}
        parts = {TOTAL: list(cells.values())}
    else:
        keys = dict.fromkeys(key for table in tables.values() for key in table)
        parts = {key: [table[key] for table in tables.values() if key in table] for key in keys}
    for key, rows in parts.items():
        cells[key] = {
            column.name: None
            if column.counts_entries
            else sum(row.get(column.name) or 0 for row in rows)
            for column in report.indicators()
        }
        for column in report.columns():
            if isinstance(column, Rate):
                cells[key][column.name] = rate_of(column, cells[key])
    return cells
