"""api_docs/duties.md names forms, ledgers, lists and tests that exist and belong together, and leaves no duty out."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from server.forms import workbook, xform
from server.ledgers.definitions.targets import PARTS
from server.ledgers.intake.mapping import compile_mapping
from tests.samples.xlsforms import committed

ROOT = Path(__file__).parents[2]
COLUMNS = ("duty", "what", "forms", "ledgers", "desk", "lists", "tests", "left")


def table() -> list[dict[str, str]]:
    text = (ROOT / "api_docs" / "duties.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if re.match(r"\| S\d", line)]
    return [
        dict(zip(COLUMNS, (cell.strip() for cell in line.strip("|").split("|")), strict=True))
        for line in lines
    ]


ROWS = table()


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@cache
def reaches(form: str) -> tuple[set[str], set[str]]:
    """The ledgers that a form's questions save to, and the lists that it reads."""
    path = ROOT / "xlsforms" / f"{form}.xlsx"
    document = committed(form)
    mapping: dict[str, Any] = compile_mapping(
        workbook.read(path.read_bytes(), path.name), xform.read(document)
    )
    ledgers: set[str] = set()
    for targets in mapping["questions"].values():
        for index, name, _conversion, _list in targets:
            part = name.partition(".")[0]
            ledgers.add(part if part in PARTS else mapping["records"][index]["ledger"])
    return ledgers, set(re.findall(r"jr://file-csv/(\w+)\.csv", document.decode()))


def test_every_duty_has_one_row():
    assert [row["duty"] for row in ROWS] == [f"S{number}" for number in range(1, 67)]


def test_every_form_carries_some_duty():
    committed_forms = {path.stem for path in (ROOT / "xlsforms").glob("*.xlsx")}
    assert {form for row in ROWS for form in words(row["forms"])} == committed_forms


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["duty"])
def test_what_a_row_names_belongs_together(row):
    forms = words(row["forms"])
    if not forms:
        assert row["left"] or row["tests"], "neither carried nor explained"
    ledgers: set[str] = set()
    lists: set[str] = set()
    for form in forms:
        of_form = reaches(form)
        ledgers |= of_form[0]
        lists |= of_form[1]
    assert not set(words(row["ledgers"])) - ledgers
    assert not set(words(row["lists"])) - lists
    spoken = "".join(
        (ROOT / "tests" / test).read_text(encoding="utf-8") for test in words(row["tests"])
    )
    for form in forms:
        assert form in spoken
