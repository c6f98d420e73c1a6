"""Checks an old Excel ledger against a ledger's columns, row by row, and stores nothing. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _

from server.ledgers.definitions.columns import Column, Kind
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.intake.old_sheets import Line, OldSheet, Part, plain, read
from server.ledgers.intake.old_values import BadCell, value_of

LEDGERS: Final = ("person", "household", "employer", "vacancy")
_OTHER_NAMES: Final[dict[str, dict[str, str]]] = {
    "person": {
        "身份证": "id_no", "身份证号": "id_no", "身份证号码": "id_no", "公民身份号码": "id_no",
        "电话": "phone", "手机": "phone", "手机号": "phone", "手机号码": "phone", "联系方式": "phone",
        "出生年月": "birth_date", "出生年月日": "birth_date", "学历": "edu", "户籍性质": "hukou_type",
        "户口类别": "hukou_type", "家庭住址": "residence_addr", "住址": "residence_addr",
        "现住址": "residence_addr", "户主关系": "relation", "毕业时间": "graduated_on",
    },
    "household": {"户号": "hh_no", "家庭住址": "address", "地址": "address", "家庭人口": "n_members"},
    "employer": {
        "企业名称": "name", "名称": "name", "信用代码": "uscc", "社会信用代码": "uscc",
        "组织机构代码": "org_code", "电话": "phone", "职工人数": "n_staff", "单位地址": "address",
    },
    "vacancy": {"岗位": "title", "工种": "occupation", "招聘人数": "n_wanted", "发布时间": "published_on"},
}  # fmt: skip
"""What offices write above a column beside its label, by ledger."""
_KEYS: Final = {
    "person": "id_no",
    "household": "hh_no",
    "employer": "uscc",
    "vacancy": "vacancy_no",
}
_NAMED_BY: Final = {
    "person": "name",
    "household": "address",
    "employer": "name",
    "vacancy": "title",
}
_UNREAD: Final = frozenset({Kind.POINT, Kind.IMAGE, Kind.ENTRY, Kind.USER, Kind.AREA})


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


@dataclass(slots=True)
class Report:
    """What the check says of a file; every row that is not blank is counted once."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    remarks: list[Remark] = field(default_factory=list)
    headings: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each sheet: heading → the column that it means, "" for none."""


def headings_of(ledger: str) -> dict[str, Column]:
    """The ledger's columns that a cell can fill, by their plain headings in Chinese and English."""
    columns = {
        name: column for name, column in COLUMNS[ledger].items() if column.kind not in _UNREAD
    }
    by_heading: dict[str, Column] = {}
    for name, column in columns.items():
        for heading in (name, column.label.en, column.label.zh, *column.label.zh.split("/")):
            by_heading.setdefault(plain(heading), column)
    others = _OTHER_NAMES[ledger].items()
    return by_heading | {plain(heading): columns[name] for heading, name in others}


def check(content: bytes, filename: str, ledger: str, today: date) -> Report:
    """Check every row of every sheet. Raises UnreadableFile."""
    known = headings_of(ledger)
    report = Report()
    seen: dict[str, tuple[str, int]] = {}
    for sheet in read(content, filename, frozenset(known)):
        columns = [known.get(plain(heading)) for heading in sheet.headings]
        report.headings[sheet.name] = {
            heading: column.name if column else ""
            for heading, column in zip(sheet.headings, columns, strict=True)
            if heading
        }
        for line in sheet.lines:
            remarks = _left_out(sheet, line)
            if remarks:
                outcome = Outcome.LEFT_OUT
            else:
                remarks = _faults(sheet, line, columns, ledger, seen, today)
                outcome = Outcome.FAULTY if remarks else Outcome.READABLE
            report.counts[outcome] += 1
            report.remarks += remarks
    return report


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
) -> list[Remark]:
    """The row's faults. `seen` remembers where each key stands, and is added to."""
    values: dict[str, str] = {}
    remarks: list[Remark] = []
    for heading, column, cell in zip(sheet.headings, columns, line.cells, strict=False):
        if column is None:
            continue
        try:
            value = value_of(column, cell, today)
        except BadCell as bad:
            remarks.append(Remark(sheet.name, line.number, heading, str(bad)))
        else:
            values[column.name] = value or values.get(column.name, "")
    remarks += [
        Remark(sheet.name, line.number, "", reason)
        for reason in _of_the_row(values, remarks, ledger, columns)
    ]
    key = values.get(_KEYS[ledger], "")
    if key:
        first = seen.setdefault(key, (sheet.name, line.number))
        if first != (sheet.name, line.number):
            reason = _("the same as row {row} of sheet {sheet}").format(
                row=first[1], sheet=first[0]
            )
            remarks.append(Remark(sheet.name, line.number, "", reason))
    return remarks


def _of_the_row(
    values: Mapping[str, str], remarks: list[Remark], ledger: str, columns: list[Column | None]
) -> list[str]:
    """What is wrong with the values together."""
    reasons = []
    named_by = COLUMNS[ledger][_NAMED_BY[ledger]]
    if not values.get(named_by.name) and not any(remark.heading for remark in remarks):
        reasons.append(_("{column} is missing").format(column=named_by.label))
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
