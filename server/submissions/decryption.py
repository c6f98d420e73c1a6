"""Decryption of encrypted forms (ODK XForms specification, “Encryption”; Collect's EncryptionUtils). Pure.

The instance is a manifest; the answers travel as one of its files. A random AES key,
itself encrypted with the form's RSA key, encrypts each file: AES-256, CFB over full
blocks, PKCS#7 padding. The initialisation vector is MD5(instanceID + AES key); before
file number i its byte i mod 16 is counted up, so the order in the manifest matters: media
first, the answers last.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.padding import PKCS7
from lxml import etree

from server.core.problems import Problem
from server.core.xml import local_name
from server.submissions import envelope as envelopes

SUFFIX: Final = ".enc"
_OAEP: Final = OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=None)


class Tampered(Exception):
    """The record is not what its phone encrypted, or not for this key."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The parts of an encryption manifest; texts exactly as they stand there, because the signature is over them."""

    form_id: str
    version: str | None
    instance_id: str
    encrypted_key: str  # base64 of RSA-OAEP(AES key)
    files: tuple[str, ...]  # NAME.enc in the order of encryption, the answers last
    signature: str  # base64 of RSA-OAEP(MD5)


def read_manifest(root: etree._Element) -> Manifest:
    """The manifest of a parsed document, whatever its namespace. Raises Tampered when a part is missing."""
    envelope = envelopes.read(root)
    texts = {local_name(child): (child.text or "").strip() for child in root}
    answers = texts.get("encryptedXmlFile", "")
    if not (answers and texts.get("base64EncryptedKey")):
        raise Tampered
    return Manifest(
        form_id=envelope.form_id,
        version=envelope.version if _has_version(root) else None,
        instance_id=envelope.instance_id,
        encrypted_key=texts["base64EncryptedKey"],
        files=(*_media(root), answers),
        signature=texts.get("base64EncryptedElementSignature", ""),
    )


def _has_version(root: etree._Element) -> bool:
    return any(str(name).rpartition("}")[2] == "version" for name in root.attrib)


def _media(root: etree._Element) -> Iterator[str]:
    for block in root:
        if local_name(block) == "media":
            for element in block:
                name = (element.text or "").strip()
                if local_name(element) == "file" and name:
                    yield name


def plain_name(name: str) -> str:
    """The file's name on the phone."""
    return name.removesuffix(SUFFIX)


class Opener:
    """One manifest and the private key for it."""

    def __init__(self, manifest: Manifest, private_key: RSAPrivateKey) -> None:
        """Raises Tampered when the key does not fit."""
        self._manifest, self._private_key = manifest, private_key
        self._key = self._unwrapped(manifest.encrypted_key)
        if len(self._key) not in (16, 24, 32):
            raise Tampered

    def plain(self, number: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The plaintext of file `number` of the manifest, streamed. Raises Tampered at a bad end."""
        decryptor = Cipher(AES(self._key), CFB(self._vector(number))).decryptor()
        padding = PKCS7(AES.block_size).unpadder()
        for chunk in chunks:
            yield padding.update(decryptor.update(chunk))
        try:
            yield padding.update(decryptor.finalize()) + padding.finalize()
        except ValueError:
            raise Tampered from None

    def verify(self, digests: Sequence[str]) -> None:
        """Check the signature against the hex MD5 of each plain file, in order. Raises Tampered.

        The specification lets a client leave the signature out; here that is refused, because
        a forger could leave it out too.
        """
        manifest = self._manifest
        lines = [manifest.form_id]
        lines += [] if manifest.version is None else [manifest.version]
        lines += [manifest.encrypted_key, manifest.instance_id]
        lines += [
            f"{plain_name(name)}::{digest}"
            for name, digest in zip(manifest.files, digests, strict=True)
        ]
        source = "".join(f"{line}\n" for line in lines).encode()
        expected = hashlib.md5(source, usedforsecurity=False).digest()
        if not hmac.compare_digest(self._unwrapped(manifest.signature), expected):
            raise Tampered

    def check_answers(self, document: bytes) -> None:
        """Check that the decrypted answers name the same form and instanceID as the manifest. Raises Tampered."""
        try:
            inner = envelopes.parse(document)
        except Problem:
            raise Tampered from None
        outer = self._manifest
        if inner.encrypted or (inner.form_id, inner.version, inner.instance_id) != (
            outer.form_id,
            outer.version or "",
            outer.instance_id,
        ):
            raise Tampered

    def _vector(self, number: int) -> bytes:
        instance_id = self._manifest.instance_id.encode()
        seed = bytearray(hashlib.md5(instance_id + self._key, usedforsecurity=False).digest())
        for index in range(number + 1):
            seed[index % 16] = (seed[index % 16] + 1) % 256
        return bytes(seed)

    def _unwrapped(self, text: str) -> bytes:
        try:
            return self._private_key.decrypt(base64.b64decode(text), _OAEP)
        except (binascii.Error, ValueError):
            raise Tampered from None
