"""Old ledgers in Excel: checked, taken in as records of level V0, undone, taken in again; over REST and in the console."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from server.audit.models import Act, AuditEntry
from server.core.clock import today
from server.forms.models import Form, FormAudience
from server.geo.models import Division
from server.imports import running
from server.imports.models import Import
from server.imports.old_forms import instance_of, old_form
from server.ledgers.definitions.normalise import id_check_digit
from server.ledgers.intake.old_columns import LEDGERS
from server.ledgers.models import Employer, LedgerException, Person, Vacancy
from server.ledgers.refolding.rebuild import rebuild
from server.submissions.drain import drain_now
from server.submissions.models import Submission

pytestmark = pytest.mark.django_db
STREET, COMMUNITY, OTHER = "440106003000", "440106003001", "440106005001"
HEADINGS = ("姓名", "身份证号", "性别", "文化程度", "联系电话", "社区", "现住址")


def id_no(n: int) -> str:
    body = f"44990119650101{n:03}"
    return body + id_check_digit(body)


def workbook(*rows: Any, headings: Any = HEADINGS, title: str = "劳动力台帐") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([title])
    sheet.append(list(headings))
    for row in rows:
        sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.fixture
def clerk(divisions, make_user, client) -> Client:
    client.force_login(make_user("clerk", role="street", area="440106003"))
    return client


def upload(clerk: Client, content: bytes, status: int = 201, **changes: Any) -> Any:
    asked = {"ledger": "person", "area": STREET, "as_of": "2024-12-31", **changes}
    name = asked.pop("name", "台帐 2024.xlsx")
    file = SimpleUploadedFile(name, content)
    answer = clerk.post(
        "/api/v1/imports/", {**asked, "file": file}, headers={"accept-language": "en"}
    )
    assert answer.status_code == status, answer.content
    return answer.json()


def act(clerk: Client, number: int, name: str, status: int = 202) -> Any:
    answer = clerk.post(f"/api/v1/imports/{number}/{name}/", headers={"accept-language": "en"})
    assert answer.status_code == status, answer.content
    return answer.json()


def work() -> None:
    """What the worker does."""
    while running.step():
        pass
    drain_now()


def taken_in(clerk: Client, content: bytes, **changes: Any) -> dict[str, Any]:
    number = upload(clerk, content, **changes)["id"]
    act(clerk, number, "start")
    work()
    return clerk.get(f"/api/v1/imports/{number}/").json()


def name_of_community() -> str:
    return Division.objects.get(pk=COMMUNITY).name


def people() -> bytes:
    place = name_of_community()
    return workbook(
        ("陈一", id_no(1), "男", "初中", "020-00000001", place, "棠荫路1号"),
        ("陈二", "", "女", "高中", "", COMMUNITY, ""),
        ("陈三", id_no(3), "女", "", "", place, ""),  # an odd number is a man's
        ("陈四", id_no(5), "男", "", "", "没有的社区", ""),
        ("陈五", id_no(7), "男", "", "", OTHER, ""),
        ("陈二", "", "女", "高中", "", COMMUNITY, ""),
        ("合计", 6),
    )


def test_rows_are_checked_then_taken_in_at_their_day_and_level(clerk):
    checked = upload(clerk, people())
    assert (checked["state"], checked["n_ready"], checked["n_faulty"]) == ("checked", 2, 4)
    assert checked["n_left_out"] == 3  # title, header, total
    assert checked["headings"]["Sheet"]["文化程度"] == "edu"
    assert Person.objects.count() == Submission.objects.count() == 0
    remarks = clerk.get(
        f"/api/v1/imports/{checked['id']}/remarks/", headers={"accept-language": "en"}
    )
    reasons = {line["row"]: line["reason"] for line in remarks.json()}
    assert reasons[5] == "sex and ID number differ"
    assert reasons[6] == reasons[7] == "the area of the file has no community of this name or code"
    assert reasons[8] == "the same as row 4 of sheet Sheet"
    assert "449901" not in remarks.content.decode()

    act(clerk, checked["id"], "start")
    work()
    done = clerk.get(f"/api/v1/imports/{checked['id']}/").json()
    assert (done["state"], done["n_stored"], done["n_ready"]) == ("done", 2, 0)
    person = Person.objects.get(name="陈一")
    assert (person.area_code, person.edu, person.verified_level) == (COMMUNITY, "70", 0)
    assert person.residence_addr == "棠荫路1号"
    assert person.observed_at.date() <= date(2024, 12, 31)
    assert person.last_confirmed_on == date(2024, 12, 31)
    rows = clerk.get(f"/api/v1/imports/{checked['id']}/rows/").json()["results"]
    assert [row["outcome"] for row in rows] == ["stored", "stored"]
    assert Submission.objects.get(pk=rows[0]["submission"]).review_state == "approved"
    assert not Import.objects.get().content, "the file is forgotten"
    assert all(row.values == {} for row in Import.objects.get().rows.all())
    assert AuditEntry.objects.filter(act=Act.IMPORT).count() == 2


def test_a_file_that_comes_again_doubles_nothing(clerk):
    first = taken_in(clerk, people())
    again = taken_in(clerk, people(), as_of="2025-03-31")
    assert (again["n_stored"], again["n_known"]) == (1, 1), (
        "only the row with a number has a new day"
    )
    assert Person.objects.count() == 2
    assert first["n_stored"] == 2
    assert taken_in(clerk, people())["n_known"] == 2


def test_undoing_takes_the_rows_out_and_restoring_brings_them_back(clerk):
    done = taken_in(clerk, people())
    before = list(Person.objects.order_by("name").values("id", "name", "edu", "area_code"))
    act(clerk, done["id"], "undo")
    work()
    assert Person.objects.count() == 0
    assert clerk.get(f"/api/v1/imports/{done['id']}/").json()["state"] == "undone"
    act(clerk, done["id"], "undo", 409)
    act(clerk, done["id"], "restore")
    work()
    assert list(Person.objects.order_by("name").values("id", "name", "edu", "area_code")) == before
    report = rebuild(area="", keep=False, as_of=today(), progress=lambda *_what: None)
    assert report.differences == []
    act(clerk, done["id"], "undo")
    work()
    assert Person.objects.count() == 0


def test_an_employer_is_known_by_its_name_and_vacancies_follow(clerk):
    headings = ("单位名称", "统一社会信用代码", "从业人数", "所属社区")
    taken_in(
        clerk,
        workbook(("甲制衣厂", "", 5, COMMUNITY), ("乙店", "", 2, COMMUNITY), headings=headings),
        ledger="employer",
    )
    assert set(Employer.objects.values_list("name", "n_staff")) == {("甲制衣厂", 5), ("乙店", 2)}
    headings = ("岗位", "用人单位", "招聘人数", "工种", "所属社区")
    content = workbook(
        ("缝纫工", "甲制衣厂", 3, "", COMMUNITY),
        ("店员", "丙店", 1, "", COMMUNITY),
        headings=headings,
    )
    done = taken_in(clerk, content, ledger="vacancy")
    assert (done["n_stored"], done["n_faulty"]) == (1, 1)
    vacancy = Vacancy.objects.get()
    assert (vacancy.title, vacancy.employer.name, vacancy.n_wanted) == ("缝纫工", "甲制衣厂", 3)
    assert Employer.objects.count() == 2


def test_headings_mean_what_somebody_chose_and_the_office_is_asked_once(clerk):
    content = workbook(("陈一", "初中毕业", "初中"), headings=("姓名", "备注", "读到哪"))
    checked = upload(clerk, content, area=COMMUNITY)
    assert checked["headings"]["Sheet"] == {} or checked["headings"]["Sheet"]["读到哪"] == ""
    number = checked["id"]
    changed = clerk.patch(
        f"/api/v1/imports/{number}/",
        {"meanings": {"读到哪": "edu", "备注": ""}},
        "application/json",
    ).json()
    assert changed["headings"]["Sheet"]["读到哪"] == "edu"
    wrong = clerk.patch(
        f"/api/v1/imports/{number}/", {"meanings": {"备注": "is_4050"}}, "application/json"
    )
    assert (wrong.status_code, wrong.json()["type"].rpartition(":")[2]) == (422, "unknown-meaning")
    act(clerk, number, "start")
    work()
    assert Person.objects.get().edu == "70"
    assert upload(clerk, content, area=COMMUNITY)["headings"]["Sheet"]["读到哪"] == "edu"


@pytest.mark.parametrize(
    ("changes", "status", "type_"),
    [
        ({"area": OTHER}, 403, "may-not-import"),
        ({"area": "440106000000"}, 403, "may-not-import"),
        ({"area": "4401060030zz"}, 403, "may-not-import"),
        ({"as_of": (today() + timedelta(days=1)).isoformat()}, 422, "as-of-in-the-future"),
        ({"name": "a.png"}, 422, "old-ledger-unreadable"),
        ({"ledger": "visit"}, 400, "invalid-request"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_nothing_is_kept(clerk, changes, status, type_):
    content = b"\x89PNG" if "name" in changes else people()
    answer = upload(clerk, content, status, **changes)
    assert answer["type"].rpartition(":")[2] == type_
    assert Import.objects.count() == 0


@pytest.mark.parametrize("days", [-1, 0])
def test_a_ledger_of_yesterday_and_today_is_taken(clerk, days):
    upload(clerk, people(), as_of=(today() + timedelta(days=days)).isoformat())


def test_a_file_without_rows_is_not_started_and_can_be_discarded(clerk):
    number = upload(clerk, workbook(("陈一", "", "雄")), area=COMMUNITY)["id"]
    assert act(clerk, number, "start", 409)["type"].rpartition(":")[2] == "nothing-to-import"
    assert clerk.delete(f"/api/v1/imports/{number}/").status_code == 204
    assert clerk.get(f"/api/v1/imports/{number}/").status_code == 404


def test_no_phone_is_offered_the_form_of_old_ledgers(clerk):
    taken_in(clerk, people())
    form = Form.objects.get(form_id="old_ledger_person")
    assert not FormAudience.objects.filter(form=form).exists()


def test_staff_elsewhere_and_workers_see_and_do_nothing(clerk, make_user):
    number = upload(clerk, people())["id"]
    elsewhere = Client()
    elsewhere.force_login(make_user("elsewhere", role="street", area="440106005"))
    assert elsewhere.get("/api/v1/imports/").json()["results"] == []
    for path in ("", "start/", "remarks/", "rows/"):
        call = elsewhere.post if path == "start/" else elsewhere.get
        assert call(f"/api/v1/imports/{number}/{path}").status_code == 404


def test_rights_that_ended_meanwhile_end_the_import(clerk):
    from server.accounts.models import RoleGrant

    number = upload(clerk, people())["id"]
    act(clerk, number, "start")
    RoleGrant.objects.all().delete()
    work()
    assert Person.objects.count() == 0
    assert set(Import.objects.get().rows.values_list("problem", flat=True)) == {"may-not-import"}


def test_the_pages_lead_from_the_file_to_the_ledger_and_back(clerk):
    file = SimpleUploadedFile("台帐.xlsx", people())
    sent = {"ledger": "person", "area": "440106003", "as_of": "2024-12-31", "file": file}
    answer = clerk.post("/imports", sent, follow=True)
    address = answer.redirect_chain[-1][0]
    text = answer.content.decode()
    assert "陈一" in text
    assert id_no(1) not in text
    assert "导入 2 行" in text
    assert clerk.post(address, {"heading:文化程度": ""}, follow=True).status_code == 200
    assert clerk.get(f"{address}/remarks.xlsx").content[:2] == b"PK"
    clerk.post(f"{address}/act", {"step": "start"})
    assert "every 2s" in clerk.get(f"{address}/progress").content.decode()
    work()
    page = clerk.get(address).content.decode()
    assert "撤销" in page
    assert Person.objects.get(name="陈一").edu is None, "the column was not read"
    clerk.post(f"{address}/act", {"step": "undo"})
    work()
    assert "重新导入" in clerk.get(address).content.decode()
    assert "台帐.xlsx" in clerk.get("/imports").content.decode()
    assert clerk.post(f"{address}/act", {"step": "nothing"}).status_code == 404


@given(st.sampled_from(LEDGERS), st.text(max_size=20))
def test_every_row_makes_an_instance_of_a_form_that_publishes(ledger, text):
    from lxml import etree

    root = etree.fromstring(instance_of(ledger, "uuid:1", {}))
    assert root.get("version") == old_form(ledger).version


def test_no_conflict_is_raised_for_what_is_known_better(clerk):
    """The fold's own rules: tests/unit/test_ledgers_imported.py."""
    taken_in(clerk, people())
    assert not LedgerException.objects.filter(kind="conflict").exists()
