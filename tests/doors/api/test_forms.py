"""Forms over REST: publish, hand out, open and close."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from tests.doors.api.conftest import assert_problem

SHEETS = {
    "survey": [("type", "name", "label"), ("text", "remark", "备注")],
    "settings": [("form_title", "form_id", "version"), ("示范", "demo", "2026112301")],
}


def workbook(**sheets: list[tuple[str, ...]]) -> SimpleUploadedFile:
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
