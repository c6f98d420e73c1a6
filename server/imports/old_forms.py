"""The forms whose records are the rows of old ledgers: made of the ledgers' columns, offered to nobody. Pure.

A form has a question for each column that a cell can fill. Its workbook is published as any
other; the `level` of its ledgers sheet makes its records V0.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from lxml import etree
from openpyxl import Workbook

from server.core.codes import code_lists
from server.core.labels import Label
from server.ledgers.definitions.columns import Column, Kind
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.intake.old_columns import AREA, AS_OF, columns_of

ENTRY: Final = "id"
"""Stands, after "employer.", for the uuid of an employer that the ledger has."""
_LANGUAGES: Final = ("label::中文 (zh)", "label::English (en)")
_YES_NO: Final = "yes_no"
_TYPES: Final[dict[Kind, str]] = {
    Kind.INTEGER: "integer",
    Kind.DECIMAL: "decimal",
    Kind.DATE: "date",
    Kind.INSTANT: "date",
    Kind.BOOLEAN: f"select_one {_YES_NO}",
}
_LEDGERS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "person": (("person", "id_no instance", ""),),
    "household": (("household", "instance", ""),),
    "employer": (("employer", "uscc instance", ""),),
    "vacancy": (
        ("employer", "id uscc", ""),
        ("vacancy", "employer+title", "employer"),
    ),
}
"""By ledger: the kinds of record in a row, with the keys and the link of each."""


@dataclass(frozen=True, slots=True)
class OldForm:
    """A form's workbook and names."""

    form_id: str
    version: str
    workbook: bytes


@cache
def old_form(ledger: str) -> OldForm:
    """The form of a ledger's rows. Its version is made of what it asks, so that other columns are another version."""
    survey, lists = _survey(ledger), _choices(ledger)
    ledgers = [(record, record, keys, link, "V0") for record, keys, link in _LEDGERS[ledger]]
    asked = repr((survey, lists, ledgers)).encode()
    form_id, version = form_id_of(ledger), hashlib.sha256(asked).hexdigest()[:12]
    book = Workbook(write_only=True)
    _sheet(
        book,
        "settings",
        ("form_title", "form_id", "version", "default_language", "namespaces"),
        [
            (
                f"旧台帐：{DEFINITIONS[ledger].label.zh}",
                form_id,
                version,
                "中文 (zh)",
                'ruhu="urn:ruhu:xforms"',
            )
        ],
    )
    _sheet(book, "survey", ("type", "name", *_LANGUAGES, "bind::ruhu:saveto"), survey)
    _sheet(book, "choices", ("list_name", "name", *_LANGUAGES), lists)
    _sheet(book, "ledgers", ("ledger", "at", "key", "link", "level"), ledgers)
    content = io.BytesIO()
    book.save(content)
    return OldForm(form_id, version, content.getvalue())


def form_id_of(ledger: str) -> str:
    """The form_id of the form of a ledger's rows."""
    return f"old_ledger_{ledger}"


def instance_of(ledger: str, instance_id: str, values: dict[str, str]) -> bytes:
    """A row as an instance of its form; `values` by column, AREA and AS_OF among them."""
    form = old_form(ledger)
    root = etree.Element("data", {"id": form.form_id, "version": form.version})
    for group, names in _groups(ledger).items():
        element = etree.SubElement(root, group)
        for name in names:
            etree.SubElement(element, _question(name)).text = values.get(name) or None
    meta = etree.SubElement(root, "meta")
    etree.SubElement(meta, "instanceID").text = instance_id
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _groups(ledger: str) -> dict[str, list[str]]:
    """The form's groups, each with its columns as a mapping names them."""
    groups: dict[str, list[str]] = {"row": [AREA, AS_OF]}
    for record, *_rest in _LEDGERS[ledger]:
        groups[record] = [f"{record}.{ENTRY}"] if record != ledger else []
    for name in columns_of(ledger):
        record = name.partition(".")[0]
        if name not in (AREA, AS_OF):
            groups[record if record in groups else ledger].append(name)
    return groups


def _question(name: str) -> str:
    return name.replace(".", "_")


def _survey(ledger: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for group, names in _groups(ledger).items():
        label = DEFINITIONS[group].label if group in DEFINITIONS else Label("行", "Row")
        rows.append(("begin group", group, label.zh, label.en, "" if group == "row" else group))
        rows += [_row(ledger, group, name) for name in names]
        rows.append(("end group", "", "", "", ""))
    return rows


def _row(ledger: str, group: str, name: str) -> tuple[str, ...]:
    if name == AREA:
        return ("text", _question(name), "社区编码", "Division code", "head.area_code")
    if name == AS_OF:
        return ("date", _question(name), "截止日期", "As of", "head.observed_at")
    target = name if name.startswith((f"{group}.", "spell.")) else f"{ledger}.{name}"
    column = columns_of(ledger).get(name)
    if column is None:  # the entry itself
        return ("text", _question(name), "编号", "Number", target)
    return (_type(column), _question(name), column.label.zh, column.label.en, target)


def _type(column: Column) -> str:
    if column.kind is Kind.CODE:
        return f"select_one {column.codes}"
    if column.kind is Kind.CODES:
        return f"select_multiple {column.codes}"
    return _TYPES.get(column.kind, "text")


def _choices(ledger: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [(_YES_NO, "1", "是", "yes"), (_YES_NO, "0", "否", "no")]
    names = {column.codes for column in columns_of(ledger).values() if column.codes}
    for name in sorted(names):
        listed = code_lists()[name].codes.items()
        rows += [(name, code, label.zh, label.en) for code, label in listed]
    return rows


def _sheet(
    book: Workbook, title: str, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]
) -> None:
    sheet = book.create_sheet(title)
    sheet.append(header)
    for row in rows:
        sheet.append(row)
