"""An XForm without a workbook, from the door it came in to what is read of its records."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils import translation

from server.core.clock import now
from server.forms import reading_again, xform
from server.forms.given_xforms import with_version
from server.forms.models import Form, FormDraft, FormVersion
from server.forms.services import rotate_key
from server.ledgers.models import Household
from tests.conftest import COMMUNITY
from tests.samples.given import RECORD, XFORM

MEDIA = {"map.png": b"\x89PNG"}
GARDEN = "/forms/garden"
NEW = "/v1/projects/1/forms"


def changed(*pairs: tuple[str, str]) -> bytes:
    text = XFORM.decode()
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return text.encode()


def faults(answer) -> list[str]:
    return answer.json()["detail"].splitlines()


def sent(people, content: bytes = XFORM, path: str = "?publish=true", kind="application/xml"):
    return people.administrator.post(f"{NEW}{path}", content, content_type=kind, secure=True)


def test_phones_get_the_bytes_and_records_are_read_as_of_a_workbook(people):
    answer = people.publish(XFORM, MEDIA)
    assert answer.status_code == 201, answer.content
    assert answer.json()["title"] == "Garden & trees"
    assert people.publish(XFORM, MEDIA).status_code == 200
    assert people.central(f"{GARDEN}.xml").content == XFORM
    assert people.central(f"{GARDEN}.xlsx").status_code == 404
    absent = people.administrator.get("/api/v1/forms/garden/workbook/")
    assert (absent.status_code, absent.json()["type"].rpartition(":")[2]) == (404, "no-workbook")
    assert people.administrator.get("/api/v1/forms/garden/xform/").content == XFORM

    record = people.taken(RECORD, {"p.jpg": b"photo"})
    (row,) = people.rows("garden")
    assert (row["owner"], row["body"], row["kind"], row["colour"]) == ("Li", 3, "oak", "r g")
    assert row["at"]["place"]["coordinates"][:2] == [113.3, 23.1]
    plants = people.rows("garden", "Submissions.plants")
    assert [(plant["plant"], plant["height"]) for plant in plants] == [("fern", 1.5), ("moss", 0.1)]
    kinds = {item["path"]: item["type"] for item in people.central(f"{GARDEN}/fields").json()}
    assert (kinds["/at/photo"], kinds["/plants"], kinds["/body"]) == ("binary", "repeat", "int")
    sheet = people.central(f"{GARDEN}/submissions.csv").getvalue().decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(sheet))
    assert (line["owner"], line["at-photo"]) == ("Li", "p.jpg")
    shown = people.record(record).json()
    labels = json.dumps(shown, ensure_ascii=False)
    assert "Oak" in labels
    assert [file["name"] for file in shown["attachments"]] == ["p.jpg"]
    assert "Li" in people.central("/datasets/gardens/entities.csv").getvalue().decode()


def test_an_xform_is_drafted_and_published_under_another_version_at_v1(people):
    draft = sent(people, path="?publish=false")
    assert draft.status_code == 200, draft.content
    assert (draft.json()["xmlFormId"], draft.json()["version"]) == ("garden", "1")
    assert people.central(f"{GARDEN}/draft.xml").content == XFORM
    base = f"{NEW}/garden/draft"
    people.administrator.post(f"{base}/attachments/map.png", b"p", content_type="image/png", secure=True)  # fmt: skip
    answer = people.administrator.post(f"{base}/publish?version=二 %26", secure=True)
    assert answer.status_code == 400, answer.content
    answer = people.administrator.post(f"{base}/publish?version=二 b", secure=True)
    assert answer.json() == {"success": True}, answer.content
    assert people.central(GARDEN).json()["version"] == "二 b"
    expected = XFORM.replace(b"version='1'", 'version="二 b"'.encode())
    assert people.central(f"{GARDEN}.xml").content == expected
    again = sent(people, b"", "/garden/draft")  # the current version as a draft
    assert again.json() == {"success": True}
    assert FormDraft.objects.get().has_workbook is False


def test_the_console_and_the_command_take_xforms(people, log_in, tmp_path):
    console, path = log_in("administrator", ""), reverse("console:publish")
    files = [SimpleUploadedFile("map.png", b"p", "image/png")]
    wrong = changed(("/garden/at/place", "/garden/at/plaice"))
    given = {"workbook": SimpleUploadedFile("g.xml", wrong), "new_lists": "on", "media": files}
    page = console.post(path, given).content.decode()
    assert "/garden/at/plaice</td><td>32" in page
    given["workbook"] = SimpleUploadedFile("g.xml", XFORM)
    given["media"] = [SimpleUploadedFile("map.png", b"p", "image/png")]
    assert console.post(path, given).status_code == 302
    assert Form.objects.get(form_id="garden").current_version.has_workbook is False
    (tmp_path / "map.png").write_bytes(b"p")
    (tmp_path / "g.xml").write_bytes(changed(("version='1'", "version='2'")))
    words = [f"--media={tmp_path}", "--no-validate"]
    out = io.StringIO()
    call_command("publish", tmp_path / "g.xml", *words, stdout=out)
    assert "garden" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("publish", tmp_path / "map.png", *words, stderr=out)


def test_what_is_no_form_is_refused_in_words(people, settings):
    def refused(content: bytes, status: int = 400) -> str:
        answer = people.publish(content, MEDIA, filename="form.xml")
        assert answer.status_code == status, answer.content
        assert sent(people, content).status_code in (400, 413)
        return answer.json()["detail"]

    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "{}"><!ENTITY c "{}">]><a>&c;</a>'
    with translation.override("en"):
        for hostile, words in (
            (bomb.format("x" * 99, "&b;" * 99).encode(), "DOCTYPE"),
            (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "DOCTYPE"),
            (b"<a>" * 101 + b"</a>" * 101, "nested"),
            (b"<a>" + b"<b/>" * 500_000 + b"</a>", "too many elements"),
            (XFORM[:900], "broken at line and column"),
            (b"\xef\xbb\xbf" + XFORM, "byte-order mark"),
            (XFORM.replace(b'"UTF-8"', b'"GB18030"'), "UTF-8"),
            (XFORM.replace(b"Owner", b"\xff"), "broken"),
            (b"<html><body/></html>", "no head with a model"),
            (changed(("<h:body>", "<h:main>"), ("</h:body>", "</h:main>")), "no body"),
        ):
            assert words in refused(hostile), hostile[:60]
    refused(b"<a>" + b" " * (5 << 20) + b"</a>", 413)
    refused(changed(('id="b"', f'id="b" ruhu:saveto="{"household.id " * 3000}"')), 413)
    spreadsheet = (
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
    )
    assert people.publish(spreadsheet, filename="a.xls").json()["type"].endswith("not-a-workbook")
    odd = people.publish(changed(('dataset="gardens"', 'dataset="a b"')), MEDIA)
    assert odd.status_code == 400
    assert not Form.objects.filter(form_id="garden").exists()


@pytest.mark.parametrize(
    ("pair", "fault"),
    [
        (('id="garden" ', ""), "/garden, line 14: The form has no form_id."),
        (("version='1'", "version='a/b'"), "/garden, line 14: The version “a/b” cannot stand"),
        (("<orx:instanceID/>", ""), "/garden, line 14: The form makes no instanceID"),
        (("</model>", '<submission action="https://a.example"/></model>'), "its own address"),
        (('ref="photo"', 'ref="foto"'), "/garden/at/foto, line 52: The upload is about"),
        (("('trees')", "('bushes')"), "/garden/kind, line 44: There is no list of choices “bushes”"),
        (('id="b"', 'id="b" ruhu:saveto="household.address"'), "does not say which records"),
        (('saveto="owner"', 'saveto="Name"'), "/garden/owner, line 26: An entity list cannot have a property “Name”."),
        (('dataset="gardens"', 'dataset="households"'), "/garden/owner, line 26: The list “households” has no property “owner”"),
    ],
)  # fmt: skip
def test_faults_name_the_element_and_its_line(people, pair, fault):
    answer = people.publish(changed(pair), MEDIA)
    assert answer.status_code == 400
    assert any(fault in line for line in faults(answer)), faults(answer)


def test_binds_that_name_ledgers_fill_them(people):
    mapped = changed(
        (' entities:saveto="owner"', ' ruhu:saveto="household.address"'),
        ('<entity dataset="gardens" id="" create="1"><label/></entity>', ""),
        ('<bind nodeset="/garden/meta/entity/@id" type="string" calculate="uuid()"/>', ""),
        ('<bind nodeset="/garden/meta/entity/label" type="string" calculate=" /garden/owner "/>', ""),
        ('id="b"', 'id="b" ruhu:saveto="household.id"'),
        ('nodeset="/garden/body" type="int"', 'nodeset="/garden/body" type="string"'),
        ("<bind nodeset=\"/garden/kind\"", '<bind nodeset="/garden" ruhu:ledgers="household key=id"/><bind nodeset="/garden/kind" ruhu:saveto="head.area_code"'),
        ("<name>oak</name>", f"<name>{COMMUNITY}</name>"),
    )  # fmt: skip
    answer = people.publish(mapped, MEDIA)
    assert answer.status_code == 201, answer.content
    home = "33333333-0000-4000-8000-000000000001"
    record = RECORD.replace(b"<body>3<", f"<body>{home}<".encode())
    people.taken(record.replace(b"<kind>oak<", f"<kind>{COMMUNITY}<".encode()), {"p.jpg": b"p"})
    household = Household.objects.get(pk=home)
    assert (household.area_code, household.address) == (COMMUNITY, "Li")
    before = FormVersion.objects.get(form__form_id="garden").mapping
    FormVersion.objects.filter(form__form_id="garden").update(reader=xform.READER - 1)
    assert "garden 1" not in reading_again.read_again(at=now()).unreadable
    assert FormVersion.objects.get(form__form_id="garden").mapping == before
    wrong = mapped.replace(b"household key=id", b"house key=id")
    named = faults(people.publish(wrong, MEDIA))
    assert any("/garden, line 28: There is no ledger “house”." in line for line in named)


@pytest.mark.parametrize(
    "pairs",
    [
        [(' xmlns="http://www.w3.org/2002/xforms"', "")],
        [("http://www.w3.org/2002/xforms", "urn:x")],
        [(' xmlns="http://www.w3.org/2002/xforms"', ' xmlns="http://www.w3.org/1999/xhtml"')],
        [
            (' xmlns="http://www.w3.org/2002/xforms"', ""),
            (' xmlns:h="http://www.w3.org/1999/xhtml"', ""),
            ("<h:", "<"),
            ("</h:", "</"),
        ],
    ],
)
def test_elements_without_the_namespaces_are_found_by_name_as_collect_does(people, pairs):
    form = changed(*pairs)
    answer = people.publish(form, MEDIA)
    assert answer.status_code == 201, answer.content
    assert people.central(f"{GARDEN}.xml").content == form
    people.taken(RECORD, {"p.jpg": b"photo"})
    (row,) = people.rows("garden")
    assert (row["owner"], row["body"], row["kind"], row["colour"]) == ("Li", 3, "oak", "r g")
    assert len(people.rows("garden", "Submissions.plants")) == 2
    assert "Li" in people.central("/datasets/gardens/entities.csv").getvalue().decode()
    later = form.replace(b"version='1'", b"version='2'")
    assert sent(people, later, "?publish=true").status_code in (200, 409)
    assert xform.read(with_version(form, "7")).version == "7"


def test_the_server_adds_its_key_or_says_why_not(people):
    assert people.publish(XFORM, MEDIA).status_code == 201
    with pytest.raises(Exception, match="cannot carry a key"):
        rotate_key(form_id="garden", passphrase=None, at=now(), publisher=None)
    assert people.publish(changed(("version='1'", 'version="2"')), MEDIA).status_code == 201
    rotate_key(form_id="garden", passphrase=None, at=now() + timedelta(seconds=1), publisher=None)
    version = Form.objects.get(form_id="garden").current_version
    assert version.version.startswith("2-k")
    assert xform.read(bytes(version.xform)).public_key


def test_a_version_is_written_where_phones_read_it():
    assert with_version(XFORM, "1") == XFORM.replace(b"version='1'", b'version="1"')
    other = changed((" version='1'", ""))
    assert with_version(other, "7") == other.replace(b'orx:version="0"', b'orx:version="7"')
    without = other.replace(b' orx:version="0"', b"")
    assert xform.read(with_version(without, '<"&')).version == '<"&'
