from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from server.core.codes import CodeList, code_lists
from server.core.labels import Label
from server.forms.choice_lists import NoChoicesSheet, with_code_lists

XLSFORMS = Path(__file__).parents[2] / "xlsforms"
HEADERS = ["list_name", "name", "label::中文 (zh)", "label::English (en)", "image"]
LISTS = {
    "SEX": CodeList(
        "SEX", Label("性别", "sex"), {"1": Label("男", "male"), "2": Label("女", "female")}
    ),
    "YN": CodeList(
        "YN", Label("是否", "yes or no"), {"1": Label("是", "yes"), "0": Label("否", "no")}
    ),
}


def workbook(*choices: list[object], types: tuple[str, ...] = ("select_one SEX",)) -> bytes:
    book = openpyxl.Workbook()
    survey = book.active
    survey.title = "survey"
    for row in [["type", "name"], *([kind, f"q{n}"] for n, kind in enumerate(types))]:
        survey.append(row)
    sheet = book.create_sheet("choices")
    for row in [HEADERS, *choices]:
        sheet.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def choices_of(content: bytes) -> list[tuple[object, ...]]:
    return list(
        openpyxl.load_workbook(BytesIO(content))["choices"].iter_rows(min_row=2, values_only=True)
    )


def test_a_code_list_is_rewritten_where_it_stands_and_the_forms_own_lists_stay():
    before = workbook(
        ["mood", "1", "平稳", "calm", None],
        ["SEX", 1, "男性", "man", "man.png"],
        ["SEX", "9", "旧", "old", None],
        ["mood", "2", "低落", "low", None],
    )
    rewritten = with_code_lists(before, LISTS)
    assert rewritten.changed == ("SEX",)
    assert choices_of(rewritten.content) == [
        ("mood", "1", "平稳", "calm", None),
        ("SEX", "1", "男", "male", "man.png"),
        ("SEX", "2", "女", "female", None),
        ("mood", "2", "低落", "low", None),
    ]
    again = with_code_lists(rewritten.content, LISTS)
    assert again.changed == ()
    assert again.content is rewritten.content


def test_a_list_the_survey_asks_for_is_added_and_shorter_lists_leave_no_rest():
    before = workbook(
        *(["SEX", str(code), "x", "x", None] for code in range(9)),
        types=("select_one SEX", "select_multiple YN", "text"),
    )
    rewritten = with_code_lists(before, LISTS)
    assert rewritten.changed == ("SEX", "YN")
    assert [row[:2] for row in choices_of(rewritten.content)] == [
        ("SEX", "1"), ("SEX", "2"), ("YN", "1"), ("YN", "0"),
    ]  # fmt: skip


def test_a_workbook_without_choices_is_refused():
    book = openpyxl.Workbook()
    out = BytesIO()
    book.save(out)
    with pytest.raises(NoChoicesSheet, match="survey"):
        with_code_lists(out.getvalue(), LISTS)


@pytest.mark.parametrize("file", sorted(XLSFORMS.glob("*.xlsx")), ids=lambda file: file.stem)
def test_the_committed_forms_are_in_step_with_the_code_lists(file):
    assert with_code_lists(file.read_bytes(), code_lists()).changed == ()


def test_check_tells_what_differs_writes_nothing_and_fails(tmp_path, capsys):
    file = tmp_path / "form.xlsx"
    file.write_bytes(workbook(["SEX", "1", "男", "man", None]))
    before = file.read_bytes()
    with pytest.raises(CommandError) as failed:
        call_command("codes", str(file), "--check")
    assert failed.value.returncode == 1
    assert "SEX" in capsys.readouterr().out
    assert file.read_bytes() == before

    call_command("codes", str(file))
    assert [row[1] for row in choices_of(file.read_bytes())] == list(code_lists()["SEX"].codes)
    call_command("codes", str(file), "--check")


@pytest.mark.parametrize("content", [b"", b"not a workbook"])
def test_what_is_no_workbook_is_named(tmp_path, content):
    file = tmp_path / "form.xlsx"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=r"form\.xlsx"):
        call_command("codes", str(file))
    with pytest.raises(CommandError, match=r"absent\.xlsx"):
        call_command("codes", str(tmp_path / "absent.xlsx"))
