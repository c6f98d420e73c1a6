"""Records as phones encrypt them, sent through the phones' door."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from server.core.clock import now
from tests.factories.submissions import Phone, instance, instance_id, make_form
from tests.samples.encrypted import encrypt

FORM_ID = "sealed_survey"
PASSPHRASE = "correct horse"
PHOTO = b"\xff\xd8 a photo \x00" * 100


def make_encrypted_form(key: Any = None, *, passphrase: str | None = PASSPHRASE) -> Any:
    """A form version with the key; by default a key of this server with a passphrase."""
    from server.forms import keys

    version = make_form(FORM_ID)
    version.encryption_key = key or keys.make(
        form_id=FORM_ID, passphrase=passphrase, at=now(), user=None
    )
    version.save()
    return version


def make_own_key(public_key: bytes) -> Any:
    """A key whose private key this server does not have, as a workbook may bring it."""
    from server.forms import encryption, keys

    return keys.carried(encryption.as_text(public_key))


def send_encrypted(
    phone: Phone, version: Any, number: int, *, without: Iterable[str] = (), signed: str = ""
) -> Any:
    """A record with a photo as Collect encrypts it, worked through as far as it goes; its submission."""
    from server.submissions import drain
    from server.submissions.models import Submission

    manifest, files = encrypt(
        instance(number, form_id=FORM_ID),
        {"door.jpg": PHOTO},
        form_id=FORM_ID,
        version=version.version,
        instance_id=instance_id(number),
        public_key=bytes(version.encryption_key.public_key),
        signed=signed or None,
    )
    parts = {"xml_submission_file": SimpleUploadedFile("submission.xml", manifest, "text/xml")}
    for name, content in files.items():
        if name not in without:
            parts[name] = SimpleUploadedFile(name, content, "application/octet-stream")
    assert Client().post(f"{phone.base}/submission", parts).status_code == 201
    drain.drain_now()
    return Submission.objects.get(instance_id=instance_id(number))
