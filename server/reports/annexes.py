"""Name lists that belong to a report: the entries behind its movements, as far as the reader may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from server.accounts.access import Access
from server.accounts.models import User
from server.accounts.selectors import colleagues
from server.audit.services import record_list
from server.core.masking import mask_numbers
from server.geo.selectors import division_names
from server.ledgers.reading.masking import without_numbers
from server.ledgers.reading.provenance import title_of
from server.ledgers.selectors import rows_of
from server.reports.corrections import Late
from server.reports.counting import TOTAL
from server.reports.definitions.indicators import Grain
from server.reports.facts.received import number_of_record, uuid_of_record
from server.reports.models import FigureFact
from server.reports.problems import OnlyWholeMonths
from server.reports.selectors import Behind, Table, entries_behind
from server.submissions.selectors import submissions

_OF: Final = ("person", "retiree", "employer")
"""Links whose entry gives its name to a row that has none."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list: which number the entry counts in, and what people call it."""

    column: str
    name: str
    area_name: str
    day: date


def names_of(access: Access, shown: Iterable[Behind | Late]) -> dict[str, str]:
    """Entry → what people call it, where the reader may see it: its own name, else that of whom it is about."""
    by_ledger: dict[str, set[str]] = defaultdict(set)
    for item in shown:
        by_ledger[item.ledger].add(item.entry)
    names: dict[str, str] = {}
    for ledger, entries in by_ledger.items():
        if ledger in _NOT_LEDGERS:
            names |= _NOT_LEDGERS[ledger](access, entries)
            continue
        rows = list(rows_of(access, ledger).filter(pk__in=entries))
        own = {str(row.pk): without_numbers(title_of(row)) for row in rows}
        if ledger == "vacancy":
            employers = _of_link(access, rows, "employer")
            own |= {row: f"{employers[row]} · {own[row]}" for row in employers}
        names |= own | _borrowed(access, rows)
    return names


def _records(access: Access, entries: Iterable[str]) -> dict[str, str]:
    """The titles of submissions."""
    numbers = [number_of_record(entry) for entry in entries]
    titles = submissions(access).filter(pk__in=numbers).values_list("pk", "title", "form__form_id")
    return {
        uuid_of_record(number): mask_numbers(title) or form_id for number, title, form_id in titles
    }


def _figures(access: Access, entries: Iterable[str]) -> dict[str, str]:
    """The names of staff, and of communities of a census, that stated figures are about."""
    rows = FigureFact.objects.filter(access.within(), entry__in=list(entries))
    about = list(rows.values_list("entry", "area_code", "worker"))
    staff = colleagues(access, {worker for _entry, _area, worker in about if worker is not None})
    people = {user.pk: str(user) for user in staff}
    areas = division_names({area for _entry, area, _worker in about})
    return {
        str(entry): areas.get(area, area) if worker is None else people.get(worker, "—")
        for entry, area, worker in about
    }


_NOT_LEDGERS: Final = {str(Grain.RECEIVED): _records, str(Grain.FIGURE): _figures}
"""What facts are about beside the entries of ledgers."""


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
