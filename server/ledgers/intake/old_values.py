"""Reads the cells of old Excel ledgers as values of a ledger's columns, or says why a cell is none. Pure.

No reason quotes a number of a person: texts of sealed columns are never repeated.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from server.core.answers import number as finite_number
from server.core.codes import code_lists
from server.ledgers.definitions import normalise
from server.ledgers.definitions.columns import Column, Kind, Reading

_SERIAL_ZERO: Final = date(1899, 12, 30)
_SERIALS: Final = range(3654, 80000)  # 1910 to 2119; smaller numbers are years
_DAY: Final = re.compile(r"(\d{4})[-./年](\d{1,2})(?:[-./月](\d{1,2})日?|月)?(?: 0?0:00(?::00)?)?")
_PACKED: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SCIENTIFIC: Final = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
_SEVERAL: Final = re.compile(r"[、,，;；/\s]+")
_EXACT_DIGITS: Final = 15  # what Excel keeps of a number
_SHOWN: Final = 12  # allowed labels that a reason lists
_YES: Final = frozenset({"是", "有", "1", "y", "yes", "true", "√", "✓"})
_NO: Final = frozenset({"否", "无", "0", "n", "no", "false", "×", "x"})
SYNONYMS: Final[dict[str, dict[str, str]]] = {
    "SEX": {"m": "1", "f": "2", "男性": "1", "女性": "2"},
    "EDU": {
        "研究生": "10", "硕士": "10", "博士": "10", "本科": "20", "大专": "30", "专科": "30", "中专": "41",
        "职高": "44", "技校": "47", "高中": "60", "文盲": "90", "其他": "90",
    },
    "MAR": {"离异": "40"},
    "POL": {"党员": "01", "预备党员": "02", "团员": "03"},
    "REL": {"本人": "0", "妻": "1", "妻子": "1", "夫": "1", "丈夫": "1", "儿子": "2", "女儿": "3", "父": "5",
            "母": "5", "父亲": "5", "母亲": "5"},
    "HK": {"城镇": "10", "农村": "20", "居民": "30"},
}  # fmt: skip
"""Words that offices write for a code beside its labels, by code list."""


class BadCell(ValueError):
    """A cell that is no value of its column; the text is the reason, in the active language."""


def value_of(column: Column, cell: Any, today: date) -> str:
    """The cell as the column's value, as a form would answer it; "" for an empty cell. Raises BadCell."""
    text = written(cell)
    if not text:
        return ""
    if column.reads is Reading.ID_NO:
        return id_number(cell, today)
    if column.reads is Reading.PHONE:
        return _phone(text)
    if column.reads is Reading.USCC:
        return _credit_code(text)
    match column.kind:
        case Kind.DATE | Kind.INSTANT:
            return day(cell, today).isoformat()
        case Kind.CODE:
            return _code(column.codes, text)
        case Kind.CODES:
            return " ".join(dict.fromkeys(_codes(column.codes, text)))
        case Kind.BOOLEAN:
            return _truth(text)
        case Kind.INTEGER | Kind.DECIMAL:
            return _number(text, whole=column.kind is Kind.INTEGER)
        case _:
            return text


def written(cell: Any) -> str:
    """The cell as text: narrow, without an apostrophe before it, whole numbers without a fraction."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return normalise.half_width(str(cell)).strip().lstrip("'‘’`").strip()


def id_number(cell: Any, today: date) -> str:
    """A citizen's ID number or the number of another document. Raises BadCell for what Excel has damaged."""
    text = re.sub(r"\s", "", written(cell)).upper()
    is_typed = isinstance(cell, int | float) and not isinstance(cell, bool)
    if _SCIENTIFIC.fullmatch(text) or (is_typed and len(text) > _EXACT_DIGITS):
        raise BadCell(
            _("Excel kept this number as a figure and lost its last digits. Type it anew, as text.")
        )
    citizen = normalise.citizen_id(text, today)
    if citizen.is_valid:
        return citizen.number
    if len(text) == 18 and text.endswith("000"):
        raise BadCell(
            _(
                "the number ends in zeros and its check digit is wrong: Excel has lost its last digits"
            )
        )
    if text[:-1].isdecimal():
        raise BadCell(
            _("no valid ID number: compare its {n} characters with the card").format(n=len(text))
        )
    if not normalise.is_document_number(text):
        raise BadCell(_("this can be no number of a document"))
    return text


def day(cell: Any, today: date) -> date:
    """The day that a cell names; the first of the month where it names a month only. Raises BadCell."""
    named = _day(cell)
    if not normalise.OLDEST <= named <= today + timedelta(days=36525):
        raise BadCell(_("the date {day} is out of range").format(day=named.isoformat()))
    return named


def _day(cell: Any) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = written(cell)
    if isinstance(cell, int | float) and int(cell) == cell and int(cell) in _SERIALS:
        return _SERIAL_ZERO + timedelta(days=int(cell))
    if isinstance(cell, float) and re.fullmatch(r"\d{4}\.1", text):
        raise BadCell(
            _(
                "{value} is January or October: a figure loses the zero of .10. Type the date as text."
            ).format(value=text)
        )
    match = _DAY.fullmatch(text) or _PACKED.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        return date(int(match[1]), int(match[2]), int(match[3] or 1))
    except ValueError:
        raise BadCell(
            _("{value} is no date; write such as 2019-03-05 or 2019年3月").format(
                value=_short(text)
            )
        ) from None


def _phone(text: str) -> str:
    phone = normalise.phone(text)
    if not phone.is_valid:
        raise BadCell(_("no valid phone number: 11 digits, or area code and number"))
    return phone.number


def _credit_code(text: str) -> str:
    credit = normalise.uscc(text)
    if not credit.is_valid:
        raise BadCell(_("no valid credit code: compare its 18 characters with the licence"))
    return credit.code


def _code(name: str, text: str) -> str:
    listed = code_lists()[name].codes
    wanted = text.lower()
    for code, label in listed.items():
        if wanted in (code.lower(), label.zh.lower(), label.en.lower()):
            return code
    if wanted in (synonyms := SYNONYMS.get(name, {})):
        return synonyms[wanted]
    begins = [code for code, label in listed.items() if len(text) > 1 and label.zh.startswith(text)]
    if len(begins) == 1:  # 农业 for 农业(农村); a single character says too little
        return begins[0]
    labels = [label.zh for label in listed.values()]
    allowed = "、".join(labels[:_SHOWN]) + ("…" if len(labels) > _SHOWN else "")
    raise BadCell(
        _("{value} is not in the code list. Allowed: {allowed}").format(
            value=_short(text), allowed=allowed
        )
    )


def _codes(name: str, text: str) -> list[str]:
    """The codes of a cell that names several; a label may hold a separator itself."""
    try:
        return [_code(name, text)]
    except BadCell:
        parts = [part for part in _SEVERAL.split(text) if part]
        if len(parts) < 2:
            raise
    return [_code(name, part) for part in parts]


def _truth(text: str) -> str:
    if text.lower() in _YES:
        return "1"
    if text.lower() in _NO:
        return "0"
    raise BadCell(_("{value} is neither 是 nor 否").format(value=_short(text)))


def _number(text: str, *, whole: bool) -> str:
    value = finite_number(text.replace(",", ""))
    if value is None or value < 0 or (whole and not value.is_integer()):
        raise BadCell(_("{value} is no number that can stand here").format(value=_short(text)))
    return text.replace(",", "")


def _short(text: str) -> str:
    """The text for a reason: cut short, and nothing of it where it could hold a personal number."""
    return "…" if len(re.findall(r"\d", text)) > 8 else text[:40]
