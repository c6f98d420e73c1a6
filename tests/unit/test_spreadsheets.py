"""No cell of a file that people open is run by a spreadsheet."""

from __future__ import annotations

import ast
import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.spreadsheets import inert

SERVER = Path(__file__).parents[2] / "server"
PROGRAMS_READ = {
    "central/archived_files.py",
    "central/views/datasets.py",  # /v1
    "central/views/sheets.py",
    "corrections/phones.py",  # what phones hold
    "datasets/phones.py",
    "imports/old_forms.py",  # forms, which the server publishes itself
    "ledgers/entity_lists/lists.py",  # what phones hold
}
"""Modules whose CSV files programs read: values stay as they are, as ODK Central has them."""
READ_ALONE = {"ledgers/intake/old_sheets.py"}
"""Modules that read workbooks and write none."""
NOT_EXPORTS = ("forms/", "ops/")
"""Workbooks there are forms and code lists, which are read, or written from this repository."""


@pytest.mark.parametrize(
    "text",
    ['=HYPERLINK("http://evil.example","x")', "+cmd|' /C calc'!A0", "-2+3+cmd|'x'!A1", "@SUM(1+1)",
     "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "＝1+1", "＠SUM(1)", "－1+1", "\u3000=1+1", "\ufeff=1+1",
     "\x01=1+1", "\x85=1+1", "-5", "+8602000001234"],
)  # fmt: skip
def test_what_would_be_run_is_text(text):
    assert str(inert(text)).startswith("'")


@pytest.mark.parametrize(
    "text", ["", "陈大文", "a=b", "1-2", "020-00001234", "'=1", "a\nb", "é", "（一）"]
)
def test_other_text_stays_as_it_is(text):
    assert inert(text) == text


def test_what_is_a_number_by_its_type_stays_one():
    values = (
        -5,
        -2.5,
        Decimal("-1.50"),
        True,
        date(2026, 11, 27),
        datetime(2026, 11, 27, tzinfo=UTC),
    )
    assert [inert(value) for value in values] == list(values)
    assert inert(None) == ""


@given(
    st.text()
    | st.sampled_from("=+-@\t\r\n ＝'").flatmap(lambda first: st.text().map(first.__add__))
)
def test_no_text_becomes_a_formula_and_each_can_be_written(text):
    cell = str(inert(text))
    assert cell.lstrip(" \u3000\xa0\ufeff")[:1] not in set("=+-@＝＋－＠\t\r\n")
    book = openpyxl.Workbook()
    book.active["A1"] = cell
    assert book.active["A1"].data_type in ("s", "n")  # "n" is an empty cell
    lines = io.StringIO()
    csv.writer(lines).writerow([cell])
    assert next(csv.reader(io.StringIO(lines.getvalue(), newline=""))) == [cell]


def test_whoever_writes_a_file_for_people_uses_the_rule():
    for path in SERVER.rglob("*.py"):
        name = path.relative_to(SERVER).as_posix()
        if name in PROGRAMS_READ | READ_ALONE or name.startswith(NOT_EXPORTS):
            continue
        imported = {
            alias.name if isinstance(node, ast.Import) else node.module
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        writes = "writer" in path.read_text(encoding="utf-8") and "csv" in imported
        if writes or imported & {"openpyxl", "xlsxwriter"}:
            assert "server.core.spreadsheets" in imported, name
