"""Encryption keys over REST: made, uploaded and used; no answer holds a passphrase."""

from __future__ import annotations

from cryptography.hazmat.primitives import serialization

from server.forms import encryption
from server.forms.models import EncryptionKey
from server.submissions import drain
from tests.doors.api.conftest import assert_problem
from tests.factories.encrypted import (
    FORM_ID,
    PASSPHRASE,
    make_encrypted_form,
    make_own_key,
    send_encrypted,
)
from tests.factories.submissions import instance_id, make_phone

JSON = "application/json"
KEYS = "/api/v1/encryption-keys/"


def test_from_a_key_with_a_passphrase_to_the_answers(divisions, asking) -> None:
    admin = asking("administrator", area="")
    short = {"form": FORM_ID, "passphrase": "short"}
    assert_problem(admin.post(KEYS, short, JSON), "passphrase-too-short", 400)
    empty = {"form": FORM_ID, "passphrase": ""}
    assert_problem(admin.post(KEYS, empty, JSON), "invalid-request", 400)
    answer = admin.post(KEYS, {"form": FORM_ID, "passphrase": PASSPHRASE}, JSON)
    assert answer.status_code == 201
    key_shown = answer.json()
    assert (key_shown["form"], key_shown["opening"], key_shown["form_versions"]) == (
        FORM_ID,
        "passphrase",
        [],
    )
    assert PASSPHRASE not in answer.content.decode()

    version = make_encrypted_form(EncryptionKey.objects.get())
    phone = make_phone()
    send_encrypted(phone, version, 1)
    send_encrypted(phone, version, 2, without=["door.jpg.enc"])
    listed = admin.get(KEYS + "?is_retired=false").json()["results"]
    assert listed[0]["records"] == {"incomplete": 1, "sealed": 1, "opened": 0, "tampered": 0}
    assert listed[0]["form_versions"] == [
        {"form": FORM_ID, "version": version.version, "is_current": True}
    ]
    form = admin.get(f"/api/v1/forms/{FORM_ID}/").json()
    assert form["encryption_key"] == key_shown["fingerprint"]
    first, second = (f"/api/v1/submissions/{instance_id(number)}/" for number in (1, 2))
    sealed = {"state": "sealed", "key": key_shown["fingerprint"], "key_opening": "passphrase"}
    assert admin.get(first).json()["encryption"] == {**sealed, "missing": [], "opened_at": None}
    encryption = admin.get(second).json()["encryption"]
    assert (encryption["state"], encryption["missing"]) == ("incomplete", ["door.jpg.enc"])

    path = f"{KEYS}{key_shown['fingerprint'][:8]}/"
    assert_problem(admin.post(f"{path}open/", {}, JSON), "wrong-passphrase", 400)
    assert_problem(admin.post(f"{KEYS}%00abcde/open/", {}, JSON), "unknown-encryption-key", 404)
    opened = admin.post(f"{path}open/", {"passphrase": PASSPHRASE}, JSON).json()
    assert opened == {"opened": 1, "altered": 0, "left": 0, "goes_on": False}
    drain.drain_now()
    assert admin.get(first).json()["encryption"]["state"] == "opened"
    assert admin.get(first).json()["answers"]
    assert admin.get(path).json()["records"]["opened"] == 1


def test_the_private_half_of_a_workbooks_own_key_is_taken_in(divisions, asking) -> None:
    private = encryption.make_private_key()
    key = make_own_key(encryption.public_bytes(private))
    send_encrypted(make_phone(), make_encrypted_form(key), 1)
    admin = asking("administrator", area="")
    assert_problem(admin.post(f"{KEYS}{key}/open/", {}, JSON), "private-key-not-here", 409)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
    upload = f"{KEYS}upload/"
    assert_problem(admin.post(upload, {"pem": pem[:-90]}, JSON), "not-a-private-key", 400)

    key_shown = admin.post(upload, {"pem": pem}, JSON).json()
    assert (key_shown["fingerprint"], key_shown["opening"]) == (key.fingerprint, "automatic")
    drain.drain_now()
    assert admin.get(f"{KEYS}{key}/").json()["records"]["opened"] == 1
