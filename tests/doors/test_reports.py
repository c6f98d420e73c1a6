"""Reports at their doors: REST as JSON, CSV and XLSX, the console's pages; inside and outside the reader's area."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO

import openpyxl
import pytest
from django.test import Client

from server.ledgers.services import merge_submissions
from server.reports.definitions.registry import REPORTS
from server.reports.facts.keeping import keep_up_entirely
from tests.conftest import COMMUNITY, STREET
from tests.factories.ledgers import id_number, make_versions, member, store, street, uuid_of

pytestmark = pytest.mark.django_db
ASKED = {"area": STREET.ljust(12, "0"), "period": "2026Q1"}


@pytest.fixture
def surveyed(divisions, make_user):
    """A household of the first community, with a working man, a rural woman who has no work, and her son of 15."""
    people = [
        member("陈一", id_no=id_number("1980-01-01", 1), hukou_type="10", emp_status="10", work_capacity="1"),
        member("李二", id_no=id_number("1985-01-01", 2), hukou_type="20", emp_status="35", work_capacity="1"),
        member("王三", id_no=id_number("2010-06-15", 3), hukou_type="20"),
    ]  # fmt: skip
    one_survey = store(
        street(1, people),
        version=make_versions()["survey"],
        submitter=make_user("zhang", role="worker", area=COMMUNITY),
        instance_id=f"uuid:{uuid_of('survey')}",
    )
    merge_submissions(submission_ids=[one_survey.pk], as_of=date(2026, 11, 23))
    keep_up_entirely()


def logged_in(make_user, name="li", **how) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(make_user(name, **how))
    return client


def test_a_report_over_rest(surveyed, make_user):
    client = logged_in(make_user)
    kinds = client.get("/api/v1/reports/").json()
    assert [kind["code"] for kind in kinds] == list(REPORTS)
    table = client.get("/api/v1/reports/R2/", ASKED).json()
    assert [row["name"] for row in table["rows"]] == ["示范一社区", "合计"]
    numbers = table["rows"][-1]["numbers"]
    assert (numbers["people"], numbers["working"], numbers["rural"]) == (3, 2, 1)
    assert (table["gaps"], table["is_behind"], table["first"]) == ([], False, "2026-01-01")
    cell = {**ASKED, "row": COMMUNITY, "column": "working"}
    behind = client.get("/api/v1/reports/R2/entries/", cell).json()
    assert (behind["total"], behind["hidden"], len(behind["shown"])) == (2, 0, 2)
    for entry in behind["shown"]:
        assert client.get(f"/api/v1/persons/{entry['entry']}/").status_code == 200


def test_custody_counts_as_it_is_shown_to_who_may_not_know_of_it(surveyed, make_user):
    open_numbers, whole = (
        logged_in(make_user, name, **how).get("/api/v1/reports/R2/", ASKED).json()["rows"][-1]["numbers"]
        for name, how in (("li", {}), ("qian", {"role": "administrator"}))
    )  # fmt: skip
    assert (open_numbers["service"], open_numbers["other_out"]) == (0, 1)
    assert (whole["service"], whole["other_out"]) == (
        0,
        1,
    )  # administrators hold no restricted role
    from server.accounts.models import RoleGrant, User

    RoleGrant.objects.create(user=User.objects.get(username="qian"), role="restricted", area=STREET)
    client = Client()
    client.force_login(User.objects.get(username="qian"))
    told = client.get("/api/v1/reports/R2/", ASKED).json()["rows"][-1]["numbers"]
    assert (told["service"], told["other_out"]) == (1, 0)


def test_a_birthday_is_not_told_to_who_may_not_see_it(surveyed, make_user):
    cell = {"area": COMMUNITY, "period": "2026Q2", "row": "total", "column": "came_of_age"}
    desk = logged_in(make_user).get("/api/v1/reports/R2/entries/", cell).json()
    assert desk["shown"][0]["since"] == "2026-06-15"
    worker = logged_in(make_user, "wang", role="worker", area=COMMUNITY)
    assert (
        worker.get("/api/v1/reports/R2/entries/", cell).json()["shown"][0]["since"] == "2026-06-01"
    )
    within = worker.get("/api/v1/reports/R2/entries/", {**cell, "starts_on": "10"})
    assert (within.status_code, within.json()["type"].rpartition(":")[2]) == (
        403,
        "only-whole-months",
    )


@pytest.mark.parametrize(
    ("path", "changes", "status"),
    [
        ("R99/", {}, 404),
        ("R2/", {"area": "440106005000"}, 404),
        ("R2/", {"area": "44"}, 400),
        ("R2/", {"period": "2026Q9"}, 400),
        ("R2/", {"starts_on": "29"}, 400),
        ("R2/", {"known_by": "yesterday"}, 400),
        ("R2/", {"known_by": "2020-01-01T00:00:00Z"}, 400),
        ("R2/entries/", {"row": "total", "column": "none"}, 404),
        ("R2/entries/", {"row": "440106005001", "column": "people"}, 404),
    ],
)
def test_what_cannot_be_answered_is_refused(surveyed, make_user, path, changes, status):
    answer = logged_in(make_user).get(f"/api/v1/reports/{path}", {**ASKED, **changes})
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"


def test_a_report_as_a_sheet(surveyed, make_user):
    client = logged_in(make_user)
    text = client.get("/api/v1/reports/R2/", {**ASKED, "format": "csv"}).content.decode("utf-8-sig")
    heads, first, *_rows = (line.split(",") for line in text.splitlines())
    assert dict(zip(heads, first, strict=True))["人口/劳动年龄人口"] == "2"
    answer = client.get("/api/v1/reports/R3/", {**ASKED, "format": "xlsx"})
    assert 'filename="R3-440106003000-2026Q1.xlsx"' in answer["Content-Disposition"]
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
    assert sheet["A1"].value == "R3 城镇登记失业情况表"
    assert "填报单位：石牌街道" in sheet["A2"].value
    assert sheet.print_area
    assert "A1:" in str(sheet.merged_cells.ranges)
    assert sheet.page_setup.orientation == "landscape"


def test_the_console_shows_a_table_whose_numbers_lead_to_people(surveyed, make_user):
    client = logged_in(make_user)
    assert client.get("/reports").status_code == 200
    page = client.get("/reports", {"report": "R2", **ASKED}).content.decode()
    assert "劳动力资源与就业失业平衡表" in page
    assert "全部 5 个关系式平衡" in page
    links = [
        href.replace("&amp;", "&") for href in re.findall(r'href="(/reports/entries[^"]+)"', page)
    ]
    working = next(href for href in links if "column=working&" in href + "&" and "total" in href)
    behind = client.get(working).content.decode()
    assert "共 2 条" in behind
    assert "李二" in behind
    (person, *_others) = re.findall(r'href="(/persons/[^"]+)"', behind)
    assert client.get(person).status_code == 200
    sheet = client.get("/reports/sheet", {"report": "R5", **ASKED})
    assert openpyxl.load_workbook(BytesIO(sheet.content)).active["A1"].value.startswith("R5")
    for wrong in ({"period": "x"}, {"area": "440106005000"}, {"starts_on": "40"}):
        asked = {"report": "R2", **ASKED, **wrong}
        assert client.get("/reports", asked).status_code in (200, 400)
        assert client.get("/reports/sheet", asked).status_code in (400, 422)


def test_a_wide_report_has_a_line_for_each_column_on_its_sheet(surveyed, make_user):
    answer = logged_in(make_user).get("/api/v1/reports/R8/", {**ASKED, "format": "xlsx"})
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
    heads = [cell.value for cell in sheet[4]]
    assert (heads[:3], heads[-1]) == (["项目", None, "单位"], "合计")
    lines = {row[1].value: row for row in sheet.iter_rows(min_row=5, max_row=90)}
    assert [lines["期初有效"][place].value for place in (0, 2, 3)] == [None, "件", 0]
    assert lines["发放金额(元)"][3].number_format == "#,##0.00"
    assert sheet["A5"].value == "优惠证等证件"
    assert sheet.page_setup.orientation == "portrait"
