"""Makes and reads keys of encrypted forms, and writes them into XForms (ODK XForms specification, “Encryption”). Pure.

A form carries an RSA public key, with which phones encrypt its records; only the private
key opens them (submissions/decryption.py).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from typing import Final
from xml.sax.saxutils import escape

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
)

BITS: Final = 2048
_SALT: Final = 16
_NONCE: Final = 12
_MODEL: Final = re.compile(rb"<model\b[^>]*>")
_SUBMISSION: Final = re.compile(rb"<submission\b")


class BadKey(ValueError):
    """The bytes are not an RSA key that can be used, or the password or passphrase is wrong."""


def make_private_key() -> rsa.RSAPrivateKey:
    """A new RSA key of BITS bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=BITS)


def public_bytes(key: rsa.RSAPrivateKey) -> bytes:
    """The public half as SubjectPublicKeyInfo (DER)."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def as_text(public_key: bytes) -> str:
    """The public key as a form carries it: base64 on one line."""
    return base64.b64encode(public_key).decode()


def read_public_key(text: str) -> bytes:
    """The SubjectPublicKeyInfo in a form's base64RsaPublicKey. Raises BadKey.

    Collect decodes it strictly: no PEM lines and no line breaks. Keys of fewer than 2048 bits
    are refused here; OAEP with SHA-256 needs enough of them to hold an AES key.
    """
    try:
        public_key = base64.b64decode(text, validate=True)
        key = load_der_public_key(public_key)
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise BadKey from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < BITS:
        raise BadKey
    return public_key


def fingerprint(public_key: bytes) -> str:
    """The name of a key: its SHA-256 in hexadecimal."""
    return hashlib.sha256(public_key).hexdigest()


def version_with(version: str, public_key: bytes) -> str:
    """The version of a form that carries this key, so that its bytes, hash and version change together."""
    return f"{version}-k{fingerprint(public_key)[:8]}"


def inject(document: bytes, *, root: str, public_key: bytes, version: str) -> bytes:
    """The XForm with the key and the new version; every other byte stays as it is.

    Expects an XForm as pyxform writes it: the first element called `root` is the primary
    instance and has a version. Raises ValueError when it has no version or no model.
    """
    data = re.compile(rb"(<%s\b[^>]*?\sversion=\")[^\"]*" % re.escape(root.encode()))
    named = escape(version, {'"': "&quot;"}).encode()
    versioned, n_versions = data.subn(lambda match: match[1] + named, document, count=1)
    attribute = f' base64RsaPublicKey="{as_text(public_key)}"'.encode()
    if _SUBMISSION.search(versioned):
        carrying, n_keys = _SUBMISSION.subn(rb"\g<0>" + attribute, versioned, count=1)
    else:
        element = b"<submission" + attribute + b"/>"
        carrying, n_keys = _MODEL.subn(rb"\g<0>" + element, versioned, count=1)
    if not (n_versions and n_keys):
        raise ValueError("the form has no version or no model")
    return carrying


def protect(key: rsa.RSAPrivateKey, passphrase: str | None) -> bytes:
    """The private key as bytes to keep: unencrypted DER, or encrypted with a key derived from the passphrase.

    The caller seals the bytes as well (forms/keys.py).
    """
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    if passphrase is None:
        return plain
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    return salt + nonce + AESGCM(_derived(passphrase, salt)).encrypt(nonce, plain, None)


def unprotect(kept: bytes, passphrase: str | None) -> rsa.RSAPrivateKey:
    """The private key from the bytes that `protect` made. Raises BadKey when the passphrase is wrong."""
    if passphrase is not None:
        salt, nonce, sealed = (
            kept[:_SALT],
            kept[_SALT : _SALT + _NONCE],
            kept[_SALT + _NONCE :],
        )
        try:
            kept = AESGCM(_derived(passphrase, salt)).decrypt(nonce, sealed, None)
        except InvalidTag as error:
            raise BadKey from error
    key = load_der_private_key(kept, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise BadKey
    return key


def read_private_key(pem: bytes, password: str | None) -> rsa.RSAPrivateKey:
    """A private key from a PEM file, as `openssl` writes it. Raises BadKey."""
    try:
        key = load_pem_private_key(pem, password=password.encode() if password else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise BadKey
    return key


def _derived(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())
