"""Encrypted forms at the phones' door: from the form list to the ledgers (openrosa.md, Encrypted forms; items N01–N03, F05)."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from lxml import etree

from server.core import blobs, clock
from server.forms import encryption, services
from server.forms.models import EncryptionKey, FormVersion
from server.forms.problems import FaultyWorkbook, FormHasOwnKey, NotAWorkbook
from server.ledgers.models import Household, Person
from server.ledgers.refolding.rebuild import rebuild
from server.quarantine.models import Quarantined
from server.submissions import drain
from server.submissions.encrypted import encrypted_counts
from server.submissions.models import Attachment, EncryptedVersion, Submission
from server.submissions.selectors import document_of
from tests.factories.permits import permitted
from tests.factories.submissions import make_phone
from tests.samples import xlsforms
from tests.samples.encrypted import COLLECT, SPECIFICATION, encrypt

pytestmark = pytest.mark.django_db
PHOTO = b"\xff\xd8 a photo \x00" * 5000
HOUSEHOLD = "10000000-0000-4000-8000-000000000001"
LIST = "{http://openrosa.org/xforms/xformsList}"
WORKBOOK = xlsforms.workbook(xlsforms.HOUSEHOLD)


@pytest.fixture
def phone(divisions):
    return make_phone()


def publish(workbook: bytes = WORKBOOK) -> FormVersion:
    return services.publish(workbook=workbook, filename="f.xlsx", publisher=None, validate=False)


def change_key() -> EncryptionKey:
    return services.rotate_key(form_id="household", passphrase=None, at=clock.now(), publisher=None)


def keys(*words: str, typed: str = "", monkeypatch=None) -> str:
    output = io.StringIO()
    if monkeypatch is not None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    call_command("keys", *words, stdout=output)
    return output.getvalue()


def by_password(username: str) -> Client:
    """A program of the user's; files are not given to a browser's session."""
    proof = base64.b64encode(f"{username}:correct horse".encode()).decode()
    return Client(headers={"authorization": f"Basic {proof}"})


def answers(version: str, number: int = 1, name: str = "张三") -> bytes:
    return (
        f'<data id="household" version="{version}" xmlns:orx="http://openrosa.org/xforms">'
        "<visited_at>2026-11-20T10:30:00.000+08:00</visited_at>"
        f"<hh_id>{HOUSEHOLD}</hh_id><outcome>1</outcome><place><loc>23.1353 113.3448 1 4</loc>"
        "<address>示范路1号</address><area>440106003001</area></place>"
        f"<members><member_id>20000000-0000-4000-8000-000000000001</member_id><name>{name}</name>"
        "<id_type>01</id_type><id_no>449901196501010016</id_no><edu>20</edu></members>"
        "<signature>door.jpg</signature>"
        f"<orx:meta><orx:instanceID>uuid:{number}</orx:instanceID></orx:meta></data>"
    ).encode()


def sealed(version: FormVersion, number: int = 1, under: str = "", **how):
    how = {
        "form_id": "household",
        "version": under or version.version,
        "public_key": key_of(version),
    } | how
    document = answers(version.version, number)
    return encrypt(document, {"door.jpg": PHOTO}, instance_id=f"uuid:{number}", **how)


def key_of(version: FormVersion) -> bytes:
    text = etree.fromstring(bytes(version.xform)).xpath("string(//@base64RsaPublicKey)")
    return encryption.read_public_key(text)


def send(phone, document: bytes, files: dict[str, bytes] | None = None, more: bool = False):
    parts = {"xml_submission_file": SimpleUploadedFile("submission.xml", document, "text/xml")}
    for name, content in (files or {}).items():
        parts[name] = SimpleUploadedFile(name, content, "application/octet-stream")
    if more:
        parts["*isIncomplete*"] = "yes"
    return Client().post(f"{phone.base}/submission?deviceID=collect%3Aabc", parts)


def state() -> str:
    return EncryptedVersion.objects.get().state


def is_rebuilt_the_same() -> bool:
    report = rebuild(area="", keep=False, as_of=clock.today(), progress=lambda done, total: None)
    return report.submissions == Submission.objects.count() and report.differences == []


def test_an_encrypted_household_survey_ends_up_in_the_ledgers(phone) -> None:
    plain = publish()
    keys("new", "household")
    version = FormVersion.objects.get(current_of__form_id="household")
    entry = etree.fromstring(Client().get(f"{phone.base}/formList").content)[0]
    offered = {child.tag.removeprefix(LIST): child.text for child in entry}
    served = Client().get(offered["downloadUrl"]).content
    assert offered["version"] == version.version != plain.version
    assert offered["hash"] == f"md5:{hashlib.md5(served).hexdigest()}"
    assert served == bytes(version.xform) != bytes(plain.xform)
    assert publish() == version, "published again, the workbook keeps its key"

    manifest, files = sealed(version)
    assert (
        send(
            phone, manifest, {"submission.xml.enc": files["submission.xml.enc"]}, more=True
        ).status_code
        == 201
    )
    drain.drain_now()

    assert state() == "incomplete"
    assert Submission.objects.get().flags == ["files_missing"]
    assert Submission.objects.get().area_code == "440106003001", "the worker's"
    assert not Household.objects.exists()

    assert send(phone, manifest, {"door.jpg.enc": files["door.jpg.enc"]}).status_code == 201
    drain.drain_now()

    assert state() == "opened"
    submission = Submission.objects.get()
    assert submission.flags == []
    assert submission.location is not None
    assert document_of(submission.current_version) == manifest, "as it was received"
    assert Household.objects.get().address == "示范路1号"
    assert Person.objects.get().name == "张三"
    photo = Attachment.objects.get(name="door.jpg")
    assert blobs.read(photo.sha256) == PHOTO
    assert photo.content_type == "image/jpeg"
    assert is_rebuilt_the_same()

    # A resend after a lost answer changes nothing, whatever files it repeats.
    assert send(phone, manifest, files).status_code == 201
    drain.drain_now()
    assert (Attachment.objects.count(), Submission.objects.count()) == (3, 1)
    assert not Quarantined.objects.exists()


def test_briefcase_pulls_an_encrypted_record_as_it_came_and_hears_what_is_missing(
    phone, make_user
) -> None:
    """Whoever pulls needs the key (decision 0111), also after the server has opened the record."""
    make_user("admin", role="administrator", area="")
    publish()
    keys("new", "household")
    manifest, files = sealed(FormVersion.objects.get(current_of__form_id="household"))
    permitted("admin", "household", area="")
    address = "/odk/view/downloadSubmission?formId=household/data[@key=uuid:1]"
    login = "Basic " + base64.b64encode(b"admin:correct horse").decode()

    def pulled() -> tuple[str | None, list[str]]:
        response = Client().get(address, secure=True, HTTP_AUTHORIZATION=login)
        root = etree.fromstring(response.content)
        names = root.iterfind(".//{*}mediaFile/{*}filename")
        return root.find("{*}data")[0].get("isComplete"), [name.text for name in names]

    send(phone, manifest)
    assert pulled() == ("false", [])
    send(phone, manifest, files)
    drain.drain_now()

    assert state() == "opened"
    assert pulled() == ("true", ["door.jpg.enc", "submission.xml.enc"])
    opened = Client().get(
        "/odk/view/files/household/uuid:1/door.jpg", secure=True, HTTP_AUTHORIZATION=login
    )
    assert opened.status_code == 404


def test_staff_see_the_answers_and_files_by_their_names(phone, make_user) -> None:
    client = Client()
    client.force_login(make_user("zhou"))
    change_key()
    version = publish()
    manifest, files = sealed(version)
    send(phone, manifest)
    drain.drain_now()
    page = f"/submissions/{Submission.objects.get().pk}"

    def files_listed() -> list[str]:
        body = client.get("/api/v1/submissions/uuid:1/").json()
        assert [attachment["name"] for attachment in body["attachments"]] == [
            attachment["name"]
            for attachment in client.get("/api/v1/submissions/uuid:1/attachments/").json()
        ]
        return [attachment["name"] for attachment in body["attachments"]]

    assert files_listed() == []
    assert "已加密" in client.get(page).content.decode()
    body = client.get("/api/v1/submissions/", {"flag": "files_missing"}).json()
    assert body["count"] == 1

    send(phone, manifest, files)
    drain.drain_now()

    assert files_listed() == ["door.jpg", "submission.xml.enc"]
    program = by_password("zhou")
    assert program.get("/api/v1/submissions/uuid:1/attachments/door.jpg/").getvalue() == PHOTO
    assert "示范路1号" in client.get(page).content.decode()


def test_without_the_passphrase_records_are_stored_sealed_and_counted(phone, monkeypatch) -> None:
    with pytest.raises(CommandError):
        keys("new", "household", "--passphrase", typed="short\n", monkeypatch=monkeypatch)
    keys("new", "household", "--passphrase", typed="correct horse\n", monkeypatch=monkeypatch)
    version = publish()
    key = EncryptionKey.objects.get()
    for number, namespace in ((1, COLLECT), (2, SPECIFICATION)):
        assert send(phone, *sealed(version, number, namespace=namespace)).status_code == 201
    drain.drain_now()

    assert encrypted_counts() == {key.pk: {"sealed": 2}}
    assert json.loads(keys("list", "--json"))[0]["records"] == {"sealed": 2}
    assert {tuple(flags) for flags in Submission.objects.values_list("flags", flat=True)} == {
        ("sealed",)
    }
    assert not Household.objects.exists()
    assert is_rebuilt_the_same()

    name = key.fingerprint[:8]
    with pytest.raises(CommandError):
        keys("open", name, typed="wrong horse\n", monkeypatch=monkeypatch)
    assert encrypted_counts() == {key.pk: {"sealed": 2}}
    keys("open", name, typed="correct horse\n", monkeypatch=monkeypatch)
    drain.drain_now()

    assert encrypted_counts() == {key.pk: {"opened": 2}}
    assert Household.objects.count() == 1
    assert is_rebuilt_the_same()


def test_what_was_altered_is_kept_and_flagged_and_never_merged(phone) -> None:
    change_key()
    version = publish()

    assert send(phone, *sealed(version, signed="another")).status_code == 201
    manifest, files = sealed(version, 2)
    files["door.jpg.enc"] = b"\0" + files["door.jpg.enc"][1:]
    assert send(phone, manifest, files).status_code == 201
    drain.drain_now()

    assert set(EncryptedVersion.objects.values_list("state", flat=True)) == {"tampered"}
    assert {tuple(flags) for flags in Submission.objects.values_list("flags", flat=True)} == {
        ("tampered",)
    }
    assert not Household.objects.exists()
    assert not Attachment.objects.exclude(opened_from=None).exists()
    assert is_rebuilt_the_same()


def test_records_for_a_retired_key_are_opened_too(phone) -> None:
    change_key()
    old = publish()
    change_key()
    new = FormVersion.objects.get(current_of__form_id="household")
    assert (old.version != new.version, key_of(old) != key_of(new)) == (True, True)
    assert EncryptionKey.objects.filter(retired_at=None).get().form_versions.get() == new

    for number, version in enumerate((old, new), start=1):
        assert send(phone, *sealed(version, number)).status_code == 201
    drain.drain_now()

    assert EncryptedVersion.objects.filter(state="opened").count() == 2


def test_a_forms_own_key_seals_for_good_unless_its_private_half_is_given(
    phone, tmp_path, monkeypatch
) -> None:
    private = encryption.make_private_key()
    text = encryption.as_text(encryption.public_bytes(private))
    own = xlsforms.HOUSEHOLD.replace("| instance_name |", "| instance_name | public_key |").replace(
        "| ${address}    |", f"| ${{address}} | {text} |"
    )
    version = publish(xlsforms.workbook(own))
    assert version.version == "2026112301", "the workbook's own words stay"
    with pytest.raises(FormHasOwnKey):
        change_key()
    with pytest.raises(FaultyWorkbook):
        publish(xlsforms.workbook(own.replace(text, text[:-40])))
    send(phone, *sealed(version))
    drain.drain_now()
    assert (state(), Submission.objects.get().flags) == ("sealed", ["sealed"])

    file = tmp_path / "private.pem"
    file.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"of the file"),
        )
    )
    with pytest.raises(CommandError):
        keys("upload", str(file))
    keys("upload", str(file), "--encrypted", typed="of the file\n", monkeypatch=monkeypatch)
    drain.drain_now()

    assert state() == "opened"
    assert Person.objects.get().name == "张三"


def test_plain_and_encrypted_files_together_are_all_kept(phone) -> None:
    """Collect's failure window: it encrypted, but could not remove the plain files."""
    change_key()
    version = publish()
    manifest, files = sealed(version)

    assert (
        send(phone, manifest, {**files, "door.jpg": PHOTO, "1.xml": b"<data/>"}).status_code == 201
    )
    drain.drain_now()

    names = list(Attachment.objects.filter(opened_from=None).values_list("name", flat=True))
    assert names == ["1.xml", "door.jpg", "door.jpg.enc", "submission.xml.enc"]
    assert state() == "opened"


def test_a_key_that_cannot_be_published_is_not_made(phone) -> None:
    version = publish()
    FormVersion.objects.update(workbook_sha256=blobs.store([b"no workbook"]).sha256)

    with pytest.raises(NotAWorkbook):
        change_key()

    assert not EncryptionKey.objects.exists()
    assert FormVersion.objects.get(current_of__form_id="household") == version


def test_the_desk_shows_the_file_that_was_signed(phone, make_user) -> None:
    """And not one of the same name that came beside it in plain: nobody signed that."""
    make_user("zhou")
    change_key()
    manifest, files = sealed(publish())
    send(phone, manifest, {**files, "door.jpg": b"another door"})
    drain.drain_now()
    assert state() == "opened"
    client = by_password("zhou")
    record = "/api/v1/submissions/uuid:1/"

    names = [attachment["name"] for attachment in client.get(record).json()["attachments"]]
    assert names == ["door.jpg", "submission.xml.enc"]
    shown = client.get(f"{record}attachments/door.jpg/")
    assert b"".join(shown.streaming_content) == PHOTO


def test_a_plain_record_of_an_encrypted_form_counts_and_the_reverse_is_kept(phone) -> None:
    plain = publish()
    change_key()
    version = FormVersion.objects.get(current_of__form_id="household")

    assert send(phone, answers(version.version)).status_code == 201
    elsewhere = sealed(version, 2, under=plain.version)
    assert send(phone, *elsewhere).status_code == 201
    drain.drain_now()

    assert Household.objects.count() == 1
    assert encrypted_counts() == {None: {"sealed": 1}}
    assert is_rebuilt_the_same()


def test_a_manifest_without_its_parts_is_kept_and_flagged(phone) -> None:
    version = publish()
    document = answers(version.version).replace(b"<data ", b'<data encrypted="yes" ')

    assert send(phone, document).status_code == 201
    drain.drain_now()

    assert state() == "tampered"
    assert not Household.objects.exists()


def test_the_private_key_lies_nowhere_in_the_open(phone) -> None:
    change_key()
    key = EncryptionKey.objects.get()

    with pytest.raises(ValueError):
        serialization.load_der_private_key(bytes(key.private_key), None)
    assert base64.b64encode(bytes(key.public_key)) not in base64.b64encode(bytes(key.private_key))
