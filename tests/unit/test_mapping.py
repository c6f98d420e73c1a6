"""The mapping a form compiles to, and every way in which it can be wrong."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.utils import translation
from pyxform.xls2xform import convert

from server.forms import workbook, xform
from server.forms.problems import FaultyWorkbook
from server.ledgers.intake.combinations import is_too_deep
from server.ledgers.intake.mapping import compile_mapping, question_paths
from tests.samples import xlsforms


def compiled(content: bytes) -> dict:
    form = xform.read(convert(content, file_type=".xlsx", form_name="data").xform.encode())
    with translation.override("en"):
        return compile_mapping(workbook.read(content, "f.xlsx"), form)


def row_of(content: bytes, name: str) -> int:
    book = workbook.read(content, "f.xlsx")
    return next(row.number for row in book.survey if row["name"] == name)


def test_a_form_says_where_its_answers_go():
    mapping = compiled(xlsforms.workbook(xlsforms.HOUSEHOLD))
    assert json.loads(json.dumps(mapping)) == mapping
    assert mapping["head"] == {
        "observed_at": "/data/visited_at",
        "loc": "/data/place/loc",
        "area_code": "/data/place/area",
    }
    assert mapping["repeats"] == ["/data/members"]
    assert mapping["records"] == [
        {"ledger": "household", "at": "/data", "repeat": False, "keys": ["id"], "links": {}},
        {
            "ledger": "person",
            "at": "/data/members",
            "repeat": True,
            "keys": ["id", "id_no"],
            "links": {"member_of": 0},
        },
        {
            "ledger": "visit",
            "at": "/data",
            "repeat": False,
            "keys": ["instance"],
            "links": {"household": 0},
        },
    ]
    assert mapping["questions"]["/data/place/loc"] == [
        [0, "loc", "point", "loc_accuracy"],
        [2, "loc", "point", ""],
    ]
    assert mapping["questions"]["/data/members/edu"] == [[1, "edu", "code", "EDU"]]
    assert mapping["questions"]["/data/members/work/begun_on"] == [
        [1, "spell.start_on", "date", ""]
    ]
    assert question_paths(mapping, "person", "edu") == ["/data/members/edu"]
    assert question_paths(mapping, "visit", "edu") == []


def test_the_digest_moves_with_the_mapping_only():
    first = compiled(xlsforms.workbook(xlsforms.HOUSEHOLD))["digest"]
    assert compiled(xlsforms.changed("2026112301", "2026112302"))["digest"] == first
    assert compiled(xlsforms.changed("person.land_mu", ""))["digest"] != first


def test_a_form_without_ledgers_has_an_empty_mapping():
    mapping = compiled(
        xlsforms.workbook("""
        | survey |
        | | type | name | label |
        | | text | a | A |
        | settings |
        | | form_id | form_title | version |
        | | f | F | 1 |
        """)
    )
    assert (mapping["records"], mapping["questions"], mapping["head"]) == ([], {}, {})


@pytest.mark.parametrize(
    ("old", "new", "question", "fault", "remedy"),
    [
        ("person.edu ", "persn.edu ", "edu", "no such ledger", "person"),
        ("person.edu ", "person.edux", "edu", "no such column", "edu"),
        ("person.edu ", "person.household ", "edu", "by itself", "Use one of"),
        ("head.area_code", "head.area ", "area", "no such head column", "area_code"),
        ("person.birth_date", "person.land_mu", "birth", "type “date”", "decimal"),
        ("person.land_mu", "person.edu", "land", "type “decimal”", "select_one"),
        ("person.job_willing", "person.edu ", "willing", "no codes of EDU", "EDU"),
        (
            "household.address",
            "employer.name",
            "address",
            "no record of the ledger",
            "ledgers sheet",
        ),
        ("person.phone", "household.building", "phone", "asked several times", "repeat"),
        ("person.phone", "head.area_code", "phone", "stands in a repeat", "out of the repeat"),
        (
            "household.address ",
            "household.address head.area_code",
            "area",
            "given twice",
            "one question",
        ),
        (
            "| person                       |",
            "| person visit |",
            "members",
            "no key",
            "ledgers sheet",
        ),
        ("| person                       |", "| people |", "members", "no ledger", "person"),
        ("| person                       |", "| |", "members", "the survey does not", "person"),
    ],
)
def test_a_faulty_saveto_is_named_with_row_and_remedy(old, new, question, fault, remedy):
    content = xlsforms.changed(old, new)
    with pytest.raises(FaultyWorkbook) as refused:
        compiled(content)
    found = refused.value.faults[0]
    assert fault in found.fault
    assert remedy in found.remedy
    assert (found.sheet, found.row) in (
        ("survey", row_of(content, question)),
        ("choices", 12),  # a wrong code is named where it stands
    )


@pytest.mark.parametrize(
    ("old", "new", "row", "fault", "remedy"),
    [
        ("| person    | members", "| persons   | members", 3, "no ledger “persons”", "person"),
        ("| members | id id_no |", "| member  | id id_no |", 3, "no group or repeat", "members"),
        ("| members | id id_no |", "| members |          |", 3, "have no key", "id"),
        ("| members | id id_no |", "| members | instance |", 3, "the same one", "id_no"),
        ("| members | id id_no |", "| members | passport |", 3, "neither", "id_no"),
        ("| members | id id_no |", "| members | person+name |", 3, "no link", "id"),
        ("member_of=household", "member_of=employer", 3, "is no link", "member_of=household"),
        ("| instance | household ", "| instance | person ", 4, "No single record", "outside"),
        ("| visit     |         |", "| household |         |", 4, "stands twice", "Remove"),
    ],
)
def test_a_faulty_ledgers_sheet_is_named_with_row_and_remedy(old, new, row, fault, remedy):
    with pytest.raises(FaultyWorkbook) as refused:
        compiled(xlsforms.changed(old, new))
    found = next(found for found in refused.value.faults if fault in found.fault)
    assert (found.sheet, found.row) == ("ledgers", row)
    assert remedy in found.remedy


def test_a_key_needs_a_question():
    with pytest.raises(FaultyWorkbook) as refused:
        compiled(xlsforms.changed("person.id_no ", ""))
    assert "no question saves to person.id_no" in refused.value.detail


def test_choices_from_a_file_cannot_fill_a_code():
    with pytest.raises(FaultyWorkbook) as refused:
        compiled(
            xlsforms.changed(
                "| pick           | 家庭            | Household           |                              |",
                "| pick           | 家庭            | Household           | household.kind |",
            )
        )
    assert "come from a file" in refused.value.detail


def test_all_faults_are_told_together():
    form = xlsforms.HOUSEHOLD.replace("person.edu ", "person.nope ").replace(
        "visit.outcome", "visit.no"
    )
    with pytest.raises(FaultyWorkbook) as refused:
        compiled(xlsforms.workbook(form))
    assert len(refused.value.faults) == 2
    assert [fault.sheet for fault in refused.value.faults] == ["survey", "survey"]
    for fault in refused.value.faults:
        assert str(fault) in refused.value.detail
        assert str(fault).startswith(f"工作表 survey 第 {fault.row} 行")


def test_a_combined_key_needs_its_link_and_its_column():
    form = """
    | survey |
    | | type | name | label | bind::ruhu:saveto | calculation |
    | | calculate | eid | | employer.id | once(uuid()) |
    | | begin repeat | jobs | Jobs | vacancy | |
    | | text | title | Title | vacancy.title | |
    | | end repeat | | | | |
    | settings |
    | | form_id | form_title | version | namespaces |
    | | f | F | 1 | ruhu="urn:ruhu:xforms" |
    | ledgers |
    | | ledger | at | key | link |
    | | employer | | id | |
    | | vacancy | jobs | employer+title | employer |
    """
    mapping = compiled(xlsforms.workbook(form))
    assert mapping["records"][1]["links"] == {"employer": 0}
    for old, new, fault in (
        ("employer+title | employer", "employer+title | ", "no link “employer”"),
        ("employer+title", "employer+industry", "no question saves to vacancy.industry"),
        ("employer+title", "employer+title+wage_min", "no question saves to vacancy.wage_min"),
    ):
        with pytest.raises(FaultyWorkbook) as refused:
            compiled(xlsforms.changed(old, new, form))
        assert fault in refused.value.detail


RESTRICTED = """
| survey |
| | type | name | label | bind::ruhu:saveto | bind::ruhu:restricted |
| | begin group | concern | Concern | | {group} |
| | text | mood | Mood | {mood} | |
| | end group | | | | |
| | text | risk | Risk | | {risk} |
| | select_one POL | political | Political status | person.political | yes |
| | text | id | Id | person.id | |
| choices |
| | list_name | name | label |
| | POL | 01 | CPC member |
| settings |
| | form_id | form_title | version | namespaces |
| | restricted | Restricted | 1 | ruhu="urn:ruhu:xforms" |
| ledgers |
| | ledger | at | key | link |
| | person | | id | |
"""


def test_a_form_declares_what_is_restricted():
    text = RESTRICTED.format(group="yes", mood="", risk="no")
    mapping = compiled(xlsforms.workbook(text))
    assert mapping["restricted"] == ["/data/concern", "/data/political"]
    assert "restricted" not in compiled(xlsforms.workbook(xlsforms.HOUSEHOLD))


@pytest.mark.parametrize(
    ("group", "mood", "risk", "fault"),
    [
        ("yes", "person.skills", "no", "“mood” is restricted and is saved to “person.skills”"),
        ("perhaps", "", "no", "“concern” is neither restricted nor open: “perhaps”"),
    ],
)
def test_a_contradiction_about_what_is_restricted_is_refused(group, mood, risk, fault):
    text = RESTRICTED.format(group=group, mood=mood, risk=risk)
    with pytest.raises(FaultyWorkbook) as caught:
        compiled(xlsforms.workbook(text))
    assert any(fault in each.fault for each in caught.value.faults)


def test_a_combination_may_stand_in_a_combination_and_no_deeper():
    def kind(keys, links):
        return SimpleNamespace(keys=keys, links=links)

    employer, vacancy = kind(["id"], {}), kind(["employer+title"], {"employer": 0})
    offer = kind(["person+vacancy"], {"vacancy": 1})
    check = kind(["offer+on"], {"offer": 2})
    kinds = [employer, vacancy, offer, check]
    assert not is_too_deep("person+vacancy", offer, kinds)
    assert is_too_deep("offer+on", check, kinds)
    around = [kind(["b+x"], {"b": 1}), kind(["a+x"], {"a": 0})]
    assert is_too_deep("b+x", around[0], around)
