"""`./ruhu import briefcase`: a folder of ODK Briefcase or of Collect, taken over whole, once, and after a cut."""

from __future__ import annotations

import io
import os
import sqlite3
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from server.accounts.models import User
from server.core import blobs
from server.core.sealing import unseal_document
from server.forms import encryption
from server.forms.models import Form, FormAudience, FormMedia
from server.quarantine.models import Quarantined
from server.submissions.models import Attachment, Submission, SubmissionVersion
from tests.conftest import COMMUNITY
from tests.samples.encrypted import encrypt
from tests.samples.given import RECORD, XFORM

pytestmark = pytest.mark.django_db
FIRST = "uuid:11111111-0000-4000-8000-000000000001"
SECOND = "uuid:11111111-0000-4000-8000-000000000002"
EDIT = "uuid:11111111-0000-4000-8000-00000000000e"
PHOTO = b"\xff\xd8\xff\xe0 a garden"


@pytest.fixture(autouse=True)
def chief(divisions, make_user) -> User:
    return make_user("chief", role="administrator", area="")


def record(instance_id: str, owner: str = "Li", replaces: str = "") -> bytes:
    deprecated = f"<deprecatedID>{replaces}</deprecatedID>" if replaces else ""
    return (
        RECORD.decode()
        .replace(f"{FIRST}</instanceID>", f"{instance_id}</instanceID>{deprecated}")
        .replace(">Li<", f">{owner}<")
        .replace(
            "22222222-0000-4000-8000-000000000001", f"2{instance_id.removeprefix('uuid:')[1:]}"
        )
        .encode()
    )


def put(place: Path, content: bytes, *, at: int = 0) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    if at:
        os.utime(place, (at, at))
    return place


@pytest.fixture
def storage(tmp_path) -> Path:
    """What ODK Briefcase stores of a form with a picture and three records, the last an edit of the second."""
    form = tmp_path / "ODK Briefcase Storage" / "forms" / "Garden & trees"
    put(form / "Garden & trees.xml", XFORM)
    put(form / "Garden & trees-media" / "map.png", b"\x89PNG")
    put(form / "info.db", b"its own")
    first = form / "instances" / "uuid11111111-0000-4000-8000-000000000001"
    received = RECORD.replace(
        b'<garden id="garden"',
        b'<garden isComplete="true" submissionDate="2021-03-04T05:06:07.000Z" id="garden"',
    )
    put(first / "submission.xml", received)
    put(first / "p.jpg", PHOTO)
    for name, at, document in ((EDIT, 1_700_000_000, record(EDIT, "Wu", SECOND)), (SECOND, 1_600_000_000, record(SECOND, "Ng"))):  # fmt: skip
        folder = form / "instances" / name.replace(":", "")
        put(folder / "submission.xml", document, at=at)
        put(folder / "p.jpg", PHOTO)
    return tmp_path / "ODK Briefcase Storage"


def run(folder: Path, *words: str) -> tuple[str, str]:
    """What the command prints, with what it refuses last ("" when it does not)."""
    out = io.StringIO()
    with translation.override("en"):
        try:
            call_command(
                "import", "briefcase", folder, "--as=chief", *words, stdout=out, stderr=out
            )
        except CommandError as refusal:
            return out.getvalue(), str(refusal)
    return out.getvalue(), ""


def test_a_folder_is_taken_over_whole_and_a_second_run_changes_nothing(storage):
    printed, refusal = run(storage)
    assert refusal == "", printed
    form = Form.objects.get(form_id="garden")
    assert bytes(form.current_version.xform) == XFORM
    assert FormMedia.objects.get(kind="file").filename == "map.png"
    assert not FormAudience.objects.exists(), "phones are offered the form when somebody decides so"
    rows = {row.instance_id: row for row in Submission.objects.all()}
    assert set(rows) == {FIRST, SECOND}
    assert rows[SECOND].current_version.instance_id == EDIT
    first = SubmissionVersion.objects.get(instance_id=FIRST)
    assert first.received_at.isoformat() == "2021-03-04T05:06:07+00:00"
    assert b"submissionDate" in unseal_document(bytes(first.document)), "byte for byte"
    (photo,) = {file.sha256 for file in Attachment.objects.all()}
    assert blobs.read(photo) == PHOTO
    assert {file.name for file in Attachment.objects.all()} == {"p.jpg"}

    printed, refusal = run(storage)
    assert refusal == ""
    assert "records and edits: 0 taken over, 2 here before" in printed
    assert "form versions: 0 taken over, 1 here before" in printed
    assert (SubmissionVersion.objects.count(), Quarantined.objects.count()) == (3, 0)


def test_a_later_run_brings_only_what_is_new(storage):
    held = storage / "forms" / "Garden & trees" / "instances" / EDIT.replace(":", "")
    away = held.rename(storage / "away")
    run(storage)
    assert SubmissionVersion.objects.count() == 2
    away.rename(held)
    printed, refusal = run(storage)
    assert refusal == "", printed
    assert SubmissionVersion.objects.get(instance_id=EDIT).deprecated_id == SECOND
    assert SubmissionVersion.objects.count() == 3


def test_a_dry_run_counts_and_changes_nothing(storage):
    put(storage / "forms" / "Garden & trees" / "instances" / "uuid9" / "p.jpg", PHOTO)
    printed, refusal = run(storage, "--dry-run")
    assert refusal == ""
    for line in ("Folder: ODK Briefcase Storage", "forms: 1", "form versions: 1", "records and edits: 3"):  # fmt: skip
        assert line in printed
    assert "uuid9: There is no record in this folder." in printed
    assert Form.objects.count() == Submission.objects.count() == 0


def test_what_cannot_be_taken_is_reported_and_the_rest_is_taken(storage, tmp_path):
    form = storage / "forms" / "Garden & trees"
    outside = put(tmp_path / "secret.txt", b"not of this folder")
    places = {name: form / "instances" / name for name in ("cut", "older", "linked", "two")}
    put(places["cut"] / "submission.xml", RECORD[:200])
    put(places["older"] / "submission.xml", record(f"{FIRST[:-1]}7").replace(b'version="1"', b'version="0.9"'))  # fmt: skip
    for name in ("a.xml", "b.xml"):
        put(places["two"] / name, b"<a/>")
    places["linked"].symlink_to(tmp_path)
    put(storage / "forms" / "Other" / "Other.xml", b"<html/>")
    (form / "instances" / EDIT.replace(":", "") / "q.jpg").symlink_to(outside)
    printed, refusal = run(storage)
    assert "5 could not be taken" in refusal, printed
    for words in ("cut/submission.xml: ", "0.9", "linked: There is no record", "two: There is no record", "Other/Other.xml: "):  # fmt: skip
        assert words in printed
    assert Submission.objects.count() == 2
    assert Quarantined.objects.get().form_id == "garden", "the record of another version, whole"
    assert not Attachment.objects.filter(name="q.jpg").exists(), "a link leads out of the folder"


def test_the_folder_of_a_phone_gives_what_is_finished(tmp_path):
    project = tmp_path / "projects" / "abc"
    put(project / "forms" / "Garden.xml", XFORM)
    put(project / "forms" / "Garden-media" / "map.png", b"\x89PNG")
    put(project / "forms" / "Garden-media" / "last-saved.xml", record(SECOND))
    put(project / ".cache" / "broken.xml", b"<")
    for name, instance_id in (("Garden_1", FIRST), ("Garden_2", SECOND)):
        put(project / "instances" / name / f"{name}.xml", record(instance_id))
        put(project / "instances" / name / "p.jpg", PHOTO)
        put(project / "instances" / name / "other.xml", b"<chosen/>")  # a file that was attached
    (project / "metadata").mkdir()
    with sqlite3.connect(project / "metadata" / "instances.db") as database:
        database.execute("create table instances (instanceFilePath text, status text)")
        rows = [("Garden_1/Garden_1.xml", "complete"), ("Garden_2/Garden_2.xml", "incomplete")]
        database.executemany("insert into instances values (?, ?)", rows)
    database.close()
    printed, refusal = run(project)
    assert "1 could not be taken" in refusal
    assert "Garden_2: The record is a draft on its phone." in printed
    assert Submission.objects.get().instance_id == FIRST
    names = set(Attachment.objects.values_list("name", flat=True))
    assert names == {"other.xml", "p.jpg"}
    assert FormMedia.objects.get(kind="file").filename == "map.png"


def test_encrypted_records_are_kept_sealed_and_said_so(storage):
    form, instance_id = storage / "forms" / "Garden & trees", f"{FIRST[:-1]}5"
    key = encryption.public_bytes(encryption.make_private_key())
    manifest, files = encrypt(
        record(instance_id), {"p.jpg": PHOTO}, form_id="garden", version="1",
        instance_id=instance_id, public_key=key,
    )  # fmt: skip
    for name, content in {"submission.xml": manifest, **files}.items():
        put(form / "instances" / "uuid5" / name, content)
    printed, refusal = run(storage)
    assert "1 of the records are encrypted" in printed, (printed, refusal)
    row = SubmissionVersion.objects.get(instance_id=instance_id)
    assert unseal_document(bytes(row.document)) == manifest
    assert {file.name for file in row.attachments.all()} == set(files)


def test_records_come_from_the_area_that_is_named(storage):
    assert run(storage, "--area", COMMUNITY)[1] == ""
    assert {tuple(row.sender_areas) for row in SubmissionVersion.objects.all()} == {(COMMUNITY,)}


def test_one_form_is_taken_alone_and_wrong_words_are_told(storage, tmp_path):
    put(storage / "forms" / "B" / "B.xml", XFORM.replace(b'id="garden"', b'id="other"'))
    assert run(storage, "--form=other", "--dry-run")[0].count("forms: 1") == 1
    assert "no folder" in run(storage, "--form=none")[1]
    for words in ([tmp_path / "nowhere"], [tmp_path / "empty"]):
        (tmp_path / "empty").mkdir(exist_ok=True)
        assert "no folder" in run(*words)[1]
    assert "--area takes" in run(storage, "--area", "x")[1]
    assert not Form.objects.exists()
