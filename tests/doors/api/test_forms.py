"""Forms over REST: publish, hand out, open and close."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from tests.doors.api.conftest import assert_problem
from tests.samples import old_excel

SHEETS = {
    "survey": [("type", "name", "label"), ("text", "remark", "备注")],
    "settings": [("form_title", "form_id", "version"), ("示范", "demo", "2026112301")],
}


def workbook(**sheets: list[tuple[Any, ...]]) -> SimpleUploadedFile:
    book = Workbook()
    book.remove(book.active)
    for name, rows in {**SHEETS, **sheets}.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("demo.xlsx", out.getvalue())


@pytest.fixture
def publisher(db, asking):
    return asking("administrator", area="")


@pytest.mark.django_db(transaction=True)
def test_a_workbook_is_published_once_and_found_the_second_time(publisher):
    file = workbook()
    content = file.read()

    def publish():
        sent = SimpleUploadedFile("demo.xlsx", content)
        return publisher.post("/api/v1/forms/", {"workbook": sent})

    first, second = publish(), publish()
    assert (first.status_code, second.status_code) == (201, 200), first.content
    assert first.json()["form_id"] == "demo"
    assert first.json()["is_current"]
    assert second.json()["md5"] == first.json()["md5"]
    form = publisher.get("/api/v1/forms/demo/").json()
    assert (form["version"], form["areas"], form["state"]) == ("2026112301", [""], "open")
    xform = publisher.get("/api/v1/forms/demo/xform/")
    assert b"<h:html" in xform.content
    saved = publisher.get("/api/v1/forms/demo/workbook/?version=2026112301")
    assert b"".join(saved.streaming_content) == content


@pytest.mark.django_db(transaction=True)
def test_a_faulty_workbook_is_refused_with_sheet_row_and_remedy(publisher):
    faulty = workbook(survey=[("type", "name", "label"), ("txt", "remark", "备注")])
    body = assert_problem(
        publisher.post("/api/v1/forms/", {"workbook": faulty}), "faulty-workbook", 400
    )
    (fault, *_) = body["faults"]
    assert fault["sheet"] == "survey"
    assert fault["row"] == 2
    assert fault["remedy"]
    assert publisher.get("/api/v1/forms/").json()["count"] == 0


def test_a_file_that_is_no_workbook_is_refused(publisher):
    text = SimpleUploadedFile("demo.xlsx", b"type,name,label")
    assert_problem(publisher.post("/api/v1/forms/", {"workbook": text}), "not-a-workbook", 400)
    body = assert_problem(publisher.post("/api/v1/forms/", {}), "invalid-request", 400)
    assert [error["pointer"] for error in body["errors"]] == ["#/workbook"]
    as_json = publisher.post("/api/v1/forms/", {}, content_type="application/json")
    assert_problem(as_json, "unsupported-media-type", 415)


@pytest.mark.django_db(transaction=True)
def test_an_old_xls_publishes_the_same_form_as_its_xlsx(publisher):
    given = workbook(
        survey=[
            ("type", "name", "label", "default", "readonly", "constraint"),
            ("text", "remark", "备注", 20, True, None),
            ("date", "day", "日期", datetime(2026, 11, 28), None, ". > '2026-01-01'"),  # noqa: DTZ001 as a cell holds it
        ],
        settings=[("form_title", "form_id", "version"), ("示范", "demo", 2026112301)],
    ).read()
    as_xls = old_excel.as_xls(given)

    def publish(content: bytes, name: str):
        return publisher.post("/api/v1/forms/", {"workbook": SimpleUploadedFile(name, content)})

    first = publish(as_xls, "demo.xls")
    assert first.status_code == 201, first.content
    assert publish(as_xls, "demo.xls").status_code == 200
    same = publish(given, "demo.xlsx")
    assert (same.status_code, same.json()["md5"]) == (200, first.json()["md5"])
    xform = publisher.get("/api/v1/forms/demo/xform/").content
    assert hashlib.md5(xform).hexdigest() == first.json()["md5"]
    assert "2026-11-28 00:00:00" in xform.decode()
    saved = publisher.get("/api/v1/forms/demo/workbook/")
    assert "demo-2026112301.xlsx" in saved.headers["Content-Disposition"]
    book = load_workbook(io.BytesIO(b"".join(saved.streaming_content)))
    assert [cell.value for cell in book["survey"][2]][:4] == ["text", "remark", "备注", "20"]


def test_faults_of_an_old_xls_have_the_rows_of_excel_and_what_is_none_is_refused(publisher):
    rows = [("type", "name", "label"), (), ("txt", "remark", "备注")]
    faulty = old_excel.xls({**SHEETS, "survey": rows})
    sent = SimpleUploadedFile("demo.xls", faulty)
    body = assert_problem(
        publisher.post("/api/v1/forms/", {"workbook": sent}), "faulty-workbook", 400
    )
    assert [(fault["sheet"], fault["row"]) for fault in body["faults"]] == [("survey", 3)]
    for content in (faulty[:1500], b"type,name,label"):
        sent = SimpleUploadedFile("demo.xls", content)
        body = assert_problem(
            publisher.post("/api/v1/forms/", {"workbook": sent}), "not-a-workbook", 400
        )
        assert "demo.xls" in body["detail"]
        assert ".xlsx" in body["detail"]
    assert publisher.get("/api/v1/forms/").json()["count"] == 0


def test_only_administrators_publish(street, asking):
    answer = asking("street").post("/api/v1/forms/", {"workbook": workbook()})
    assert_problem(answer, "not-allowed", 403)


def test_a_form_is_closed_and_opened(street, publisher, asking):
    path, json = "/api/v1/forms/household_survey/", "application/json"
    assert publisher.patch(path, {"state": "closed"}, json).json()["state"] == "closed"
    assert publisher.get("/api/v1/forms/?state=closed").json()["count"] == 1
    assert_problem(publisher.patch(path, {"state": "gone"}, json), "invalid-request", 400)
    assert_problem(asking("street").patch(path, {"state": "open"}, json), "not-allowed", 403)
    assert_problem(
        publisher.patch("/api/v1/forms/none/", {"state": "open"}, json), "no-such-form", 404
    )


def test_the_audience_is_replaced_as_a_whole(street, publisher):
    path, json = "/api/v1/forms/household_survey/audience/", "application/json"
    form = publisher.put(path, {"areas": ["440106003"], "users": ["xie"]}, json).json()
    assert (form["areas"], form["users"]) == (["440106003"], ["xie"])
    form = publisher.put(path, {"areas": [""]}, json).json()
    assert (form["areas"], form["users"]) == ([""], [])
    body = assert_problem(
        publisher.put(path, {"areas": ["44x"], "users": []}, json), "invalid-request", 400
    )
    assert [error["pointer"] for error in body["errors"]] == ["#/areas/0"]
    unknown = publisher.put(path, {"areas": [""], "users": ["nobody"]}, json)
    assert_problem(unknown, "invalid-request", 400)


def test_versions_are_listed_without_their_bytes(street, asking):
    (version,) = asking("street").get("/api/v1/forms/household_survey/versions/").json()
    assert version["version"] == "2026112001"
    assert "xform" not in version
    assert_problem(asking("county").get("/api/v1/forms/none/versions/"), "no-such-form", 404)


def test_records_of_a_form_are_made_to_need_approval_by_who_publishes(street, publisher, asking):
    path, json = "/api/v1/forms/household_survey/", "application/json"
    assert publisher.get(path).json()["needs_approval"] is False
    form = publisher.patch(path, {"needs_approval": True}, json).json()
    assert (form["needs_approval"], form["n_awaiting"], form["state"]) == (True, 2, "open")
    client = asking("street")
    assert client.get(path).json()["n_awaiting"] == 1
    (row,) = client.get("/api/v1/submissions/?awaits_approval=true").json()["results"]
    assert row["awaits_approval"] is True
    assert client.get("/api/v1/submissions/?awaits_approval=false").json()["count"] == 0
    assert_problem(client.patch(path, {"needs_approval": False}, json), "not-allowed", 403)
    assert_problem(publisher.patch(path, {}, json), "invalid-request", 400)
    both = publisher.patch(path, {"needs_approval": False, "state": "closing"}, json).json()
    assert (both["needs_approval"], both["n_awaiting"], both["state"]) == (False, 0, "closing")
