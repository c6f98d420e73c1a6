"""Writes of encryption keys: make a key, store an uploaded private key, open a private key (decision 0120).

Each new key and each stored private key is recorded with its user, None for a command. A private key leaves this module only as an object in memory. At rest it is sealed
with the server's own key and, unless the server is to open records by itself, encrypted
with a passphrase as well.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.db import connection, transaction

from server.accounts.models import User
from server.audit.models import KEY, Act
from server.audit.services import record
from server.core import clock
from server.core.sealing import seal, unseal
from server.forms import authority, encryption
from server.forms.models import EncryptionKey, Form
from server.forms.problems import (
    FormHasOwnKey,
    NotAPrivateKey,
    PassphraseTooShort,
    PrivateKeyNotHere,
    UnknownEncryptionKey,
    WrongPassphrase,
)

PASSPHRASE_LENGTH: Final = 10
PEM_BYTES: Final = 1 << 16
_PURPOSE: Final = "encryption key"
_NAME: Final = re.compile(r"[0-9a-f]{6,64}")


@transaction.atomic
def make(
    *,
    form_id: str,
    passphrase: str | None,
    at: datetime,
    user: User | None,
    private: RSAPrivateKey | None = None,
) -> EncryptionKey:
    """Make a key for the form's next versions, and retire the key before, which still opens its records.

    Takes an advisory lock on the form's keys and locks the form's row; the form need not be
    published yet. Without a passphrase the server opens records by itself. Raises
    PassphraseTooShort, FormHasOwnKey.
    """
    _check(passphrase)
    with connection.cursor() as cursor:  # a form that is not published has no row to lock
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"key {form_id}"])
    form = (
        Form.objects.select_for_update(of=("self",))
        .select_related("current_version__encryption_key")
        .filter(form_id=form_id)
        .first()
    )
    current_key = form and form.current_version and form.current_version.encryption_key
    if current_key and not current_key.form_id:
        raise FormHasOwnKey(form_id=form_id)
    EncryptionKey.objects.filter(form_id=form_id, retired_at=None).update(retired_at=at)
    private = private or encryption.make_private_key()
    public = encryption.public_bytes(private)
    key = EncryptionKey.objects.create(
        form_id=form_id,
        public_key=public,
        fingerprint=encryption.fingerprint(public),
        private_key=seal(encryption.protect(private, passphrase), _PURPOSE),
        opening=_opening(passphrase),
        created_at=at,
    )
    _log(key, user, Act.KEY_MADE)
    return key


def carried(text: str) -> EncryptionKey | None:
    """The row of the public key in an XForm, created if the workbook brought the key; None without a key."""
    if not text:
        return None
    public = encryption.read_public_key(text)
    key, _is_new = EncryptionKey.objects.get_or_create(
        fingerprint=encryption.fingerprint(public),
        defaults={
            "form_id": "",
            "public_key": public,
            "opening": EncryptionKey.Opening.NONE,
            "created_at": clock.now(),
        },
    )
    return key


@transaction.atomic
def store_private_key(
    *, pem: bytes, password: str | None, passphrase: str | None, user: User | None
) -> EncryptionKey:
    """Store the private half of a key that forms carry. Without a passphrase the server opens records by itself.

    Raises PassphraseTooShort, NotAPrivateKey, UnknownEncryptionKey, NotAllowed,
    FormConcernsOtherAreas.
    """
    _check(passphrase)
    if len(pem) > PEM_BYTES:
        raise NotAPrivateKey
    try:
        private = encryption.read_private_key(pem, password)
    except encryption.BadKey:
        raise NotAPrivateKey from None
    name = encryption.fingerprint(encryption.public_bytes(private))
    key = EncryptionKey.objects.select_for_update().filter(fingerprint=name).first()
    if key is None:
        raise UnknownEncryptionKey(key=name[:8])
    authority.require_key(user, key)
    key.private_key = seal(encryption.protect(private, passphrase), _PURPOSE)
    key.opening = _opening(passphrase)
    key.save(update_fields=["private_key", "opening"])
    _log(key, user, Act.KEY_GIVEN)
    return key


def key_named(fingerprint: str) -> EncryptionKey:
    """The key whose fingerprint begins with these digits. Raises UnknownEncryptionKey, also when several do."""
    name = fingerprint.lower()
    matches = EncryptionKey.objects.filter(fingerprint__startswith=name)[:2]
    if not _NAME.fullmatch(name) or len(matches) != 1:
        raise UnknownEncryptionKey(key=fingerprint[:64])
    return matches[0]


def private_key(key: EncryptionKey, passphrase: str | None = None) -> RSAPrivateKey:
    """The private half of the key, in memory. Raises PrivateKeyNotHere, WrongPassphrase."""
    if key.private_key is None:
        raise PrivateKeyNotHere(key=str(key))
    needed = key.opening == EncryptionKey.Opening.PASSPHRASE
    if needed and not passphrase:
        raise WrongPassphrase(key=str(key))
    kept = unseal(bytes(key.private_key), _PURPOSE)
    try:
        return encryption.unprotect(kept, passphrase if needed else None)
    except encryption.BadKey:
        raise WrongPassphrase(key=str(key)) from None


def _log(key: EncryptionKey, user: User | None, act: Act) -> None:
    facts = {"form_id": key.form_id, "opening": str(key.opening)}
    record(
        act,
        actor=user,
        object_type=KEY,
        object_id=key.fingerprint,
        area=authority.area_of_key(key),
        facts=facts,
    )


def _check(passphrase: str | None) -> None:
    """Refuse a short passphrase, which is soon guessed. None is allowed: then the server opens records by itself."""
    if passphrase is not None and len(passphrase) < PASSPHRASE_LENGTH:
        raise PassphraseTooShort(least=PASSPHRASE_LENGTH)


def _opening(passphrase: str | None) -> EncryptionKey.Opening:
    opening = EncryptionKey.Opening
    return opening.AUTOMATIC if passphrase is None else opening.PASSPHRASE
