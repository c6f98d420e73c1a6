"""Checks an old Excel ledger against a ledger's columns, row by row, and stores nothing. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _

from server.ledgers.definitions.columns import Column
from server.ledgers.intake.old_columns import AS_OF, KEYS, NAMED_BY, columns_of, headings_of
from server.ledgers.intake.old_sheets import Line, OldSheet, Part, plain, read
from server.ledgers.intake.old_values import BadCell, value_of


class Outcome(StrEnum):
    """What the check says of a row."""

    READABLE = "readable"
    FAULTY = "faulty"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Remark:
    """A row's fault, or why it is left out: where, and what to do. `heading` is "" for the row as a whole."""

    sheet: str
    row: int
    heading: str
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be read: its values by column, as a form would answer them."""

    sheet: str
    number: int
    values: dict[str, str]


@dataclass(slots=True)
class Report:
    """What the check says of a file; every row that is not blank is counted once."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    remarks: list[Remark] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    headings: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each sheet: heading → the column that it means, "" for none."""


def check(
    content: bytes,
    filename: str,
    ledger: str,
    today: date,
    chosen: Mapping[str, str] | None = None,
) -> Report:
    """Check every row of every sheet. Raises UnreadableFile.

    `chosen` is what headings mean beside, or instead of, what offices usually mean by them: plain heading →
    column, "" for none.
    """
    known = {**headings_of(ledger), **(chosen or {})}
    declared = columns_of(ledger)
    report = Report()
    seen: dict[str, tuple[str, int]] = {}
    for sheet in read(content, filename, frozenset(known)):
        columns = _columns(sheet, known, declared)
        report.headings[sheet.name] = {
            heading: column.name if column else ""
            for heading, column in zip(sheet.headings, columns, strict=True)
            if heading
        }
        for line in sheet.lines:
            values: dict[str, str] = {}
            remarks = _left_out(sheet, line)
            if remarks:
                outcome = Outcome.LEFT_OUT
            else:
                remarks = _faults(sheet, line, columns, ledger, seen, today, values)
                outcome = Outcome.FAULTY if remarks else Outcome.READABLE
            if outcome is Outcome.READABLE:
                report.rows.append(Row(sheet.name, line.number, values))
            report.counts[outcome] += 1
            report.remarks += remarks
    return report


def _columns(
    sheet: OldSheet, known: Mapping[str, str], declared: Mapping[str, Column]
) -> list[Column | None]:
    """The column that each heading means; of two headings for a column both give values, the first that is not empty."""
    return [declared.get(known.get(plain(heading), "")) for heading in sheet.headings]


def _left_out(sheet: OldSheet, line: Line) -> list[Remark]:
    """Why the row is no record; nothing when it is."""
    if not sheet.headings:
        reason = _("no row near the top of this sheet has two headings of this ledger")
    elif sheet.is_hidden:
        reason = _("the sheet is hidden: show it if its rows count")
    elif line.part is Part.ABOVE:
        reason = _("title above the header")
    elif line.part is Part.HEADER:
        reason = _("header")
    elif line.part is Part.TOTAL:
        reason = _("row of totals")
    elif line.is_hidden:
        reason = _("the row is hidden: show it if it counts")
    else:
        return []
    return [Remark(sheet.name, line.number, "", reason)]


def _faults(
    sheet: OldSheet,
    line: Line,
    columns: list[Column | None],
    ledger: str,
    seen: dict[str, tuple[str, int]],
    today: date,
    values: dict[str, str],
) -> list[Remark]:
    """The row's faults; its values are put into `values`. `seen` remembers where each key stands, and is added to."""
    remarks: list[Remark] = []
    for heading, column, cell in zip(sheet.headings, columns, line.cells, strict=False):
        if column is None:
            continue
        try:
            value = value_of(column, cell, today)
        except BadCell as bad:
            remarks.append(Remark(sheet.name, line.number, heading, str(bad)))
        else:
            if value:
                values.setdefault(column.name, value)
    remarks += [
        Remark(sheet.name, line.number, "", reason)
        for reason in _of_the_row(values, remarks, ledger, today)
    ]
    key = values.get(KEYS.get(ledger, ""), "") or "|".join(map("=".join, sorted(values.items())))
    if key:
        first = seen.setdefault(key, (sheet.name, line.number))
        if first != (sheet.name, line.number):
            reason = _("the same as row {row} of sheet {sheet}").format(
                row=first[1], sheet=first[0]
            )
            remarks.append(Remark(sheet.name, line.number, "", reason))
    return remarks


def _of_the_row(
    values: Mapping[str, str], remarks: list[Remark], ledger: str, today: date
) -> list[str]:
    """What is wrong with the values together."""
    reasons = []
    named_by = columns_of(ledger)[NAMED_BY[ledger]]
    if not values.get(named_by.name) and not any(remark.heading for remark in remarks):
        reasons.append(_("{column} is missing").format(column=named_by.label))
    if values.get(AS_OF, "") > today.isoformat():
        reasons.append(_("the day of the row has not come yet"))
    number, birth = values.get("id_no", ""), values.get("birth_date", "")
    if len(number) != 18 or not number[:17].isdecimal():
        return reasons
    digits = birth.replace("-", "")
    names_month_only = digits[6:] == "01" and number[6:12] == digits[:6]
    if birth and number[6:14] != digits and not names_month_only:
        reasons.append(_("date of birth and ID number differ"))
    if values.get("sex") == ("2" if int(number[16]) % 2 else "1"):
        reasons.append(_("sex and ID number differ"))
    return reasons
