"""A draft is tried on a phone: what the phone gets, what is kept of what it sends, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import etree

from server.accounts import collect
from server.accounts.models import RoleGrant, User
from server.core import blobs
from server.core.clock import now
from server.erasure.trials import delete_files_of_trials
from server.forms.models import Form, FormDraft
from server.ops.logs import mask
from server.submissions.models import Submission, Waiting
from server.trials import services
from server.trials.models import TrialRecord
from tests.conftest import COMMUNITY
from tests.doors.central.client import FORMS, assert_central, get
from tests.samples import xlsforms

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DRAFT = f"{FORMS}/测试 1/draft"
RECORDS = f"{DRAFT}/submissions"
ID_NO = "44990019900101001X"


@pytest.fixture(autouse=True)
def _no_java(settings) -> None:
    settings.RUHU_VALIDATE_JAVA = ""


def workbook(version: str = "1", title: str = "Trial") -> bytes:
    return xlsforms.workbook(f"""
    | survey |
    | | type | name | label | media::image |
    | | text | a | A | a.png |
    | | text | id_no | ID number | |
    | | image | photo | Photo | |
    | | select_one_from_file households.csv | home | Home | |
    | settings |
    | | form_id | form_title | version |
    | | 测试 1 | {title} | {version} |
    """)


@pytest.fixture
def administrator(street, asking) -> Client:
    client: Client = asking("administrator", area="")
    return client


def save(client: Client, content: bytes, path: str = FORMS) -> str:
    """The address in the code of a new draft."""
    sent = client.post(f"{path}?ignoreWarnings=true", content, content_type=XLSX, secure=True)
    assert sent.status_code == 200, sent.content
    token = get(client, DRAFT).json()["draftToken"]
    return urlsplit(collect.draft_url("https://testserver", token, "测试 1")).path


def document(number: int = 1, version: str = "1", form_id: str = "测试 1") -> bytes:
    return (
        f'<data id="{form_id}" version="{version}"><a>call 020-00001234</a><id_no>{ID_NO}</id_no>'
        f"<photo>p.jpg</photo><meta><instanceID>uuid:{number}</instanceID></meta></data>"
    ).encode()


def send(base: str, content: bytes, photo: bytes | None = None) -> Any:
    parts = {"xml_submission_file": SimpleUploadedFile("r.xml", content, "text/xml")}
    if photo is not None:
        parts["p.jpg"] = SimpleUploadedFile("p.jpg", photo, "image/jpeg")
    return Client().post(f"{base}/submission?deviceID=collect:1", parts, secure=True)


def urls(response: Any, name: str) -> list[str]:
    root = etree.fromstring(response.content)
    return [element.text for element in root.iter(f"{{*}}{name}")]


def test_a_phone_gets_the_draft_and_its_records_are_kept_apart(administrator):
    base, phone = save(administrator, workbook()), Client()
    administrator.post(
        f"{DRAFT}/attachments/a.png", b"picture", content_type="image/png", secure=True
    )
    listed = phone.get(f"{base}/formList", secure=True)
    assert (listed.status_code, listed["X-OpenRosa-Version"]) == (200, "1.0")
    assert urls(listed, "formID") == ["测试 1"]
    xform = phone.get(urls(listed, "downloadUrl")[0], secure=True).content
    assert xform == get(administrator, f"{DRAFT}.xml").content
    assert b"A</value>" in xform or b">A<" in xform
    manifest = phone.get(urls(listed, "manifestUrl")[0], secure=True)
    assert urls(manifest, "filename") == ["a.png", "households.csv"]
    picture, homes = (phone.get(url, secure=True) for url in urls(manifest, "downloadUrl"))
    assert picture.getvalue() == b"picture"
    assert len(homes.content.splitlines()) == 1  # whoever saved the draft works nowhere
    assert phone.head(f"{base}/submission", secure=True).status_code == 204

    assert send(base, document(), b"photo").status_code == 201
    assert send(base, document()).status_code == 201  # again, after a lost answer
    assert send(base, document(2)).status_code == 201
    assert send(base, document(2), b"later").status_code == 201
    assert send(base, document(1) + b" ").status_code == 409  # other bytes under the same ID
    assert TrialRecord.objects.count() == 2
    assert not Form.objects.filter(form_id="测试 1").exists()
    assert Submission.objects.count() == 2, "those of the street's own form"
    assert not Waiting.objects.exists()

    rows = get(administrator, RECORDS).json()
    assert [row["instanceId"] for row in rows] == ["uuid:2", "uuid:1"]
    assert rows[0]["deviceId"] == "collect:1"
    shown = get(administrator, f"{RECORDS}/uuid:1.xml").content.decode()
    assert ID_NO not in shown
    assert "02000001234" not in shown.replace("-", "")
    assert get(administrator, f"{RECORDS}/uuid:1").json()["instanceId"] == "uuid:1"
    files = get(administrator, f"{RECORDS}/uuid:2/attachments").json()
    assert files == [{"name": "p.jpg", "exists": True}]
    assert get(administrator, f"{RECORDS}/uuid:1/attachments/p.jpg").getvalue() == b"photo"
    assert_central(get(administrator, f"{RECORDS}/uuid:3"), 404.1)
    fields = get(administrator, f"{DRAFT}/fields").json()
    assert [field["path"] for field in fields][:2] == ["/a", "/id_no"]
    made = administrator.post(RECORDS, document(4), content_type="application/xml", secure=True)
    assert made.json()["instanceId"] == "uuid:4"
    assert_central(get(administrator, f"{DRAFT}.svc/Submissions"), 501.1)


@pytest.mark.parametrize("end", ["publish", "replace", "drop"])
def test_test_records_vanish_with_the_draft(administrator, end):
    base = save(administrator, workbook())
    administrator.post(
        f"{DRAFT}/attachments/a.png", b"picture", content_type="image/png", secure=True
    )
    send(base, document(), b"photo")
    sha256 = bytes.fromhex(TrialRecord.objects.get().files[0]["sha256"])
    if end == "publish":
        assert administrator.post(f"{DRAFT}/publish", secure=True).status_code == 200
        assert Form.objects.get(form_id="测试 1").current_version.version == "1"
    elif end == "replace":
        assert save(administrator, workbook("2"), DRAFT) != base
        assert get(administrator, RECORDS).json() == []
    else:
        assert administrator.delete(DRAFT, secure=True).status_code == 200
    gone = TrialRecord.objects.get()
    assert (gone.draft, bytes(gone.document), gone.instance_id) == (None, b"", "")
    for response in (Client().get(f"{base}/formList"), send(base, document(5))):
        assert response.status_code == 404
        assert "现有草稿的二维码".encode() in response.content
    assert Submission.objects.count() == 2

    hour, late = timedelta(hours=1), timedelta(seconds=5)
    assert delete_files_of_trials(at=now() + hour - late) == 0
    assert blobs.exists(sha256)
    assert delete_files_of_trials(at=now() + hour + late) == 1
    assert not blobs.exists(sha256)
    assert not TrialRecord.objects.exists()


def test_what_is_not_of_the_draft_is_refused_and_leaves_nothing(administrator, monkeypatch):
    base = save(administrator, workbook())
    for content, status in (
        (document(version="2"), 400),
        (document(form_id="household_survey"), 400),
        (b"<data", 400),
        (document().replace(b"uuid:1", b""), 400),
    ):
        assert send(base, content, b"photo").status_code == status
    monkeypatch.setattr(services, "MOST_RECORDS", 1)
    assert send(base, document(1)).status_code == 201
    assert "不再接收".encode() in send(base, document(2), b"unkept").content
    assert send(base, document(1)).status_code == 201
    assert TrialRecord.objects.count() == 1
    wrong = base.replace(base.split("/")[3], "wrong")
    for path in ("/formList", ".xml", "/manifest", "/attachments/a.png", "/entities/integrity"):
        assert Client().get(f"{wrong}{path}").status_code == 404
        assert Client().post(f"{base}{path}").status_code == 405
    assert Client().head(f"{wrong}/submission").status_code == 404
    assert base.split("/")[3] not in mask(f"GET {base}/formList")


def test_lists_of_a_draft_are_those_of_who_saved_it(administrator, street):
    base = save(administrator, workbook())
    author = User.objects.get(username="administrator-")
    RoleGrant.objects.create(user=author, role="worker", area=COMMUNITY)
    address = f"{base}/attachments/households.csv"
    homes = Client().get(address, secure=True).content.decode()
    assert str(street.household.pk) in homes
    assert str(street.foreign_household.pk) not in homes
    author.is_active = False
    author.save()
    assert len(Client().get(address, secure=True).content.splitlines()) == 1


def test_a_draft_at_the_console(street, log_in):
    clerk, chief = log_in("street"), log_in("administrator", "")
    book = SimpleUploadedFile("trial.xlsx", workbook(), XLSX)
    saved = chief.post("/forms/publish", {"workbook": book, "draft": "yes"}, follow=True)
    page = "/forms/%E6%B5%8B%E8%AF%95%201/draft"
    assert saved.redirect_chain[-1][0] == page
    text = saved.content.decode()
    assert "<svg" in text
    assert "still missing" in text
    assert "works in no area" in text
    base = urlsplit(collect.draft_url("http://x", FormDraft.objects.get().token, "测试 1")).path
    assert base in text
    send(base, document(), b"photo")
    text = chief.get(page).content.decode()
    assert ID_NO not in text
    assert "44********" in text or "****" in text
    assert "p.jpg" in text
    assert "1 test record is deleted" in text
    assert "Drafts" in chief.get("/forms").content.decode()
    assert clerk.get(page).status_code == 403
    assert page not in clerk.get("/forms").content.decode()

    refused = chief.post(f"{page}/publish", {"version": ""})
    assert refused.status_code >= 400  # the picture is still to come
    assert "a.png" in refused.content.decode()
    assert chief.post(f"{page}/file").status_code >= 400
    picture = SimpleUploadedFile("a.png", b"picture", "image/png")
    assert chief.post(f"{page}/file", {"media": picture}, follow=True).status_code == 200
    published = chief.post(f"{page}/publish", {"version": "7"}, follow=True)
    assert "version 7" in published.content.decode()
    assert not TrialRecord.objects.exclude(draft=None).exists()

    again = SimpleUploadedFile("trial.xlsx", workbook("7", "Other"), XLSX)
    text = chief.post("/forms/publish", {"workbook": again, "draft": "yes"}, follow=True).content
    assert b"Version 7 is published already" in text
    assert chief.post(f"{page}/publish", {"version": ""}).status_code == 409
    assert chief.post(f"{page}/delete", follow=True).status_code == 200
    assert chief.get(page).status_code == 404
