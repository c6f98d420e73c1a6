"""The text of every committed form says what its workbook says."""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from server.core.codes import code_lists
from server.forms import workbook
from server.forms.text_twin import text_twin
from server.ops.management.commands.generate import generator

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "xlsforms" / "household_survey.xlsx"


def twin(book: openpyxl.Workbook) -> str:
    content = BytesIO()
    book.save(content)
    read = workbook.read(content.getvalue(), "household_survey.xlsx")
    return text_twin(read, "household_survey.xlsx", code_lists())


def differences(before: str, after: str) -> list[tuple[str, str]]:
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    return [(old, new) for old, new in pairs if old != new]


def test_the_texts_of_the_forms_are_in_step():
    stale = generator("formtext").stale()
    assert not stale, "\n".join(
        f"xlsforms/{path.stem}.xlsx changed: run ./ruhu formtext" for path in stale
    )
    texts = {path.stem for path in (ROOT / "api_docs" / "forms").iterdir()}
    former = texts - {path.stem for path in (ROOT / "xlsforms").iterdir()}
    assert not former, f"without a workbook, delete their texts: {', '.join(sorted(former))}"


def test_a_changed_question_is_one_changed_line():
    book = openpyxl.load_workbook(FILE)
    before = twin(book)
    headers = [cell.value for cell in book["survey"][1]]
    row = next(row for row in book["survey"].iter_rows() if row[1].value == "head_name")
    cell = row[headers.index("label::English (en)")]
    cell.value = 'Name "as in the booklet"\n(head)'
    ((old, new),) = differences(before, twin(book))
    assert 'name="head_name"' in old
    assert 'label::English (en)="Name \\"as in the booklet\\"\\n(head)"' in new


def test_a_code_list_is_one_line_until_it_departs_from_codes_csv():
    book = openpyxl.load_workbook(FILE)
    before = twin(book).splitlines()
    codes = len(code_lists()["VM"].codes)
    (line,) = [line for line in before if line.startswith('list_name="VM"')]
    assert f"the {codes} codes of codes.csv" in line

    row = next(row for row in book["choices"].iter_rows() if row[0].value == "VM")
    row[2].value = "入户"
    choices = [line for line in twin(book).splitlines() if line.startswith('list_name="VM"')]
    assert len(choices) == codes
    assert 'label::中文 (zh)="入户"' in choices[0]


def test_the_command_writes_only_the_texts_of_changed_workbooks(tmp_path, settings):
    for folder in ("xlsforms", "api_docs/forms"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    settings.BASE_DIR = tmp_path
    form, text = tmp_path / "xlsforms/home_visit.xlsx", tmp_path / "api_docs/forms/home_visit.md"
    book = openpyxl.load_workbook(form)
    version = book["settings"].cell(2, 3)
    version.value = "2026113001"
    book.save(form)

    with pytest.raises(CommandError, match=r"api_docs/forms/home_visit\.md.*\./ruhu formtext"):
        call_command("formtext", "--check")
    before = text.read_text(encoding="utf-8")
    assert list(generator("formtext").stale()) == [text]
    call_command("formtext")
    call_command("formtext", "--check")
    ((_old, new),) = differences(before, text.read_text(encoding="utf-8"))
    assert 'version="2026113001"' in new

    form.write_bytes(b"PK")
    with pytest.raises(CommandError, match=r"home_visit\.xlsx"):
        call_command("formtext")
