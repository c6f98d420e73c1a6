"""Old .xls workbooks are read as pyxform reads them, and hostile ones are refused at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyxform.xls2json_backends import xls_to_dict

from server.forms import old_workbooks, workbook
from server.forms.old_workbooks import as_xlsx
from server.forms.problems import FaultyWorkbook, NotAWorkbook, WorkbookTooLarge
from tests.samples import old_excel, xlsforms

HEADER = ["type", "name", "label", "default"]
DAY_ZERO = date(1899, 12, 30).toordinal()
TEXTS = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn", "Co"]), max_size=9)
CELLS = st.one_of(
    st.none(),
    TEXTS,
    st.booleans(),
    st.integers(-(10**9), 10**9).map(float),
    st.floats(-1e9, 1e9),
    st.integers(366, 70_000).map(lambda day: datetime.fromordinal(DAY_ZERO + day)),
    st.integers(366 * 1440, 70_000 * 1440).map(
        lambda minute: datetime.fromordinal(DAY_ZERO) + timedelta(minutes=minute)
    ),
)


@settings(max_examples=30)
@given(st.lists(st.lists(CELLS, min_size=4, max_size=4), max_size=5))
def test_cells_are_read_as_pyxform_reads_an_xls(rows):
    rows = [HEADER, *rows, ["text", "last", "=1+1", "#N/A"]]
    content = old_excel.xls({"survey": rows, "notes": [["for colleagues"]]})
    read = workbook.read(as_xlsx(content, "f.xls"), "f.xls")
    assert read.definition["survey"] == xls_to_dict(content)["survey"]
    assert read.survey.rows[-1].number == len(rows)
    assert read.definition["sheet_names"] == ["survey", "notes"]


def test_an_xlsx_stays_as_it_is_and_a_long_xls_is_whole():
    content = xlsforms.workbook(xlsforms.HOUSEHOLD)
    assert as_xlsx(content, "f.xlsx") is content
    old = as_xlsx(old_excel.as_xls(content), "f.xls")
    assert workbook.read(old, "f").definition == workbook.read(content, "f").definition
    rows = [HEADER, *(["text", f"q{number}", "A", None] for number in range(3000))]
    assert (
        len(workbook.read(as_xlsx(old_excel.xls({"survey": rows}), "f"), "f").survey.rows) == 3000
    )


def test_a_date_before_march_1900_is_read_as_from_an_xlsx():
    rows = [HEADER, ["date", "d", "D", datetime.fromordinal(DAY_ZERO + 32)]]
    content = as_xlsx(old_excel.xls({"survey": rows}), "f.xls")
    assert workbook.read(content, "f").survey.rows[0]["default"] == "1900-02-01 00:00:00"


def test_a_cell_that_no_xlsx_can_hold_is_named():
    with pytest.raises(FaultyWorkbook) as refused:
        as_xlsx(old_excel.xls({"survey": [HEADER, [], ["text", "a", "A\x01"]]}), "f.xls")
    assert [(fault.sheet, fault.row) for fault in refused.value.faults] == [("survey", 3)]


SHEETS = {"survey": [HEADER, ["text", "a", "A"]], "choices": [["list_name", "name", "label"]]}
WHOLE = old_excel.stream(SHEETS)


def test_a_short_workbook_may_lie_in_small_sectors():
    short = old_excel.small_container(WHOLE)
    assert xls_to_dict(short)["survey"] == [{"type": "text", "name": "a", "label": "A"}]
    assert as_xlsx(short, "f.xls")


@pytest.mark.parametrize(
    "content",
    [
        old_excel.SIGNATURE + b"\0" * 600,
        old_excel.container(WHOLE)[:2000],
        old_excel.container(b"no workbook"),
        old_excel.container(WHOLE.replace(b"\0\6", b"\0\4")),  # of Excel 4
        old_excel.container(WHOLE, is_endless=True),
        old_excel.container(WHOLE, is_looped=True),
        old_excel.xls({"survey": [HEADER], "SURVEY": [HEADER]}),
    ],
)
def test_damaged_and_hostile_files_are_refused(content):
    with pytest.raises(NotAWorkbook) as refused:
        as_xlsx(content, "f.xls")
    assert "f.xls" in refused.value.detail


def test_sheets_that_overlap_are_refused():
    sheets = {"survey": [HEADER] * 400} | {f"s{number}": [] for number in range(200)}
    assert as_xlsx(old_excel.xls(sheets), "f.xls")
    all_one = old_excel.stream(sheets, old_excel.places(sheets)[:1] * len(sheets))
    with pytest.raises(NotAWorkbook):
        as_xlsx(old_excel.container(all_one), "f.xls")


def test_more_cells_than_a_form_has_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setattr(old_workbooks, "MAX_CELLS", 600)
    wide = [[*[None] * 255, "far"]] * 3
    with pytest.raises(WorkbookTooLarge):
        as_xlsx(old_excel.xls({"survey": wide}), "f.xls")
    with pytest.raises(WorkbookTooLarge):
        as_xlsx(old_excel.xls({"survey": []}) + b"\0" * workbook.MAX_BYTES, "f.xls")


def test_formulas_of_defined_names_are_not_calculated():
    name = old_excel.record(0x0018, b"\xff" * 40)  # xlrd would refuse it
    begin = old_excel.stream(SHEETS).index(b"\x85\0")
    shifted = [place + len(name) for place in old_excel.places(SHEETS)]
    content = old_excel.stream(SHEETS, shifted)
    content = content[:begin] + name + content[begin:]
    read = workbook.read(as_xlsx(old_excel.container(content), "f"), "f")
    assert [row["name"] for row in read.survey] == ["a"]
