"""Name lists that belong to a report: the entries behind its movements, as far as the reader may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from server.accounts.access import Access
from server.accounts.models import User
from server.audit.services import record_list
from server.geo.selectors import division_names
from server.ledgers.reading.masking import without_numbers
from server.ledgers.reading.provenance import title_of
from server.ledgers.selectors import rows_of
from server.reports.counting import TOTAL
from server.reports.problems import OnlyWholeMonths
from server.reports.selectors import Behind, Table, entries_behind

_OF: Final = ("person", "retiree", "employer")
"""Links whose entry gives its name to a row that has none."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list: which number the entry counts in, and what people call it."""

    column: str
    name: str
    area_name: str
    day: date


def names_of(access: Access, shown: Iterable[Behind]) -> dict[str, str]:
    """Entry → what people call it, where the reader may see it: its own name, else that of whom it is about."""
    by_ledger: dict[str, set[str]] = defaultdict(set)
    for item in shown:
        by_ledger[item.ledger].add(item.entry)
    names: dict[str, str] = {}
    for ledger, entries in by_ledger.items():
        rows = list(rows_of(access, ledger).filter(pk__in=entries))
        own = {str(row.pk): without_numbers(title_of(row)) for row in rows}
        if ledger == "vacancy":
            employers = _of_link(access, rows, "employer")
            own |= {row: f"{employers[row]} · {own[row]}" for row in employers}
        names |= own | _borrowed(access, rows)
    return names


def _of_link(access: Access, rows: list[Any], link: str) -> dict[str, str]:
    """Row → the name of the entry that it links to, where the reader may see that."""
    about = {str(row.pk): getattr(row, f"{link}_id", None) for row in rows}
    wanted = {target for target in about.values() if target is not None}
    targets = list(rows_of(access, link).filter(pk__in=wanted)) if wanted else []
    names = {str(row.pk): without_numbers(title_of(row)) for row in targets}
    if link == "retiree" and targets:
        names |= _borrowed(access, targets)
    return {row: names[str(target)] for row, target in about.items() if str(target) in names}


def _borrowed(access: Access, rows: list[Any]) -> dict[str, str]:
    """Entry → the name of the person or employer that it is about, of those without a name."""
    nameless = [row for row in rows if title_of(row) == str(row.pk)[:8]]
    names: dict[str, str] = {}
    for link in _OF:
        names |= _of_link(access, nameless, link)
    return names


def annex_of(access: Access, user: User, table: Table) -> list[Line]:
    """The name list of a report, with a record that it was read where it is long; empty where the report has none.

    Also empty for a period that begins within a month and a reader who may not see days of birth.
    """
    lines: list[Line] = []
    period = table.period
    shown: list[tuple[str, Behind]] = []
    for column in table.report.indicators():
        if column.name not in table.report.annex:
            continue
        try:
            behind = entries_behind(
                access, table.report.code, area=table.area, period=period, row=TOTAL,
                column=column.name, known_by=table.scope.known_by,
            )  # fmt: skip
        except OnlyWholeMonths:
            return []
        shown += [(str(column.label), item) for item in behind.shown]
    names = names_of(access, [item for _column, item in shown])
    areas = division_names({item.area_code for _column, item in shown}, on=period.last)
    lines = [
        Line(
            column, names.get(item.entry, item.entry[:8]), areas.get(item.area_code, ""), item.since
        )
        for column, item in shown
    ]
    record_list(
        actor=user,
        of=shown[0][1].ledger if shown else "",
        area=table.area,
        rows=len(lines),
        last_row=len(lines),
        facts={"filters": [table.report.code, "annex"]},
    )
    return lines
