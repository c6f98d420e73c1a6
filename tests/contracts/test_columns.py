"""All columns of one kind behave alike at every door: forms, desk acts and search read a text in one way."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from lxml import etree

from server.core.codes import code_lists
from server.core.sealing import search_hash
from server.ledgers.definitions.columns import Column, Kind, Merge, Reading, hash_purpose
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS, LEDGERS
from server.ledgers.definitions.readings import spelled
from server.ledgers.definitions.targets import PARTS, RECORDS, target
from server.ledgers.desk.values import plain_value
from server.ledgers.intake.extract import records
from server.ledgers.models.base import LedgerEntry
from server.ledgers.selectors import holding

TODAY = date(2026, 11, 27)
FORMS = sorted((Path(__file__).parents[2] / "xlsforms").glob("*.xlsx"))
EVERY = [
    pytest.param(ledger, column, id=f"{ledger}.{name}")
    for ledger, columns in COLUMNS.items()
    for name, column in columns.items()
]
TEXTS = [one for one in EVERY if one.values[1].reads is not None]
SEALED = [one for one in EVERY if one.values[1].kind is Kind.SEALED]

SPELLINGS = {
    Reading.TEXT: ("天河路 1 号", ["天河路 1 号", "  天河路 1 号 "]),
    Reading.NARROW: ("A-123 4", ["A-123 4", "Ａ－１２３　４", " A-123 4 "]),
    Reading.NAME: ("欧阳测试", ["欧阳测试", "欧阳 测试", "　欧阳　测试 "]),
    Reading.PHONE: ("020-00001234", ["020-00001234", "(020) 0000 1234", "０２０００００１２３４"]),
    Reading.ID_NO: (
        "44990119900101003X",
        ["44990119900101003X", "44990119900101003x", "４４９９０１ 19900101 003Ｘ"],
    ),
    Reading.USCC: (
        "91440106MA5AAAAA0F",
        ["91440106MA5AAAAA0F", "91440106ma5aaaaa0f", "91440106-MA5AAAAA0-F"],
    ),
}
"""Reading → the one spelling, and how people write it."""

LOOKS_LIKE = {
    r"电话|手机": Reading.PHONE,
    r"身份(证)?号|公民身份": Reading.ID_NO,
    r"信用代码": Reading.USCC,
    r"姓名|曾用名|单位名称|岗位名称|联系人$|法定代表人": Reading.NAME,
}
"""What a column's Chinese label says → how its answers must be read."""


@pytest.mark.parametrize(("ledger", "column"), EVERY)
def test_a_column_is_read_as_its_label_says(ledger: str, column: Column):
    """A phone column that is not read as a phone is neither normalised nor found: declare `reads=`."""
    for pattern, reading in LOOKS_LIKE.items():
        if column.kind in (Kind.TEXT, Kind.SEALED) and re.search(pattern, column.label.zh):
            assert column.reads is reading, (
                f"{ledger}.{column.name}: add reads=Reading.{reading.name}"
            )


@pytest.mark.parametrize(("ledger", "column"), EVERY)
def test_phones_and_id_numbers_are_sealed(ledger: str, column: Column):
    """Stored as text they would stand in a dump and on every reader's screen."""
    if column.reads in (Reading.PHONE, Reading.ID_NO):
        assert column.kind is Kind.SEALED, (
            f"{ledger}.{column.name}: declare it with sealed(...), and {column.name}_hash = hash_of()"
        )


def test_all_phones_have_one_search_hash():
    """Duplicates compare any phone of a person with any other, so their hashes need one purpose."""
    purposes = {
        hash_purpose(column)
        for columns in COLUMNS.values()
        for column in columns.values()
        if column.reads is Reading.PHONE
    }
    assert purposes == {"phone"}


@pytest.mark.parametrize(("ledger", "column"), EVERY)
def test_only_texts_are_read_into_a_spelling(ledger: str, column: Column):
    assert (column.reads is not None) == (column.kind in (Kind.TEXT, Kind.SEALED))


@pytest.mark.parametrize(("ledger", "column"), TEXTS)
def test_forms_and_desk_acts_give_one_spelling(ledger: str, column: Column):
    expected, written = SPELLINGS[column.reads]
    for text in written:
        assert spelled(column.reads, text, TODAY) == expected
        assert plain_value(column, text, TODAY) == expected
        assert _answered(ledger, column, text) == expected


def _answered(ledger: str, column: Column, text: str) -> Any:
    """The value that extraction makes of an answer saved to the column."""
    goal = target(ledger, column.name)
    root = etree.Element("data")
    etree.SubElement(root, "answer").text = text
    mapping = {
        "digest": f"{ledger}.{column.name}",
        "root": "data",
        "repeats": [],
        "records": [{"ledger": goal.ledger, "at": "/data", "keys": ["instance"], "links": {}}],
        "questions": {"/data/answer": [[0, goal.name, goal.conversion, goal.list]]},
        "head": {},
    }
    (record,) = records(root, mapping, TODAY).records
    return record.values[goal.name]


@pytest.mark.django_db
@pytest.mark.parametrize(("ledger", "column"), SEALED)
def test_a_sealed_value_is_found_by_every_spelling(ledger: str, column: Column):
    model = LEDGERS[ledger]
    expected, written = SPELLINGS[column.reads]
    row = _row(model, **{f"{column.name}_hash": search_hash(expected, hash_purpose(column))})
    for text in written:
        assert list(holding(model._default_manager.all(), column.name, text)) == [row]


def _row(model: type[LedgerEntry], **values: Any) -> LedgerEntry:
    return model._default_manager.create(
        id=UUID("5f3c8c0e-0000-4000-8000-000000000001"),
        observed_at="2026-11-27T00:00:00Z",
        verified_level=2,
        **values,
    )


@pytest.mark.parametrize(("ledger", "column"), SEALED)
def test_a_sealed_column_has_its_hash_beside_it(ledger: str, column: Column):
    """Without `hash_of()` under the same name the value cannot be searched for."""
    names = {field.name for field in LEDGERS[ledger]._meta.concrete_fields}
    assert f"{column.name}_hash" in names, f"add {column.name}_hash = hash_of()"


@pytest.mark.parametrize(("ledger", "column"), EVERY)
def test_what_a_column_depends_on_is_a_column_with_such_answers(ledger: str, column: Column):
    if column.depends is None:
        return
    other = COLUMNS[ledger][column.depends.column]
    if other.kind is Kind.BOOLEAN:
        assert all(isinstance(value, bool) for value in column.depends.values)
    else:
        assert other.kind is Kind.CODE
        assert set(code_lists()[other.codes].codes).issuperset(column.depends.values)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_forms_ask_for_a_column_only_while_it_holds(path: Path):
    """A question whose column depends on another's answer is relevant only with that answer."""
    asked = _questions(path)
    filled_by = {word: name for name, words, _relevant in asked for word in words}
    for name, words, relevant in asked:
        for word in words:
            ledger, _dot, column = word.partition(".")
            depends = COLUMNS.get(ledger, {}).get(column) and COLUMNS[ledger][column].depends
            if depends and f"{ledger}.{depends.column}" in filled_by:
                condition = f"${{{filled_by[f'{ledger}.{depends.column}']}}}"
                assert condition in relevant, f"{name}: relevant must name {condition}"


def _questions(path: Path) -> list[tuple[str, list[str], str]]:
    """(name, columns it saves to, its own and its groups' relevance) of every question."""
    rows = openpyxl.load_workbook(path)["survey"].iter_rows(values_only=True)
    header = [str(cell or "") for cell in next(rows)]
    groups: list[str] = []
    questions = []
    for cells in rows:
        row = {name: str(cell or "") for name, cell in zip(header, cells, strict=False)}
        kind = row["type"].replace("_", " ")
        if kind.startswith("begin "):
            groups.append(row["relevant"])
        elif kind.startswith("end "):
            groups.pop()
        saved = row["bind::ruhu:saveto"].split()
        questions.append((row["name"], saved, " ".join([*groups, row["relevant"]])))
    return questions


def test_forms_can_fill_each_ledger_directly_or_through_another():
    assert {*RECORDS, *PARTS} == set(DEFINITIONS)


@pytest.mark.parametrize(("ledger", "column"), EVERY)
def test_states_and_sums_are_no_ordinary_answers(ledger: str, column: Column):
    """A computed column is chosen by no vote among contributions (M2 would raise conflicts about it)."""
    if column.computed:
        assert column.merge in (Merge.FIXED, Merge.INTERVAL)
