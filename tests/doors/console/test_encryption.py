"""Encrypted forms at the console: keys are made, uploaded and used, and a record shows its state."""

from __future__ import annotations

import html
import io
import re
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from server.audit import origin
from server.forms import encryption, services
from server.forms.models import EncryptionKey
from server.submissions import drain, opening
from server.submissions.encrypted import encrypted_counts
from server.submissions.models import EncryptedVersion
from tests.conftest import STREET
from tests.factories.audit import disclosed
from tests.factories.encrypted import (
    FORM_ID,
    PASSPHRASE,
    make_encrypted_form,
    make_own_key,
    send_encrypted,
)
from tests.factories.submissions import make_phone
from tests.samples import xlsforms

pytestmark = pytest.mark.django_db
PAGE = "/encryption"
HTMX = {"hx-request": "true"}


@pytest.fixture
def admin(log_in) -> Client:
    return log_in("administrator", "")


@pytest.fixture
def phone(divisions):
    return make_phone()


def submission_page(client: Client, submission) -> str:
    return client.get(reverse("console:submission", args=[submission.pk])).content.decode()


def test_a_key_is_made_and_changed_and_the_form_is_published_with_it(divisions, admin) -> None:
    assert "There is no key yet" in admin.get(PAGE).content.decode()
    workbook = xlsforms.workbook(xlsforms.HOUSEHOLD)
    services.publish(workbook=workbook, filename="f.xlsx", publisher=None, validate=False)
    assert "not encrypted" in admin.get(PAGE).content.decode()
    address = f"{PAGE}/new"
    assert 'value="household" selected' in admin.get(address + "?form=household").content.decode()
    for passphrase, again in (("correct horse", "correct hors"), ("short", "short")):
        body = {"form": "household", "passphrase": passphrase, "again": again}
        refused = admin.post(address, body)
        assert refused.status_code == 400
        assert passphrase not in refused.content.decode().replace("too short", "")
    assert not EncryptionKey.objects.exists()
    assert admin.post(address, {"form": "unknown"}).status_code == 400

    answer = admin.post(
        address, {"form": "household", "passphrase": PASSPHRASE, "again": PASSPHRASE}
    )
    assert (answer.status_code, answer.url) == (302, PAGE)
    first = EncryptionKey.objects.get()
    version = first.form_versions.get()
    page = admin.get(PAGE).content.decode()

    assert (first.opening, version.published_by.username) == ("passphrase", "administrator-0")
    assert f'id="key-{first}"' in page
    assert version.version in page
    assert "opened with the passphrase" in page
    assert PASSPHRASE not in page
    assert f"Key {first}" in admin.get("/forms").content.decode()

    admin.post(address, {"form": "household"})
    second = EncryptionKey.objects.get(retired_at=None)
    assert (second.opening, second.form_versions.count()) == ("automatic", 1)


def test_what_waits_is_opened_in_batches_while_the_page_holds_the_passphrase(
    phone, admin, log_in, monkeypatch
) -> None:
    version = make_encrypted_form()
    altered = send_encrypted(phone, version, 1)
    for number in (2, 3):
        send_encrypted(phone, version, number)
    altered.current_version.attachments.filter(name="door.jpg.enc").update(
        sha256=altered.current_version.attachments.get(name="submission.xml.enc").sha256
    )
    monkeypatch.setattr(opening, "SECONDS_AT_ONCE", 0.0)
    address = f"{PAGE}/{version.encryption_key.fingerprint}/open"
    given = {"passphrase": PASSPHRASE}
    assert "Open 3 records" in admin.get(PAGE).content.decode()
    assert log_in("street").post(address, given).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(log_in("administrator", "").get(PAGE).wsgi_request.user)
    assert strict.post(address, given).status_code == 403
    assert admin.get(address).status_code == 405
    wrong = admin.post(address, {"passphrase": "another horse"}, headers=HTMX)
    assert wrong.status_code == 400
    assert 'data-problem="wrong-passphrase"' in wrong.content.decode()
    assert admin.post(f"{PAGE}/abcdef/open", given, headers=HTMX).status_code == 404
    assert encrypted_counts() == {version.encryption_key_id: {"sealed": 3}}

    first = admin.post(address, given, headers=HTMX)
    second = admin.post(address, {**given, "opened": "0", "altered": "1"}, headers=HTMX)
    third = admin.post(address, {**given, "opened": "1", "altered": "1"}, headers=HTMX)

    assert "Opened 0, 2 left. Altered after encryption: 1." in first.content.decode()
    assert "goes-on" in first.headers["HX-Trigger-After-Settle"]
    assert "Opened 1, 1 left." in second.content.decode()
    assert '<progress value="2" max="3">' in second.content.decode()
    done = third.content.decode()
    assert '<div id="notice" hx-swap-oob' in done, "an earlier refusal goes away"
    assert "Opened 2, 0 left." in done
    assert third.headers["HX-Retarget"] == "#keys"
    assert "HX-Trigger-After-Settle" not in third.headers
    assert "nothing waits" in done
    assert "/submissions?flag=tampered" in done
    assert all(PASSPHRASE not in page.content.decode() for page in (first, second, third))
    assert encrypted_counts()[version.encryption_key_id] == {"opened": 2, "tampered": 1}


def test_a_file_gone_from_the_disk_keeps_none_of_the_other_records_closed(phone, admin) -> None:
    from server.core import blobs

    version = make_encrypted_form()
    broken, _sound = (send_encrypted(phone, version, number) for number in (1, 2))
    file = broken.current_version.attachments.get(name="submission.xml.enc")
    blobs.path_of(file.sha256).unlink()
    address = f"{PAGE}/{version.encryption_key.fingerprint}/open"

    text = admin.post(address, {"passphrase": PASSPHRASE}, follow=True).content.decode()
    assert "Opened 1, 1 left." in text
    text = admin.post(address, {"passphrase": PASSPHRASE}, follow=True).content.decode()
    assert "their files no longer exist on this server" in text


def test_a_record_says_what_it_waits_for_until_the_private_key_is_given(phone, admin) -> None:
    private = encryption.make_private_key()
    key = make_own_key(encryption.public_bytes(private))
    version = make_encrypted_form(key)
    waiting = send_encrypted(phone, version, 1, without=["door.jpg.enc"])
    sealed = send_encrypted(phone, version, 2)

    incomplete = submission_page(admin, waiting)
    assert 'data-encrypted="incomplete"' in incomplete
    assert '<li class="code">door.jpg.enc</li>' in incomplete
    assert "submission.xml.enc</li>" not in incomplete
    assert f"the private half of key {key}" in submission_page(admin, sealed)
    assert "only the public key" in admin.get(PAGE).content.decode()

    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"of the file"),
    )
    address = f"{PAGE}/private-key"
    for content, password in ((pem, ""), (b"-----BEGIN", "of the file"), (b"x" * 70_000, "")):
        body = {"file": SimpleUploadedFile("k.pem", content), "password": password}
        assert admin.post(address, body).status_code == 400
    body = {"file": SimpleUploadedFile("k.pem", pem), "password": "of the file"}
    text = admin.post(address, body, follow=True).content.decode()
    assert "1 record is being opened" in text
    drain.drain_now()

    assert 'data-encrypted="' not in submission_page(admin, sealed)
    signed = send_encrypted(phone, version, 3, signed="another")
    assert 'data-encrypted="tampered"' in submission_page(admin, signed)
    assert EncryptedVersion.objects.filter(state="opened").count() == 1


def test_whoever_makes_gives_or_uses_a_key_is_in_the_log(
    phone, admin, log_in, monkeypatch, tmp_path
) -> None:
    """At the console, over REST and in the terminal alike; for those who publish, wherever they do."""
    private = encryption.make_private_key()
    brought = make_own_key(encryption.public_bytes(private))
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "key.pem"
    file.write_bytes(pem)

    def lines(client: Client) -> list[str]:
        page = client.get("/disclosures").content.decode().partition("</main>")[0]
        rows = page.partition("<tbody>")[2].partition("</tbody>")[0].split("</tr>")[:-1]
        return [
            " ".join(html.unescape(re.sub(r"<[^>]*>", " ", row.replace("</td>", " | "))).split())
            for row in rows
        ]

    def typed(*words: str, text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        call_command("keys", *words, stdout=io.StringIO())

    body = {"form": FORM_ID, "passphrase": PASSPHRASE}
    admin.post("/api/v1/encryption-keys/", body, "application/json")
    key = EncryptionKey.objects.get(form_id=FORM_ID)
    version = make_encrypted_form(key)
    for number in (1, 2, 3):
        send_encrypted(phone, version, number)
    monkeypatch.setattr(opening, "SECONDS_AT_ONCE", 0.0)
    admin.post(f"{PAGE}/{key.fingerprint}/open", {"passphrase": "another horse"})
    assert len(lines(admin)) == 1, "a wrong passphrase opens nothing"
    for _ in range(2):
        admin.post(f"{PAGE}/{key.fingerprint}/open", {"passphrase": PASSPHRASE})
    opened = {"passphrase": PASSPHRASE}
    admin.post(f"/api/v1/encryption-keys/{key}/open/", opened, "application/json")
    admin.post(f"{PAGE}/private-key", {"file": SimpleUploadedFile("k.pem", pem)})
    typed("upload", str(file), "--passphrase", text=f"{PASSPHRASE}\n")
    typed("open", str(key), text=f"{PASSPHRASE}\n")
    typed("new", "another_form", text="")

    entries = [line.partition(" | ")[2] for line in lines(admin)]
    made_later = EncryptionKey.objects.get(form_id="another_form")
    terminal = f"the server's terminal {origin.current().name}"
    assert entries == [
        f"{terminal} | key made: form: another_form; private key: by the server itself | key {made_later} | — | |",
        f"{terminal} | key used: | key {key} | — | |",
        f"{terminal} | key used: | key {brought} | — | |",
        f"{terminal} | private key given: private key: with the passphrase | key {brought} | — | |",
        f"administrator-0 | private key given: private key: by the server itself | key {brought} | — | |",
        *(
            f"administrator-0 | {act} | key {key} | — | |"
            for left in (1, 2, 3)
            for act in ("records opened: opened: 1", f"key used: waiting: {left}")
        ),
        f"administrator-0 | key made: form: {FORM_ID}; private key: with the passphrase | key {key} | — | |",
    ]
    assert len(lines(log_in("administrator", STREET))) == len(entries)
    assert lines(log_in("street")) == []
    assert PASSPHRASE not in str([vars(row) for row in disclosed()])
