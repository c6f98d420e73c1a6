"""`./ruhu oldledger`: a workbook with the defects of offices' old ledgers; no row is lost, each bad one is explained."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from server.core.codes import code_lists
from server.ledgers.definitions.normalise import id_check_digit
from server.ledgers.intake.old_values import SYNONYMS

HEADINGS = ("姓名", "身份证号码", "性别", "出生年月", "文化程度", "联系电话", "备注")


def number(n: int) -> str:
    """A test person's ID number, of a man born on 1965-01-01 when `n` is odd."""
    body = f"44990119650101{n:03}"
    return body + id_check_digit(body)


GOOD = [
    ["陈一", number(1), "男", date(1965, 1, 1), "初中", "020-00000001", ""],
    ["陈二", "'" + number(2), "女", 23743, "高中", "020-00000002", ""],
    ["陈三", " " + number(3)[:6] + " " + number(3)[6:], "男性", "1965年1月", "", "", ""],
    ["陈四", number(4).translate({48 + n: 0xFF10 + n for n in range(10)}), "2", "1965.1", "", "", ""],
    ["陈五", "", "男", "19650101", "", "", ""],
]  # fmt: skip
BAD = [
    ([ "李一", 4.49901196501010e17, "男", "", "", "", ""], "Excel kept this number"),
    (["李二", "4.49901E+17", "男", "", "", "", ""], "Excel kept this number"),
    (["李三", "449901196501010000", "", "", "", "", ""], "Excel has lost its last digits"),
    (["李四", number(5)[:17], "男", "", "", "", ""], "compare its 17 characters"),
    (["李五", number(7), "女", "", "", "", ""], "sex and ID number differ"),
    (["李六", number(9), "男", "1966-01-01", "", "", ""], "date of birth and ID number differ"),
    (["李七", "", "男", 2019.1, "", "", ""], "January or October"),
    (["李八", "", "男", "去年", "", "", ""], "去年 is no date"),
    (["李九", "", "雄", "", "", "", ""], "雄 is not in the code list. Allowed: 未知、男、女"),
    (["李十", "", "男", "", "识字", "", ""], "识字 is not in the code list"),
    (["李百", "", "男", "", "", "12345", ""], "no valid phone number"),
    (["", number(11), "男", "", "", "", ""], "name is missing"),
    (["陈一", number(1), "男", "", "", "", ""], "the same as row 4 of sheet 台帐"),
]  # fmt: skip


@pytest.fixture
def workbook(tmp_path):
    """Title, merged heading with a second row, good and bad rows, a blank row, totals, a repeated header, hidden parts."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "台帐"
    sheet.append(["某街道劳动力资源台帐"])
    sheet.merge_cells("A1:G1")
    sheet.append(["姓名", "身份情况", None, None, "文化程度", "联系电话", "备注"])
    sheet.merge_cells("B2:D2")
    sheet.append([None, *HEADINGS[1:4]])
    for row in (*GOOD, [], *(row for row, _reason in BAD)):
        sheet.append(row)
    sheet.append([None, *HEADINGS[1:]])
    sheet.append(["合计", 18])
    sheet.append(["王一", "", "男"])
    sheet.row_dimensions[sheet.max_row].hidden = True
    book.create_sheet("空表")
    hidden = book.create_sheet("旧")
    hidden.append(HEADINGS)
    hidden.append(GOOD[0])
    hidden.sheet_state = "hidden"
    path = tmp_path / "台帐.xlsx"
    book.save(path)
    return path


def run(*words):
    """What the command prints, and what it refuses with ("" when it does not)."""
    out = io.StringIO()
    with translation.override("en"):
        try:
            call_command("oldledger", *map(str, words), stdout=out)
        except CommandError as refusal:
            return out.getvalue(), str(refusal)
    return out.getvalue(), ""


def test_every_row_is_counted_and_every_bad_row_says_why(workbook):
    printed, refusal = run(workbook, "--as", "person")
    assert "Put the faulty rows right" in refusal
    lines = printed.splitlines()
    assert "身份证号码 → id_no" in lines[0]
    assert "备注 → –" in lines[0]
    first_bad = 4 + len(GOOD) + 1
    for at, (_row, reason) in enumerate(BAD, first_bad):
        about = [
            line
            for line in lines
            if line.startswith(f"台帐!{at} ") or line.startswith(f"台帐!{at}:")
        ]
        assert len(about) == 1, (at, reason)
        assert reason in about[0]
    left_out = (
        1 + 2 + 1 + 1 + 1 + 2
    )  # title, two of the header, repeated, total, hidden row; hidden sheet
    assert lines[-1] == (
        f"{len(GOOD)} rows can be read, {len(BAD)} are faulty, {left_out} are no records."
    )
    assert "449901" not in printed, "no number is shown"


def test_the_remarks_come_as_a_workbook(workbook, tmp_path):
    printed, _refusal = run(workbook, "--as", "person", "--list", tmp_path / "list.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "list.xlsx").active.iter_rows(values_only=True))
    assert rows[0] == ("Sheet", "Row", "Column", "Reason")
    assert len(rows) == 1 + len(BAD) + 8
    assert "李" not in printed


def test_a_csv_in_gb18030_is_read_and_a_picture_is_refused(tmp_path):
    path = tmp_path / "单位.csv"
    path.write_bytes("单位名称,联系电话,从业人数\n某店,020-00000003,5\n".encode("gb18030"))
    printed, refusal = run(path, "--as", "employer")
    assert refusal == ""
    assert "1 rows can be read, 0 are faulty" in printed
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"\x89PNG")
    assert "Save it as .xlsx" in run(path, "--as", "employer")[1]


def test_a_sheet_without_known_headings_is_no_success(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"甲,乙\n{date(2020, 1, 1)},2\n", encoding="utf-8")
    printed, refusal = run(path, "--as", "vacancy")
    assert "no row near the top" in printed
    assert refusal


def test_every_word_for_a_code_names_a_code_of_its_list():
    for name, words in SYNONYMS.items():
        assert set(words.values()) <= set(code_lists()[name].codes), name
