"""Encrypts a record as Collect does when it is finalised (its class EncryptionUtils; openrosa.md, Encrypted forms)."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_der_public_key

COLLECT = "http://www.opendatakit.org/xforms/encrypted"
SPECIFICATION = "http://opendatakit.org/submissions"


def encrypt(
    answers: bytes,
    media: Mapping[str, bytes],
    *,
    form_id: str,
    version: str | None,
    instance_id: str,
    public_key: bytes,
    namespace: str = COLLECT,
    signed: str | None = None,
) -> tuple[bytes, dict[str, bytes]]:
    """The manifest and the .enc files; `signed` replaces the form id in the signature."""
    rsa = load_der_public_key(public_key)
    oaep = OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=None)
    key = os.urandom(32)
    seed = bytearray(hashlib.md5(instance_id.encode() + key).digest())
    encrypted_key = base64.b64encode(rsa.encrypt(key, oaep)).decode()
    lines = [signed or form_id, *([] if version is None else [version]), encrypted_key, instance_id]
    files = {}
    for number, (name, plain) in enumerate([*media.items(), ("submission.xml", answers)]):
        seed[number % 16] = (seed[number % 16] + 1) & 0xFF
        padder, cipher = PKCS7(128).padder(), Cipher(AES(key), CFB(bytes(seed))).encryptor()
        padded = padder.update(plain) + padder.finalize()
        files[f"{name}.enc"] = cipher.update(padded) + cipher.finalize()
        lines.append(f"{name}::{hashlib.md5(plain).hexdigest()}")
    digest = hashlib.md5("".join(f"{line}\n" for line in lines).encode()).digest()
    signature = base64.b64encode(rsa.encrypt(digest, oaep)).decode()
    listed = "".join(f"<media><file>{name}.enc</file></media>\n" for name in media)
    named = "" if version is None else f' version="{version}"'
    manifest = (
        f'<data xmlns="{namespace}" id="{form_id}"{named} encrypted="yes">'
        f"<base64EncryptedKey>{encrypted_key}</base64EncryptedKey>"
        '<orx:meta xmlns:orx="http://openrosa.org/xforms">'
        f"<orx:instanceID>{instance_id}</orx:instanceID></orx:meta>\n{listed}"
        "<encryptedXmlFile>submission.xml.enc</encryptedXmlFile>"
        f"<base64EncryptedElementSignature>{signature}</base64EncryptedElementSignature></data>"
    )
    return manifest.encode(), files
