"""/v1: publishing workbooks, at once or as drafts that wait for their files."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from django.test import Client

from server.forms.models import Form, FormDraft
from tests.doors.central.client import FORM, FORMS, assert_central, get
from tests.samples import old_excel, xlsforms

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NEW = f"{FORMS}/plain"
XLS = "application/vnd.ms-excel"
DRAFT = f"{NEW}/draft"


@pytest.fixture(autouse=True)
def _no_java(settings) -> None:
    settings.RUHU_VALIDATE_JAVA = ""


def workbook(version: str = "1", form_id: str = "plain", picture: str = "") -> bytes:
    return xlsforms.workbook(f"""
    | survey |
    | | type | name | label | media::image |
    | | text | a | A | {picture} |
    | settings |
    | | form_id | form_title | version |
    | | {form_id} | Plain | {version} |
    """)


def send(client: Client, path: str, body: bytes = b"", kind: str = XLSX) -> Any:
    return client.post(path, body, content_type=kind, secure=True)


@pytest.fixture
def administrator(street, asking) -> Client:
    client: Client = asking("administrator", area="")
    return client


def test_a_workbook_is_published_at_once(administrator):
    content = workbook()
    made = send(administrator, f"{FORMS}?publish=true&ignoreWarnings=true", content).json()
    assert (made["xmlFormId"], made["version"]) == ("plain", "1")
    assert made["publishedAt"]
    assert made == get(administrator, NEW).json()
    assert get(administrator, f"{NEW}.xlsx").getvalue() == content
    assert not FormDraft.objects.exists()
    again = send(administrator, f"{FORMS}?publish=true&ignoreWarnings=true", workbook("2"))
    assert_central(again, 409.3)  # a new form only


def test_an_old_xls_becomes_a_draft_and_a_form_as_its_xlsx_would(administrator):
    new = f"{FORMS}?ignoreWarnings=true"
    old, name = old_excel.as_xls(workbook()), quote("旧表.xls")
    assert send(administrator, new, old, XLS).json()["version"] == "1"
    draft = get(administrator, f"{DRAFT}.xml").content
    assert send(administrator, f"{DRAFT}?ignoreWarnings=true", workbook()).status_code == 200
    assert get(administrator, f"{DRAFT}.xml").content == draft
    assert send(administrator, f"{DRAFT}?ignoreWarnings=true", old, XLS).status_code == 200
    assert send(administrator, f"{DRAFT}/publish?version=2").json() == {"success": True}
    assert get(administrator, NEW).json()["version"] == "2"
    book = openpyxl.load_workbook(io.BytesIO(get(administrator, f"{NEW}.xlsx").getvalue()))
    assert [cell.value for cell in book["survey"][2]][:3] == ["text", "a", "A"]
    for content in (old[:1500], b"type,name,label"):
        refused = administrator.post(
            new, content, content_type=XLS, secure=True, headers={"X-XlsForm-FormId-Fallback": name}
        )
        assert ".xlsx" in assert_central(refused, 400.15)["message"]


def test_who_wants_to_know_of_warnings_is_told_and_nothing_is_kept(administrator):
    error = assert_central(send(administrator, f"{FORMS}?publish=true", workbook()), 400.16)
    assert "Java" in error["message"]
    lacking = f"{FORMS}?publish=true&ignoreWarnings=true"
    error = assert_central(send(administrator, lacking, workbook(picture="a.png")), 400.1)
    assert error["details"]["filenames"] == "a.png"
    assert not Form.objects.filter(form_id="plain").exists()
    assert not FormDraft.objects.exists()


def test_a_draft_waits_for_its_files(administrator, asking):
    new = f"{FORMS}?publish=false&ignoreWarnings=true"
    draft = send(administrator, new, workbook(picture="a.png")).json()
    assert (draft["xmlFormId"], draft["publishedAt"]) == ("plain", None)
    assert len(draft["draftToken"]) >= 43
    assert get(administrator, DRAFT).json() == draft
    assert_central(get(administrator, NEW), 404.1)  # it is not published
    assert [item["exists"] for item in get(administrator, f"{DRAFT}/attachments").json()] == [False]
    assert_central(send(administrator, f"{DRAFT}/publish"), 400.1)  # the file is still to come
    refused = send(administrator, f"{DRAFT}/attachments/b.png", b"b", "image/png")
    assert assert_central(refused, 404.1)["details"]["filenames"] == "a.png"
    for content in (b"wrong", b"a"):
        sent = send(administrator, f"{DRAFT}/attachments/a.png", content, "image/png")
        assert sent.json() == {"success": True}
    assert [item["exists"] for item in get(administrator, f"{DRAFT}/attachments").json()] == [True]
    assert send(administrator, f"{DRAFT}/publish").json() == {"success": True}
    assert get(administrator, NEW).json()["version"] == "1"
    assert get(administrator, f"{NEW}/attachments/a.png").getvalue() == b"a"
    assert [item["name"] for item in get(asking(), f"{NEW}/attachments").json()] == ["a.png"]
    assert_central(send(administrator, f"{DRAFT}/publish"), 404.1)  # it is none any more


def test_a_published_form_gets_other_files_or_another_workbook(administrator):
    send(administrator, f"{FORMS}?ignoreWarnings=true", workbook(picture="a.png"))
    send(administrator, f"{DRAFT}/attachments/a.png", b"old", "image/png")
    send(administrator, f"{DRAFT}/publish")

    # Files alone, as pyodk sends them: nothing in the body, then the time for a version.
    assert send(administrator, DRAFT, kind="").json() == {"success": True}
    send(administrator, f"{DRAFT}/attachments/a.png", b"new", "image/png")
    assert_central(send(administrator, f"{DRAFT}/publish"), 409.6)
    stamp = "2026-11-25T08:30:00.123456"
    assert send(administrator, f"{DRAFT}/publish?version={stamp}").json() == {"success": True}
    form = get(administrator, NEW).json()
    assert form["version"] == stamp
    assert get(administrator, f"{NEW}/attachments/a.png").getvalue() == b"new"
    assert f'version="{stamp}"' in get(administrator, f"{NEW}.xml").content.decode()
    assert get(administrator, f"{NEW}/versions/{stamp}.xml").status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(get(administrator, f"{NEW}.xlsx").getvalue()))
    assert book["settings"]["C2"].value == stamp

    # Another workbook keeps the files it still asks for.
    assert send(
        administrator, f"{DRAFT}?ignoreWarnings=true", workbook("3", picture="a.png")
    ).json()
    send(administrator, f"{DRAFT}/publish")
    assert get(administrator, f"{NEW}/attachments/a.png").getvalue() == b"new"
    other = send(administrator, f"{DRAFT}?ignoreWarnings=true", workbook(form_id="other"))
    assert_central(other, 400.8)
    assert_central(send(administrator, f"{FORMS}/none/draft", workbook(form_id="none")), 404.1)
    send(administrator, DRAFT)
    assert administrator.delete(DRAFT, secure=True).json() == {"success": True}
    assert_central(administrator.delete(DRAFT, secure=True), 404.1)


def test_what_is_no_workbook_is_refused(administrator):
    for body, kind in ((b"<h:html/>", "application/xml"), (b"", XLSX), (b"x" * 99, XLSX)):
        assert_central(send(administrator, FORMS, body, kind), 400.15)
    error = assert_central(send(administrator, FORMS, workbook(form_id="a/b")), 400.15)
    assert error["details"]["sheet"] == "settings"
    assert not FormDraft.objects.exists()


def test_a_form_is_closed_and_opened(administrator):
    def change(body: Any) -> Any:
        return administrator.patch(FORM, json.dumps(body), content_type="application/json", secure=True)  # fmt: skip

    assert change({"state": "closing"}).json()["state"] == "closing"
    assert Form.objects.get(form_id="household_survey").state == "closing"
    for wrong in ({"state": "ajar"}, {"state": 1}, {}):
        assert_central(change(wrong), 400.3)
