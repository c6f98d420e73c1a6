"""Entity lists of forms whose records count once approved: what manifests say, and when phones get the entity (item 94)."""

from __future__ import annotations

import csv
import gzip
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from lxml import etree

from server.core.clock import now
from server.forms import keys
from server.forms.models import Form, FormAudience, FormMedia, FormVersion
from server.submissions.drain import drain_now
from server.submissions.models import (
    ApprovedVersion,
    EncryptedVersion,
    Submission,
    SubmissionVersion,
)
from server.submissions.services.queueing import queue
from tests.factories.claims import CREATE, HOME, Claimed, claimed, xform
from tests.factories.encrypted import FORM_ID, make_encrypted_form, send_encrypted
from tests.factories.ledgers import SURVEY
from tests.factories.submissions import Phone, make_phone

pytestmark = pytest.mark.django_db
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"
MAKING = xform(entity='<entity dataset="households" create="" update=""/>').decode()
UPDATING = xform(entity='<entity dataset="households" update="1"/>').decode()
SURVEYED = "uuid:00000000-0000-4000-8000-000000000001"


def make_form(form_id: str, xform: str = MAKING, area: str = "") -> Form:
    """A form with the list of households, offered in an area."""
    form = Form.objects.create(form_id=form_id, title=form_id)
    form.current_version = FormVersion.objects.create(
        form=form,
        version="1",
        title=form_id,
        xform=xform.encode(),
        md5="0" * 32,
        workbook_sha256=bytes(32),
        mapping=SURVEY,
        questions={},
    )
    form.save()
    FormAudience.objects.create(form=form, area=area)
    FormMedia.objects.create(
        form_version=form.current_version, filename="households.csv", kind="entity_list"
    )
    return form


@pytest.fixture
def phone(divisions) -> Phone:
    return make_phone()


@pytest.fixture
def office(make_user) -> Client:
    """An administrator's browser, at the console and over REST."""
    client = Client()
    client.force_login(make_user("zhao", role="administrator", area=""))
    return client


def need(office: Client, form_id: str, needed: bool = True) -> None:
    path = f"/api/v1/forms/{form_id}/"
    answer = office.patch(path, {"needs_approval": needed}, "application/json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["needs_approval"] is needed
    drain_now()


def listed(phone: Phone, form_id: str = "survey") -> tuple[str, str, list[dict[str, str]]]:
    """The list of households as a form's manifest has it: its kind, its hash and its rows."""
    answer = Client().get(f"{phone.base}/forms/{form_id}/1/manifest.xml")
    (file,) = etree.fromstring(answer.content)
    url = file.findtext(f"{MANIFEST}downloadUrl")
    content = Client().get(url).content
    text = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    rows = list(csv.DictReader(io.StringIO(text.decode())))
    return file.get("type"), file.findtext(f"{MANIFEST}hash"), rows


def send(phone: Phone, filled: Claimed = CREATE, corrects: str = "") -> Submission:
    name = f"{SURVEYED[:-1]}2" if corrects else SURVEYED
    document = filled.xml(name).replace(b'id="ledger_survey"', b'id="survey"', 1)
    if corrects:
        edits = f"<deprecatedID>{corrects}</deprecatedID></meta>"
        document = document.replace(b"</meta>", edits.encode())
    file = SimpleUploadedFile("survey.xml", document, "text/xml")
    answer = Client().post(f"{phone.base}/submission", {"xml_submission_file": file})
    assert answer.status_code == 201
    drain_now()
    return Submission.objects.get()


def is_deleted(phone: Phone) -> str | None:
    answer = Client().get(f"{phone.base}/entities/integrity?id={HOME}")
    return etree.fromstring(answer.content).findtext(".//deleted")


def test_an_entity_is_made_on_approval_once(phone, office) -> None:
    make_form("survey")
    need(office, "survey")
    kind, before, rows = listed(phone)
    assert (kind, rows) == ("approvalEntityList", [])

    submission = send(phone)
    assert listed(phone) == (kind, before, []), "the phone has nothing new to fetch"
    assert is_deleted(phone) == "false"
    (line,) = office.get("/api/v1/submissions/?awaits_approval=true").json()["results"]
    assert line["awaits_approval"] is True

    def decide(state: str) -> None:
        decision = {"state": state, "reason": "看过"}
        assert (
            office.post(reverse("console:decide", args=[submission.pk]), decision).status_code
            == 200
        )
        drain_now()

    decide("approved")
    kind, after, rows = listed(phone)
    assert kind == "approvalEntityList"
    assert after != before
    assert [(row["name"], row["__version"]) for row in rows] == [(HOME, "1")]
    assert office.get("/api/v1/submissions/?awaits_approval=true").json()["count"] == 0
    send(phone)
    decide("approved")
    assert listed(phone) == (kind, after, rows)

    decide("rejected")
    assert listed(phone)[2] == []
    assert is_deleted(phone) == "true"
    decide("approved")
    assert [row["name"] for row in listed(phone)[2]] == [HOME]
    assert is_deleted(phone) == "false"


def test_a_correction_of_what_was_approved_is_on_phones_once_approved_itself(phone, office) -> None:
    make_form("survey")
    need(office, "survey")
    review = f"/api/v1/submissions/{send(phone).instance_id}/review/"
    office.post(review, {"state": "approved"}, "application/json")
    drain_now()
    approved = listed(phone)
    corrected = claimed('create="1"', address="示范路1号", room="102")
    assert send(phone, corrected, corrects=SURVEYED).review_state == "edited"
    assert listed(phone) == approved
    assert is_deleted(phone) == "false"
    office.post(review, {"state": "approved"}, "application/json")
    drain_now()
    assert [(row["room"], row["__version"]) for row in listed(phone)[2]] == [("102", "2")]


def test_an_entity_refused_before_any_list_had_it_is_called_deleted(phone, office) -> None:
    """The phone created it while its list needed no approval, and keeps it until it is reported as deleted."""
    make_form("survey")
    need(office, "survey")
    elsewhere = make_phone("other", "440106005001")
    review = f"/api/v1/submissions/{send(phone).instance_id}/review/"
    assert is_deleted(phone) == "false"
    office.post(review, {"state": "rejected", "reason": "没有这户"}, "application/json")
    drain_now()
    assert (is_deleted(phone), is_deleted(elsewhere)) == ("true", "false")
    office.post(review, {"state": "approved"}, "application/json")
    drain_now()
    assert is_deleted(phone) == "false"
    assert [row["__version"] for row in listed(phone)[2]] == ["1"]


def test_a_list_changes_its_hash_with_its_kind(phone, office) -> None:
    """Collect notes a list's kind only when it takes the list anew (LocalEntityUseCases)."""
    make_form("survey")
    plain = listed(phone)
    assert plain[0] == "entityList"
    need(office, "survey")
    assert listed(phone)[:2] != plain[:2]
    assert listed(phone)[1] != plain[1]
    need(office, "survey", needed=False)
    assert listed(phone) == plain


def test_a_list_needs_approval_where_every_form_of_the_phone_that_fills_it_does(
    phone, office
) -> None:
    elsewhere = make_phone("other", "440106005001")
    make_form("survey")
    make_form("visit", UPDATING)
    need(office, "visit")
    assert listed(phone, "visit")[0] == "entityList", "updating makes nothing"
    need(office, "survey")
    assert listed(phone, "visit")[0] == "approvalEntityList", "whichever form tells of the list"
    quick = make_form("quick", area="440106003")
    assert {listed(phone, form)[0] for form in ("survey", "visit", "quick")} == {"entityList"}
    assert listed(elsewhere)[0] == "approvalEntityList", "it is not offered the other form"
    quick.state = "closing"
    quick.save()
    assert listed(phone)[0] == "approvalEntityList"


def test_only_a_manifest_with_a_list_asks_and_once(phone, office, statements) -> None:
    make_form("survey")
    need(office, "survey")
    Client().get(f"{phone.base}/forms/survey/1/manifest.xml")
    statements.clear()
    Client().get(f"{phone.base}/forms/survey/1/manifest.xml")
    asked = len(statements)
    FormMedia.objects.all().delete()
    statements.clear()
    Client().get(f"{phone.base}/forms/survey/1/manifest.xml")
    assert asked - len(statements) == 2, "the hash and the type of the list"
    statements.clear()
    assert b"formID>survey<" in Client().get(f"{phone.base}/formList").content
    assert len(statements) == 2


def test_what_stands_approved_is_opened_as_what_is_current(phone) -> None:
    """An encrypted record was approved by its paper and corrected; its key came after that."""
    version = make_encrypted_form(keys.make(form_id=FORM_ID, passphrase=None, at=now(), user=None))
    submission = send_encrypted(phone, version, 1)
    EncryptedVersion.objects.update(state="sealed", document=None)
    ApprovedVersion.objects.create(submission=submission, version_id=submission.current_version_id)
    correction = SubmissionVersion.objects.get()
    correction.pk, correction.instance_id = None, "uuid:correction"
    correction.save(force_insert=True)
    Submission.objects.update(current_version=correction)
    queue([submission.pk], at=now())
    drain_now()
    assert EncryptedVersion.objects.get(version__approved_of=submission.pk).state == "opened"
