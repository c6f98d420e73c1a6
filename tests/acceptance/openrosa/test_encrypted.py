"""Encrypted records as Collect makes them (items 178–180)."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from server.forms import encryption
from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import (
    FORM,
    JPEG,
    SEALED,
    SENT,
    VERSION,
    Line,
    is_refused,
    new_id,
    part,
    photo,
    record,
)
from tests.acceptance.openrosa.sync import X, listed
from tests.samples.encrypted import COLLECT, SPECIFICATION, encrypt

INCOMPLETE = b'Content-Disposition: form-data; name="*isIncomplete*"\r\n\r\nyes'


@pytest.fixture(scope="module")
def form(line: Line) -> tuple[str, bytes]:
    """Version and public key of the encrypted form, as a phone reads them."""
    (entry,) = listed(line, f"?formID={SEALED}")
    (submission,) = ElementTree.fromstring(line.get(entry["downloadUrl"]).content).iter(
        f"{X}submission"
    )
    return entry["version"], encryption.read_public_key(submission.get("base64RsaPublicKey", ""))


def sealed(
    form: tuple[str, bytes], name: str, namespace: str = COLLECT, **other: str
) -> tuple[bytes, dict[str, bytes]]:
    """The manifest and the files of a record with a photo."""
    version, key = form
    named = {"form_id": SEALED, "version": version, **other}
    document = record(name, form=SEALED, version=version, photo="p.jpg")
    return encrypt(
        document,
        {"p.jpg": JPEG},
        instance_id=name,
        public_key=key,
        namespace=namespace,
        **named,  # type: ignore[arg-type]
    )


def files_of(line: Line, name: str) -> set[str]:
    attachments = line.ask(f"submissions/{name}/attachments/", form=SEALED).json()
    return {attachment["name"] for attachment in attachments}


def wait_until_opened(line: Line, name: str) -> dict[str, object]:
    """The record over REST, once the worker process has opened it."""

    def opened() -> dict[str, object]:
        submission: dict[str, object] = line.ask(f"submissions/{name}/", form=SEALED).json()
        return submission if "张三" in str(submission["answers"]) else {}

    return line.office.wait_for(opened, "the record to be opened")  # type: ignore[return-value]


@item(178, "N01")
def test_an_encrypted_record_is_stored_with_all_its_files(
    line: Line, form: tuple[str, bytes]
) -> None:
    for namespace in (COLLECT, SPECIFICATION):
        name = new_id()
        manifest, files = sealed(form, name, namespace)
        parts = [photo(*file, "Content-Type: application/octet-stream") for file in files.items()]
        assert line.post(part(manifest, filename="submission.xml"), *parts).status_code in SENT
        assert line.document(name, SEALED) == manifest
        wait_until_opened(line, name)
        assert files_of(line, name) >= {"submission.xml.enc", "p.jpg"}
        opened = line.ask(f"submissions/{name}/attachments/p.jpg/", form=SEALED).content
        assert opened == JPEG


@item(179, "N02")
def test_its_files_may_follow_in_other_posts(line: Line, form: tuple[str, bytes]) -> None:
    name = new_id()
    manifest, files = sealed(form, name)
    document = part(manifest, filename="submission.xml")
    for file in files.items():
        assert line.post(document, photo(*file), INCOMPLETE).status_code in SENT
    assert line.post(document).status_code in SENT
    assert line.count(name, SEALED) == 1
    assert wait_until_opened(line, name)["flags"] == ["no_location"]


@item(180, "N03")
def test_encryption_where_it_is_not_expected_does_no_harm(
    line: Line, form: tuple[str, bytes]
) -> None:
    for namespace in (COLLECT, SPECIFICATION):  # an encrypted one to a plain form
        name = new_id()
        manifest, files = sealed(form, name, namespace, form_id=FORM, version=VERSION)
        sent = line.post(part(manifest), *(photo(*file) for file in files.items()))
        assert sent.status_code in SENT
        assert line.document(name) == manifest
    name = new_id()  # a plain one to the encrypted form
    plain = record(name, form=SEALED, version=form[0])
    sent = line.send(plain)
    assert sent.status_code in SENT or is_refused(sent)
    assert sent.status_code not in SENT or line.document(name, SEALED) == plain
