"""Uploaded workbooks are checked before they are unpacked, and rows keep their numbers."""

from __future__ import annotations

import io
import zipfile

import pytest

from server.forms import sheets, workbook
from server.forms.problems import NotAWorkbook, WorkbookTooLarge
from tests.samples import xlsforms


def zipped(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return stream.getvalue()


def test_rows_keep_the_numbers_excel_shows_and_paths_find_their_row():
    book = workbook.read(xlsforms.workbook(xlsforms.HOUSEHOLD), "f.xlsx")
    row = book.row_of("/data/members/edu")
    assert row is not None
    assert (row["name"], row["type"]) == ("edu", "select_one EDU")
    assert row.number == 2 + [r["name"] for r in book.survey].index("edu")
    assert book.row_of("/data/members").cells["type"] == "begin repeat"
    assert book.row_of("/data/nowhere") is None
    assert book.setting["form_id"] == "household"
    assert [row["ledger"] for row in book.ledgers] == ["household", "person", "visit"]
    assert book.choice_row("EDU", "20").number == 9


def test_blank_rows_count():
    book = workbook.read(
        xlsforms.workbook("""
        | survey |
        | | type | name | label |
        | | text | a | A |
        | | | | |
        | | text | b | B |
        | settings |
        | | form_id |
        | | f |
        """),
        "f.xlsx",
    )
    assert [row.number for row in book.survey] == [2, 4]


@pytest.mark.parametrize(
    "content", [b"", b"type,name\ntext,a\n", b"\xd0\xcf\x11\xe0" + b"\0" * 600, b"PK\x03\x04broken"]
)
def test_what_is_no_workbook_is_refused(content):
    with pytest.raises(NotAWorkbook) as refused:
        workbook.read(content, "notes.xlsx")
    assert "notes.xlsx" in refused.value.detail


def test_a_zip_that_is_no_workbook_and_a_workbook_with_broken_sheets_are_refused():
    with pytest.raises(NotAWorkbook):
        workbook.read(zipped(readme_xml=b"<a/>"), "f.xlsx")
    with pytest.raises(NotAWorkbook):
        workbook.read(zipped(xl__workbook_xml=b"<a/>"), "f.xlsx")
    whole = xlsforms.workbook(xlsforms.HOUSEHOLD)
    with pytest.raises(NotAWorkbook):
        workbook.read(whole[: len(whole) // 2] + whole[len(whole) // 2 + 40 :], "f.xlsx")


def test_zip_bombs_are_refused_by_their_directory():
    with pytest.raises(WorkbookTooLarge):  # one part unpacks to a thousand times its size
        workbook.read(zipped(xl__workbook_xml=b" " * 8_000_000), "f.xlsx")
    with pytest.raises(WorkbookTooLarge):  # many small ones
        workbook.read(zipped(**{f"p{n}_xml": b"" for n in range(501)}), "f.xlsx")
    with pytest.raises(WorkbookTooLarge):  # too large as it is
        workbook.read(b"PK" + b"\0" * workbook.MAX_BYTES, "f.xlsx")


def test_a_part_larger_than_the_directory_says_is_refused():
    bomb = bytearray(zipped(xl__workbook_xml=b"x" * 900_000))
    size = (900_000).to_bytes(4, "little")
    assert bomb.count(size) >= 1
    with pytest.raises(NotAWorkbook):
        workbook.read(bytes(bomb.replace(size, (900).to_bytes(4, "little"))), "f.xlsx")


def test_xml_entities_are_refused():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    with pytest.raises(NotAWorkbook):
        workbook.read(zipped(xl__workbook_xml=bomb), "f.xlsx")


def test_missing_sheets_and_doubled_columns_are_named():
    alone = workbook.read(xlsforms.workbook("| Tabelle1 |\n| | type |\n| | text |"), "f.xlsx")
    assert [row["type"] for row in alone.survey] == ["text"]  # as pyxform takes it
    assert (alone.faults, alone.form_id) == ((), "f")  # the file's name, as pyxform takes it
    none = workbook.read(xlsforms.workbook("| settings |\n| | form_id |\n| | a |"), "f.xlsx")
    assert [fault.sheet for fault in none.faults] == ["survey"]
    doubled = "| survey |\n| | type | type |\n| | text | a |"
    fault = workbook.read(xlsforms.workbook(doubled), "f.xlsx").faults[0]
    assert (fault.sheet, fault.row) == ("survey", 1)


def test_a_sheet_that_claims_a_million_rows_is_read_only_so_far():
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(xlsforms.workbook(xlsforms.HOUSEHOLD)))
    book["choices"]["A1048576"] = "far"
    stream = io.BytesIO()
    book.save(stream)
    book = workbook.read(stream.getvalue(), "f.xlsx")
    assert len(book.choices.rows) == 12
    assert [(fault.sheet, fault.row) for fault in book.faults] == [("choices", 1_048_576)]


def test_more_rows_than_a_form_can_have_are_refused(monkeypatch):
    monkeypatch.setattr(sheets, "MAX_ROWS", 9)
    with pytest.raises(WorkbookTooLarge) as refused:
        workbook.read(xlsforms.workbook(xlsforms.HOUSEHOLD), "f.xlsx")
    assert "survey" in refused.value.detail
