"""Decryption of what a phone encrypted, and detection of what was altered since."""

from __future__ import annotations

import base64
import hashlib

import pytest

from server.core.xml import parse
from server.forms import encryption
from server.submissions.decryption import Opener, Tampered, read_manifest
from server.submissions.instance import Instance
from tests.samples.encrypted import COLLECT, SPECIFICATION, encrypt

KEY = encryption.make_private_key()
PUBLIC = encryption.public_bytes(KEY)
ID = "uuid:1"
ANSWERS = (
    b'<data id="f" version="1" xmlns:orx="http://openrosa.org/xforms"><a>1</a>'
    b"<orx:meta><orx:instanceID>uuid:1</orx:instanceID></orx:meta></data>"
)
HOW = {"form_id": "f", "version": "1", "instance_id": ID, "public_key": PUBLIC}


def opened(manifest: bytes, files: dict[str, bytes], key=KEY) -> list[bytes]:
    parsed = read_manifest(parse(manifest))
    opener = Opener(parsed, key)
    plain = [
        b"".join(
            opener.plain(number, (files[name][at : at + 7] for at in range(0, len(files[name]), 7)))
        )
        for number, name in enumerate(parsed.files)
    ]
    opener.verify([hashlib.md5(file).hexdigest() for file in plain])
    opener.check_answers(plain[-1])
    return plain


def is_noticed(manifest: bytes, files: dict[str, bytes]) -> bool:
    try:
        opened(manifest, files)
    except Tampered:
        return True
    return False


@pytest.mark.parametrize("namespace", [COLLECT, SPECIFICATION])
@pytest.mark.parametrize("count", [0, 1, 20])
def test_what_a_phone_encrypts_is_opened_again(namespace: str, count: int) -> None:
    """20 files: the counter of the initialisation vector wraps once."""
    media = {f"{number}.jpg": bytes([number]) * (16 * number) for number in range(count)}

    manifest, files = encrypt(ANSWERS, media, namespace=namespace, **HOW)

    assert Instance(manifest).is_encrypted
    assert not Instance(ANSWERS).is_encrypted
    assert not Instance(ANSWERS.replace(b"<a>1", b"<a>encrypted")).is_encrypted
    assert opened(manifest, files) == [*media.values(), ANSWERS]


def test_a_form_without_version_signs_without_it() -> None:
    answers = ANSWERS.replace(b' version="1"', b"")

    assert opened(*encrypt(answers, {}, **{**HOW, "version": None})) == [answers]


def test_whatever_is_altered_is_noticed() -> None:
    manifest, files = encrypt(ANSWERS, {"a.jpg": b"photo", "b.jpg": b"other"}, **HOW)
    signature = manifest[manifest.index(b"<base64EncryptedElementSignature>") : -len(b"</data>")]
    altered = {
        "a bit of a file": (
            manifest,
            {**files, "a.jpg.enc": bytes([files["a.jpg.enc"][0] ^ 1]) + files["a.jpg.enc"][1:]},
        ),
        "a file cut off": (manifest, {**files, "a.jpg.enc": files["a.jpg.enc"][:-1]}),
        "an empty file": (manifest, {**files, "a.jpg.enc": b""}),
        "the order": (manifest.replace(b"a.jpg", b"x").replace(b"b.jpg", b"a.jpg"), files | {
            "x.enc": files["b.jpg.enc"]}),
        "no signature": (manifest.replace(signature, b""), files),
        "another instanceID": (manifest.replace(b"uuid:1", b"uuid:2"), files),
        "another form": (manifest.replace(b'id="f"', b'id="g"'), files),
        "another version": (manifest.replace(b'version="1"', b'version="2"'), files),
        "no key": (manifest.replace(b"base64EncryptedKey", b"other"), files),
        "signature of another": encrypt(ANSWERS, {}, signed="g", **HOW),
        "answers of another record": encrypt(ANSWERS.replace(b"uuid:1", b"uuid:2"), {}, **HOW),
        "answers that are no XML": encrypt(b"nonsense", {}, **HOW),
        "a manifest in a manifest": encrypt(manifest, {}, **HOW),
    }  # fmt: skip
    for what, (document, its_files) in altered.items():
        assert is_noticed(document, its_files), what
    with pytest.raises(Tampered):
        opened(manifest, files, key=encryption.make_private_key())


def test_a_private_key_is_kept_under_its_passphrase() -> None:
    kept = encryption.protect(KEY, "correct horse")

    assert encryption.public_bytes(encryption.unprotect(kept, "correct horse")) == PUBLIC
    with pytest.raises(encryption.BadKey):
        encryption.unprotect(kept, "wrong horse")
    open_ = encryption.protect(KEY, None)
    assert encryption.public_bytes(encryption.unprotect(open_, None)) == PUBLIC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "-----BEGIN PUBLIC KEY-----",
        base64.encodebytes(PUBLIC).decode(),  # on several lines
        base64.b64encode(PUBLIC[:-1]).decode(),
    ],
)
def test_only_keys_that_phones_read_are_taken(text: str) -> None:
    with pytest.raises(encryption.BadKey):
        encryption.read_public_key(text)
    assert encryption.read_public_key(encryption.as_text(PUBLIC)) == PUBLIC


def test_a_key_changes_only_its_element_and_the_version() -> None:
    plain = b'<h:html><model odk:v="1"><instance><data id="f" version="1"><a/></data></instance></model>'
    submission = f'<submission base64RsaPublicKey="{encryption.as_text(PUBLIC)}"'.encode()

    carrying = encryption.inject(plain, root="data", public_key=PUBLIC, version="1-k2")

    assert carrying == plain.replace(b'v="1"><', b'v="1">' + submission + b"/><").replace(
        b'version="1"', b'version="1-k2"'
    )
    own = plain.replace(b"<instance>", b'<submission orx:auto-send="true"/><instance>')
    assert submission + b' orx:auto-send="true"/>' in encryption.inject(
        own, root="data", public_key=PUBLIC, version="1-k2"
    )
