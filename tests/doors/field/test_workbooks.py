"""Workbooks as people write them: published as pyxform would, or refused with sheet and row."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from django.test import Client

from server.forms.models import FormVersion
from tests.factories.field import Field, book

pytestmark = pytest.mark.django_db

SURVEY = "type|name|label\ntext|a|A"
HEADS = ["form_id", "version", "form_title"]


def faults(answer: Any) -> list[tuple[str, int | None]]:
    assert answer.status_code == 400, answer.content
    return [(fault["sheet"], fault["row"]) for fault in answer.json()["faults"]]


@pytest.mark.parametrize(
    "heads",
    [
        ["Form_ID", "Version", "Form_Title"],
        ["form id", "version", "form title"],
        ["FORM_ID", " VERSION ", "FORM_TITLE"],
        ["id_string", "version", "title"],
        ["set form id", "version", "Set Form Title"],
    ],
)
def test_settings_are_read_under_every_name_that_pyxform_knows(
    people: Field, heads: list[str]
) -> None:
    answer = people.publish({"survey": SURVEY, "settings": [heads, ["heads", "7", "T"]]})

    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["form_id"], made["version"], made["title"]) == ("heads", "7", "T")


def test_other_sheets_are_read_so_too(people: Field) -> None:
    answer = people.publish(
        {
            "Survey": [
                ["Type", "NAME", "Label", "Bind::ruhu:saveto"],
                ["text", "hid", "H", "household.id"],
                ["select_one  YN", "b", "B", ""],
            ],
            "CHOICES": "List Name|Name|Label\nYN|1|Yes\nYN|0|No",
            "Settings": [
                ["Form ID", "Version", "namespaces"],
                ["caps", "1", 'ruhu="urn:ruhu:xforms"'],
            ],
            "Ledgers": [["Ledger", "AT", "Key", "Link"], ["household", "", "id", ""]],
        }
    )
    assert answer.status_code == 201, answer.content
    mapping = FormVersion.objects.get(form__form_id="caps").mapping
    assert mapping["questions"] == {"/data/hid": [[0, "id", "entry_id", ""]]}


@pytest.mark.parametrize("n_blank", [61, 70, 200, 5000])
def test_rows_where_pyxform_has_stopped_reading_are_named(people: Field, n_blank: int) -> None:
    for name in ("survey", "choices"):
        sheets: dict[str, Any] = {
            "survey": [["type", "name", "label"], ["select_one l", "first", "F"]],
            "choices": [["list_name", "name", "label"], ["l", "a", "A"]],
            "settings": [HEADS, ["blank", "1", "T"]],
        }
        sheets[name] += [[""] * 3] * n_blank + [["text" if name == "survey" else "l", "last", "L"]]
        assert faults(people.publish(sheets)) == [(name, n_blank + 3)]


def test_sixty_blank_rows_are_no_fault(people: Field) -> None:
    rows = [["type", "name", "label"], ["text", "a", "A"], *[["", "", ""]] * 60, ["text", "b", "B"]]
    answer = people.publish({"survey": rows, "settings": [HEADS, ["sixty", "1", "T"]]})
    assert answer.status_code == 201, answer.content
    names = {
        item["name"] for item in FormVersion.objects.get(form__form_id="sixty").questions["items"]
    }
    assert {"a", "b"} <= names


@pytest.mark.parametrize(
    ("cells", "row"),
    [
        ([HEADS, ["", "", ""], ["blank", "5", "T"]], 2),
        ([HEADS, ["", "", ""], ["", "", ""], ["blank", "5", "T"]], 2),
        ([["", "", ""], HEADS, ["blank", "5", "T"]], 1),
        ([["form_id", "version", *[""] * 22, "form_title"], ["f", "1", *[""] * 22, "T"]], 1),
        ([["form_id", "Form_ID", "version"], ["f", "g", "1"]], 1),
    ],
)
def test_settings_that_pyxform_would_not_read_are_refused(
    people: Field, cells: list[list[str]], row: int
) -> None:
    assert faults(people.publish({"survey": SURVEY, "settings": cells})) == [("settings", row)]


def test_what_is_not_read_is_told_with_sheet_and_row(people: Field) -> None:
    answer = people.publish(
        {
            "survey": [["type", "name", "label"], ["text", "a", "A", "stray"]],
            "settings": [HEADS, ["told", "1", "T"], ["other", "2", "U"]],
        }
    )
    warnings = " ".join(answer.json()["warnings"])
    assert "survey" in warnings
    assert "D" in warnings
    assert "settings" in warnings
    assert "3" in warnings
    sheets = {
        "survey": [["type", "name", "label"], ["select_one l", "a", "A"]],
        "choices": [["list_name", "name", "label"], ["l", "a", "A"], ["", "b", "B"]],
        "settings": [HEADS, ["nolist", "1", "T"]],
    }
    assert faults(people.publish(sheets)) == [("choices", 3)]


def test_what_is_published_is_what_the_settings_say(people: Field) -> None:
    rows = [["type", "name", "label"], ["form_id", "other", ""], ["text", "a", "A"]]
    assert ("settings", 2) in faults(
        people.publish({"survey": rows, "settings": [HEADS, ["given", "1", "T"]]})
    )


def test_the_remedy_is_true_for_the_cause(people: Field) -> None:
    for form_id, words in (
        (".x", "Begin"),
        ("x" * 101, "at most"),
        ("a/b", "Use only"),
    ):
        settings = [["form_id", "version"], [form_id, "1"]]
        answer = people.publish({"survey": SURVEY, "settings": settings})
        assert words in answer.json()["remedy"]


FAULTY = {
    "survey": [
        ["type", "name", "label", "relevant", "bind::ruhu:saveto"],
        ["txet", "a", "A", "", ""],  # 2
        ["text", "b b", "B", "", ""],  # 3
        ["text", "c", "C", "${nowhere} = 1", ""],  # 4
        ["select_one nolist", "d", "D", "", ""],  # 5
        ["begin group", "g", "G", "", ""],  # 6
        ["text", "c2", "C", "", ""],
        ["text", "c2", "C", "", ""],  # 8
        ["end group", "", "", "", ""],
        ["select_multiple l", "m", "M", "", ""],
    ],
    "choices": [
        ["list_name", "name", "label"],
        ["l", "x y", "X"],
        ["l", "z", "Z"],
        ["l", "z", "Z"],
    ],
    "settings": [
        ["form_id", "version", "form_title", "submission_url"],
        ["f", "1", "T", "http://x"],
    ],
}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_all_faults_come_at_once_each_with_its_row_in_the_readers_language(
    people: Field, language: str
) -> None:
    people.administrator.defaults["HTTP_ACCEPT_LANGUAGE"] = language

    answer = people.publish(FAULTY)

    assert set(faults(answer)) == {
        ("settings", 2), ("survey", 2), ("survey", 3), ("survey", 4), ("survey", 5), ("survey", 8),
        ("choices", 2), ("choices", 4),
    }  # fmt: skip
    texts = " ".join(f"{one['fault']}{one['remedy']}" for one in answer.json()["faults"])
    assert ("名称" in texts) == (language == "zh-hans")


@pytest.mark.parametrize(("asked", "sent"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_file_is_the_same_whichever_way_its_name_is_composed(
    people: Field, asked: str, sent: str
) -> None:
    named = unicodedata.normalize(asked, "Équipe é.png")
    workbook = book(
        {
            "survey": [["type", "name", "label", "media::image"], ["note", "a", "A", named]],
            "settings": [["form_id", "version"], ["nfd", "1"]],
        }
    )

    answer = people.publish(workbook, {unicodedata.normalize(sent, named): b"\x89PNG1"})

    assert answer.status_code == 201, answer.content
    manifest = Client().get(f"{people.phone.base}/forms/nfd/1/manifest.xml")
    assert f"<filename>{named}</filename>" in manifest.content.decode()


def entity_sheets(list_name: str, *save_tos: str, saveto: str = "") -> dict[str, Any]:
    rows = [
        ["type", "name", "label", "save_to", "bind::ruhu:saveto"],
        ["text", "hid", "H", "", saveto],
    ]
    rows += [["text", f"q{n}", "Q", save_to, ""] for n, save_to in enumerate(save_tos)]
    return {
        "survey": rows,
        "settings": [["form_id", "version", "namespaces"], ["ent", "1", 'ruhu="urn:ruhu:xforms"']],
        "entities": [["list_name", "label"], [list_name, "${q0}"]],
        **(
            {"ledgers": [["ledger", "at", "key", "link"], ["household", "", "id", ""]]}
            if saveto
            else {}
        ),
    }


def test_a_save_to_that_goes_nowhere_is_refused(people: Field) -> None:
    sheets = entity_sheets("households", "building", "Address", "ROOM", "no_such_property")
    answer = people.publish(sheets)
    assert faults(answer) == [("survey", 4), ("survey", 5), ("survey", 6)]
    assert answer.json()["remedy"] == "Use one of: address."
    answer = people.publish(entity_sheets("trees", "x"), new_lists=False)
    assert faults(answer) == [("entities", 2)]
    made = people.publish(entity_sheets("trees", "x"))
    assert "“trees” is a new entity list" in " ".join(made.json()["warnings"])


def test_entries_that_stay_on_one_phone_are_told(people: Field) -> None:
    alone = people.publish(entity_sheets("households", "building", "room"))
    assert alone.status_code == 201
    assert "household.id" in " ".join(alone.json()["warnings"])
    sheets = entity_sheets("households", "building", saveto="household.id")
    sheets["settings"][1][0] = "mapped"
    assert "household.id" not in " ".join(people.publish(sheets).json()["warnings"])
